"""One inference as a model card has it: its time on the device and end to end, per token, and beside the roofline."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.statistics import known, ratio
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass


class Phase(Enum):
    """What an inference of a language model does."""

    DECODE = "decode"
    PREFILL = "prefill"


@dataclass(frozen=True)
class Workload:
    """What one inference works on: `batch` users, `tokens` of each (of a decode step 1); None = not a language model.

    `end_to_end_ns`: what the inference took by the clock of the host, measured without the profiler; None = unknown.
    """

    batch: float = 1.0
    phase: Phase | None = None
    tokens: float | None = None
    end_to_end_ns: float | None = None


@dataclass(frozen=True)
class PerToken:
    """Times and rates of tokens that follow from a time of one inference.

    `ms_per_token`: time / tokens of one user. `tokens_per_s_user`: tokens of one user / time; `tokens_per_s`: of all
    users.
    """

    ms_per_token: float
    tokens_per_s_user: float
    tokens_per_s: float


@dataclass(frozen=True)
class Timing:
    """A time of one inference, in ns, and what follows from it.

    `dram` and `compute`: what its ops must move and multiply / (this time × peak), as fractions: of the DRAM peak, and
    of the peak of the worker grid at the math fidelity of each op. None = unknown.
    """

    name: str
    ns: float
    per_token: PerToken | None
    inferences_per_s: float
    dram: float | None
    compute: float | None


@dataclass(frozen=True)
class RegionTime:
    """Regions between signposts of one name: how many, and Σ kernel time of their ops (in ns)."""

    name: str
    count: int
    kernel_ns: float
    host_ns: float | None


@dataclass(frozen=True)
class InferenceSummary:
    """One inference. `timings`: kernel time, elapsed device time, end to end; unknown ones are left out, as the first
    two are where more than a hundredth of the ops have no usable duration.

    `roofline_ns`: what its ops take at the least at the peaks of the chip, where that is known; `roofline_share`: the
    part of the kernel time whose ops that is known of. `unmodelled_ns`: kernel time of the others.
    `off_device_ns`: end to end less elapsed device time; negative where the capture was slower than what was measured
    without the profiler. `regions`: device time between signposts.
    """

    workload: Workload
    timings: tuple[Timing, ...]
    roofline_ns: float | None
    roofline_share: float | None
    unmodelled_ns: float
    roofline_per_token: PerToken | None
    bound: str | None
    off_device_ns: float | None
    off_device_share: float | None
    regions: tuple[RegionTime, ...]

    def timing(self, name: str) -> Timing | None:
        """The timing with this name (`kernel`, `elapsed`, `end to end`); None if it is unknown."""
        return next((one for one in self.timings if one.name == name), None)


KERNEL, ELAPSED, END_TO_END = "kernel", "elapsed", "end to end"


def inference(analysis: Analysis, workload: Workload) -> InferenceSummary:
    """Sum up one inference of the window; several passes count as so many inferences.

    Raises PerfsheetError (exit status 2) for a workload that cannot be, and for a plan, which has no times.
    """
    if analysis.plan is not None:
        raise usage("a plan has no times", "give a capture")
    _check(workload)
    facts, ops = analysis.facts, analysis.ops
    count = facts.scope.counted_passes
    kernel = facts.inference_ns(ops.counted_ns)
    elapsed = analysis.summary.time_split.elapsed_ns / count
    light, pace = facts.speed_of_light, facts.of_busiest & ops.timed
    least = np.where(pace, light.min_kernel_ns, np.nan)
    modelled = float(np.nansum(np.where(np.isfinite(least), ops.counted_ns, 0.0)))
    whole = float(np.nansum(np.where(pace, ops.counted_ns, 0.0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        dram_ns = float(np.nansum(np.where(pace, light.dram_bytes / light.peaks.dram_bytes_per_ns, np.nan))) / count
        compute_ns = float(np.nansum(np.where(pace, light.compute * ops.kernel_ns, np.nan))) / count
    roofline = known(float(np.nansum(least)) / count) if np.isfinite(least).any() else None
    if roofline is not None and ops.overlaps.any():
        roofline = max(dram_ns, compute_ns)  # what runs at the same time shares the peaks, but does not take turns
    if analysis.summary.fps.all is None:
        kernel = elapsed = math.nan  # too many ops have no duration: their time is missing in both
    times = {KERNEL: kernel, ELAPSED: elapsed, END_TO_END: workload.end_to_end_ns or math.nan}
    timings = tuple(
        Timing(
            name,
            ns,
            per_token(workload, ns),
            workload.batch * 1e9 / ns,
            known(ratio(dram_ns, ns)) if dram_ns else None,
            known(ratio(compute_ns, ns)) if compute_ns else None,
        )
        for name, ns in times.items()
        if math.isfinite(ns) and ns > 0
    )
    off = None if workload.end_to_end_ns is None or not math.isfinite(elapsed) else workload.end_to_end_ns - elapsed
    return InferenceSummary(
        workload,
        timings,
        roofline,
        known(ratio(modelled, whole)),
        (whole - modelled) / count,
        None if roofline is None else per_token(workload, roofline),
        ("dram" if dram_ns >= compute_ns else "compute") if dram_ns or compute_ns else None,
        off,
        None if off is None else known(ratio(off, workload.end_to_end_ns or 0.0)),
        _regions(analysis),
    )


def _check(workload: Workload) -> None:
    if workload.tokens is not None and not (math.isfinite(workload.tokens) and workload.tokens > 0):
        raise usage(f"`tokens` {workload.tokens:g}: not a count", "give a number above 0")
    if workload.phase is None and workload.tokens is not None:
        raise usage("`tokens` says nothing without a phase", "give `phase` as decode or prefill")
    if workload.phase is Phase.PREFILL and workload.tokens is None:
        raise usage("a prefill needs its number of tokens", "give `tokens`, the length of the prompt")


def per_token(workload: Workload, ns: float) -> PerToken | None:
    """What a time of one inference means per token; None where the workload is not one of tokens."""
    if workload.phase is None or not ns > 0:
        return None
    tokens = workload.tokens or 1.0
    return PerToken(ns / 1e6 / tokens, tokens * 1e9 / ns, workload.batch * tokens * 1e9 / ns)


def _regions(analysis: Analysis) -> tuple[RegionTime, ...]:
    found: dict[str, list[tuple[float, float | None]]] = {}
    times = {signpost.row: signpost.host_ns for signpost in analysis.signposts.signposts}
    for region in analysis.signposts.regions:
        start, end = times.get(region.first_row), times.get(region.last_row)
        host = None if start is None or end is None or not region.closed else end - start
        found.setdefault(region.name, []).append((region.kernel_ns, host))
    return tuple(
        RegionTime(
            name,
            len(some),
            sum(kernel for kernel, _ in some),
            sum(host for _, host in some if host is not None) if all(host is not None for _, host in some) else None,
        )
        for name, some in found.items()
    )
