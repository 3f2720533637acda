"""Gives the ops a place in time: a host that dispatches, a device that executes, a program cache between them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from examples.generate.ops import Op

CALL_COUNT_STEP = 1024
"""Newer builds fold the device id into the low bits, so the calls of device 0 count in steps of 1024."""

JITTER = 0.02
DISPATCH_NS = 15_000
"""From the end of the host's enqueue to the earliest start of the kernels."""
MIN_GAP_NS = 620
FW_LEAD_NS = 310
FW_TAIL_NS = 230


@dataclass(frozen=True)
class HostSpan:
    """Start and end of a call on the host's clock, in nanoseconds."""

    start: int
    end: int


@dataclass(frozen=True)
class DeviceTimes:
    """When one program ran; cycles equal nanoseconds at Wormhole's 1.0 GHz."""

    call: int
    cache_hit: bool
    host: HostSpan
    kernel_start: int
    kernel_ns: int
    dm_delay: int
    launch_skew: int
    gap_ns: int
    dm_gap_ns: int

    @property
    def kernel_end(self) -> int:
        return self.kernel_start + self.kernel_ns

    @property
    def fw_start(self) -> int:
        return self.kernel_start - FW_LEAD_NS

    @property
    def fw_end(self) -> int:
        return self.kernel_end + FW_TAIL_NS


@dataclass
class Clock:
    """Advances host and device time; every random number comes from one seed, so a run repeats exactly."""

    seed: int
    host_ns: int = 4_210_337_905
    device_origin: int = 9_706_140_763_314
    call: int = 0
    last_kernel_end: int | None = None
    built: set[int] = field(default_factory=set)
    factor: Callable[[Op], float] = lambda op: 1.0
    """How much longer an op takes than the model says."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # random() itself is the same in every Python version

    def host_call(self, low_ns: int, high_ns: int) -> HostSpan:
        """Spend time on the host, as an op that never reaches the device does."""
        span = HostSpan(self.host_ns, self.host_ns + self._between(low_ns, high_ns))
        self.host_ns = span.end + self._between(4_000, 9_000)
        return span

    def next_call(self) -> int:
        """Count one more dispatched op, on the device or on the host."""
        self.call += CALL_COUNT_STEP
        return self.call

    def signpost(self) -> int:
        """Return the time of a mark, which takes the host a moment."""
        start = self.host_ns
        self.host_ns += self._between(20_000, 30_000)
        return start

    def dispatch(self, op: Op) -> DeviceTimes:
        """Enqueue an op and let the device run it as soon as it is free and the program is there."""
        program = op.program_hash()
        hit = program in self.built
        self.built.add(program)
        call = self.next_call()
        host = self.host_call(1_500, 2_700) if hit else self.host_call(80_000, 180_000)
        # On a miss the kernels are compiled after the enqueue's own zone: that is where a cold pass loses its time.
        compile_ns = 0 if hit else self._between(350_000_000, 950_000_000)
        self.host_ns += compile_ns + self._between(8_000, 14_000)  # Python between two ops

        ready = self.device_origin + host.end + compile_ns + DISPATCH_NS
        free = ready if self.last_kernel_end is None else self.last_kernel_end + MIN_GAP_NS + self._between(0, 90)
        start = max(ready, free)
        gap = 0 if self.last_kernel_end is None else start - self.last_kernel_end
        dm_delay = self._between(0, 40)
        kernel_ns = round(op.kernel_ns * self.factor(op) * (1 + JITTER * (2 * self.random.random() - 1)))
        self.last_kernel_end = start + kernel_ns
        return DeviceTimes(
            call=call,
            cache_hit=hit,
            host=host,
            kernel_start=start,
            kernel_ns=kernel_ns,
            dm_delay=dm_delay,
            launch_skew=self._between(120, 480),
            gap_ns=gap,
            dm_gap_ns=gap + dm_delay if gap else 0,
        )

    def wait_for_device(self) -> None:
        """Let the host catch up with the device, as a synchronisation does."""
        if self.last_kernel_end is not None:
            self.host_ns = max(self.host_ns, self.last_kernel_end - self.device_origin) + 40_000

    def _between(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low))
