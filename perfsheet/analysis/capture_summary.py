"""The head of every output: what was analysed, and its headline figures."""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.analysis.statistics import Spread
from perfsheet.analysis.windows.devices import DeviceTotal
from perfsheet.analysis.windows.layers import Layer
from perfsheet.analysis.windows.passes import Pass
from perfsheet.provenance import Provenance


@dataclass(frozen=True)
class Fps:
    """Samples a second on the busiest device, 1e9 × batch / its kernel time; None where that set of ops is empty."""

    all: float | None
    matmul_conv: float | None
    other: float | None
    device: int | None


@dataclass(frozen=True)
class LightSummary:
    """How far the window is from the speed of light.

    `clock_ghz`: the capture's own, None where it has none. `boards`: those whose peaks were taken. `known_share`: part
    of the kernel time whose speed of light is known; `sol`: that part's, weighted by kernel time.
    """

    clock_ghz: float | None
    boards: tuple[str, ...]
    known_share: float | None
    sol: float | None


@dataclass(frozen=True)
class PassSummary:
    """How often the window runs the model, as Passes has it, and the layers of a pass.

    `ops_per_pass` over all devices; `fps_per_pass` is the mean. `spread`: of the passes' kernel time,
    None without several passes of the same ops.
    """

    how: str
    count: int
    ops_per_pass: float
    fps_per_pass: float | None
    all: tuple[Pass, ...]
    spread: Spread | None
    layers: tuple[Layer, ...]
    note: str

    @property
    def mean_ns(self) -> float:
        """Mean kernel time of a pass."""
        return sum(one.kernel_ns for one in self.all) / self.count

    @property
    def repeats(self) -> bool:
        """Whether anything of the window repeats: passes, or layers inside one."""
        return self.count > 1 or bool(self.layers)


@dataclass(frozen=True)
class CaptureSummary:
    """What was analysed: the head of every output.

    `worker_grids` are the distinct worker grids of the ops, `worker_cores` the largest of them. `unchecked_rows` are
    timed ops whose worker grid or core count is unknown: nothing can be said of them using few cores. `kernel_ns` is
    NaN where no op is timed. `verdict` says in a few words each how far the capture can be relied on.
    """

    paths: tuple[str, ...]
    schema: str
    arch: str | None
    board: str | None
    worker_cores: int | None
    worker_grids: tuple[int, ...]
    worker_cores_sources: tuple[str, ...]
    ref_cores: float | str
    low_cores_pct: float
    batch: float
    window: str
    devices: tuple[int, ...]
    device_rows: int
    timed_rows: int
    unchecked_rows: int
    host_rows: int
    signpost_rows: int
    dropped_rows: int
    kernel_ns: float
    modelled_share: float | None
    fps: Fps
    light: LightSummary
    pm_generations: tuple[str, ...]
    passes: PassSummary
    device_totals: tuple[DeviceTotal, ...]
    critical_path_ns: float | None
    provenance: Provenance
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]
