"""One inference as a model card has it: its time on the device and end to end, per token, and beside the roofline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.statistics import known, ratio
from perfsheet.analysis.windows.signposts import places_in
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
    """Regions between signposts of one name: how many an inference has, and Σ kernel time of their ops (in ns)."""

    name: str
    count: float
    kernel_ns: float
    host_ns: float | None


@dataclass(frozen=True)
class InferenceSummary:
    """One inference. `timings`: kernel time, elapsed device time, end to end; unknown ones are left out, as the first
    two are where more than a hundredth of the ops have no usable duration. Where ops overlap, kernel time is that in
    which any of them runs.

    `roofline_ns`: what its ops take at the least at the peaks of the chip, where that is known; `roofline_share`: the
    part of Σ kernel duration whose ops that is known of. `unmodelled_ns`: Σ kernel duration of the others.
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
    facts = analysis.facts
    beyond = facts.inference_ns(np.zeros(len(facts.ops)))  # where ops overlap, the time of no kernel
    kernel = facts.inference_ns(facts.ops.counted_ns) - beyond
    elapsed = analysis.summary.time_split.elapsed_ns / facts.scope.counted_passes
    if analysis.summary.fps.all is None:
        kernel = elapsed = math.nan  # too many ops have no duration: their time is missing in both
    least = _least(facts)
    times = {KERNEL: kernel, ELAPSED: elapsed, END_TO_END: workload.end_to_end_ns or math.nan}
    timings = tuple(
        Timing(
            name,
            ns,
            per_token(workload, ns),
            workload.batch * 1e9 / ns,
            known(ratio(least.dram_ns, ns)) if least.dram_ns else None,
            known(ratio(least.compute_ns, ns)) if least.compute_ns else None,
        )
        for name, ns in times.items()
        if math.isfinite(ns) and ns > 0
    )
    off = None if workload.end_to_end_ns is None or not math.isfinite(elapsed) else workload.end_to_end_ns - elapsed
    return InferenceSummary(
        workload,
        timings,
        least.roofline_ns,
        analysis.summary.speed_of_light.known_share,
        least.unmodelled_ns,
        None if least.roofline_ns is None else per_token(workload, least.roofline_ns),
        least.bound,
        off,
        None if off is None else known(ratio(off, workload.end_to_end_ns or 0.0)),
        tuple(_regions(analysis)),
    )


@dataclass(frozen=True)
class _Least:
    """What the ops of one inference take at the least, in ns: at the DRAM peak, at the compute peak, at the larger of
    both op by op (None = unknown); and the kernel time of ops of which that is unknown."""

    dram_ns: float
    compute_ns: float
    roofline_ns: float | None
    unmodelled_ns: float

    @property
    def bound(self) -> str | None:
        """What takes longer."""
        if not self.dram_ns and not self.compute_ns:
            return None
        return "dram" if self.dram_ns >= self.compute_ns else "compute"


def _least(facts: Facts) -> _Least:
    """Of the busiest device, where the figures are of each."""
    ops, light, count = facts.ops, facts.speed_of_light, facts.scope.counted_passes
    here = facts.of_busiest & ops.timed
    least = np.where(here, light.min_kernel_ns, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        dram_ns = float(np.nansum(np.where(here, light.dram_bytes / light.peaks.dram_bytes_per_ns, np.nan))) / count
        compute_ns = float(np.nansum(np.where(here, light.compute * ops.kernel_ns, np.nan))) / count
    roofline = known(float(np.nansum(least)) / count) if np.isfinite(least).any() else None
    if roofline is not None and ops.overlaps.any():
        roofline = max(dram_ns, compute_ns)  # what runs at the same time shares the peaks, but does not take turns
    unmodelled = float(np.nansum(ops.kernel_ns[here & np.isnan(least)])) / count
    return _Least(dram_ns, compute_ns, roofline, unmodelled)


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


def _regions(analysis: Analysis) -> Iterator[RegionTime]:
    """Those with ops of the window, by name."""
    facts, marks = analysis.facts, analysis.signposts
    count, places = facts.scope.counted_passes, places_in(facts.scope.selected, facts.ops)
    times = {signpost.row: signpost.host_ns for signpost in marks.signposts}
    found: dict[str, list[tuple[float, float]]] = {}
    for region in marks.regions:
        inside = region.has(places)
        if not inside.any():
            continue
        start, end = times.get(region.first_row), times.get(region.last_row)
        host = math.nan if start is None or end is None or not region.closed else end - start
        found.setdefault(region.name, []).append((float(np.nansum(facts.ops.counted_ns[inside])), host))
    for name, some in found.items():
        kernel, host = np.sum(some, axis=0).tolist()
        yield RegionTime(name, len(some) / count, kernel / count, known(host / count))
