"""The head of every output: what was analysed, and its headline figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from perfsheet.analysis import totals
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.results import Check
from perfsheet.analysis.speed_of_light.peaks import measured_clock_ghz, names_of
from perfsheet.analysis.speed_of_light.profiler_model import evidence
from perfsheet.analysis.statistics import Spread, known, known_ints, ratio
from perfsheet.analysis.time_split import TimeSplit, time_split
from perfsheet.analysis.windows.devices import DeviceTotal, critical_path_ns
from perfsheet.analysis.windows.layers import Layer, layers
from perfsheet.analysis.windows.passes import Pass, usable_of
from perfsheet.capture.arrays import distinct, median
from perfsheet.capture.notes import rows
from perfsheet.capture.planned import PlanHead
from perfsheet.capture.table import FloatArray, RowKind
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Provenance

_SAME_CLOCK = 0.01


def summarise(facts: Facts, checks: Sequence[Check], provenance: Provenance) -> CaptureSummary:
    """Sum up a window."""
    ops, scope, table, options = facts.ops, facts.scope, facts.ops.table, facts.ops.options
    kinds = table.kind[facts.window.rows]
    arches = sorted({cell.strip() for cell in ops.text("device_arch").present()} - {""})
    grids = known_ints(ops.worker_cores)
    every_device = scope.every.kernel_ns[scope.within]
    return CaptureSummary(
        paths=table.files,
        schema=table.schema,
        arch="+".join(arches) or None,
        board=ops.board,
        worker_cores=grids[-1] if grids else None,
        worker_grids=grids,
        worker_cores_sources=ops.grid.sources,
        ref_cores=options.ref_cores,
        low_cores_pct=options.low_cores_pct,
        batch=options.batch,
        batch_hint=batch_hint(ops) if options.batch == 1 else None,
        window=facts.window.label,
        devices=tuple(distinct(scope.every.device[scope.within]).tolist()),
        per_device=options.per_device,
        ops=len(ops),
        timed_ops=int(ops.timed.sum()),
        hidden_ops=int(ops.hidden.sum()),
        overlapping_ns=float(np.nansum(ops.kernel_ns)) if ops.overlaps.any() else 0.0,
        device_rows=len(scope.within),
        timed_rows=int(np.isfinite(every_device).sum()),
        invalid_rows=int(scope.every.invalid[scope.within].sum()),
        const_eval_rows=scope.passes.const_eval if scope.chosen else 0,
        unchecked_rows=int((ops.timed & (np.isnan(ops.cores) | np.isnan(ops.worker_cores))).sum()),
        host_rows=int(np.isin(kinds, (RowKind.HOST, RowKind.PYTHON_FALLBACK)).sum()),
        signpost_rows=int((kinds == RowKind.SIGNPOST).sum()),
        dropped_rows=sum(note.dropped for note in table.notes),
        kernel_ns=ops.total_ns if np.isfinite(ops.kernel_ns).any() else math.nan,
        kernel_sum_ns=float(np.nansum(every_device)) if np.isfinite(every_device).any() else math.nan,
        time_split=time_split(facts),
        fps=totals.fps(facts),
        speed_of_light=_speed_of_light(facts),
        pm_generations=evidence(ops).narrowed,
        passes=_passes(facts),
        device_totals=facts.devices.totals,
        critical_path_ns=critical_path_ns(scope.every, scope.within, facts.devices),
        devices_problem=facts.devices.problem,
        provenance=provenance,
        verdict=_verdict(checks),
        warnings=tuple(check.detail for check in checks if not check.ok),
        plan=table.plan,
    )


_MOST_OPS_LEAD = 0.5


def batch_hint(ops: Ops) -> int | None:
    """The leading dimension of the first inputs, if most of those that are known have the same one above 1."""
    leading = [
        variant.inputs[0].logical[0] if variant.inputs and variant.inputs[0].logical else 0
        for variant in ops.variants.all
    ]
    of_ops = np.array(leading, dtype=np.int64)[ops.variants.of]
    values, counts = np.unique(of_ops[of_ops > 0], return_counts=True)
    if not values.size:
        return None
    place = int(np.argmax(counts))
    common = counts[place] > _MOST_OPS_LEAD * counts.sum()
    return int(values[place]) if common and values[place] > 1 else None


def _verdict(checks: Sequence[Check]) -> tuple[str, ...]:
    warnings = sum(not check.ok for check in checks)
    return (
        *(check.brief for check in checks if check.brief),
        f"{rows(warnings, 'warning')}" if warnings else f"no problem in {rows(len(checks), 'check')}",
    )


def _speed_of_light(facts: Facts) -> SpeedOfLightSummary:
    ops, light = facts.ops, facts.speed_of_light
    clock = measured_clock_ghz(ops)
    with_sol = np.isfinite(light.sol)
    time = float(ops.kernel_ns[with_sol].sum())
    return SpeedOfLightSummary(
        clock_ghz=_one_clock(clock),
        boards=tuple(board.name for fitting in light.peaks.boards for board in fitting),
        peaks_of=names_of(light.peaks.boards),
        known_share=None if ops.planned else known(ratio(time, float(np.nansum(ops.kernel_ns)))),
        sol=None if ops.planned else known(ratio(float((light.sol * ops.kernel_ns)[with_sol].sum()), time)),
    )


def _one_clock(clock: FloatArray) -> float | None:
    """The clock of the capture; None if unknown, or if devices differ."""
    finite = clock[np.isfinite(clock)]
    return median(finite) if finite.size and np.ptp(finite) <= _SAME_CLOCK * finite.max() else None


def _passes(facts: Facts) -> PassSummary:
    """The passes; each runs a batch of its own."""
    scope, window_passes = facts.scope, facts.passes
    in_passes = len(scope.every) - len(window_passes.outside)
    named = window_passes.incomplete or window_passes.unlike
    rates = [run.fps for run in usable_of(window_passes.all) if run.fps]
    return PassSummary(
        how=window_passes.how,
        count=window_passes.count,
        chosen=scope.chosen.number if scope.chosen else None,
        ops_per_pass=in_passes / window_passes.count,
        # Passes of equal work: the mean rate is that of the mean time.
        fps_per_pass=len(rates) / sum(1 / rate for rate in rates) if rates and scope.every.nearly_all_timed else None,
        all=window_passes.all,
        spread=facts.variation.total if facts.variation else None,
        layers=layers(facts.ops, facts.last_pass),
        note=window_passes.note,
        incomplete=window_passes.incomplete,
        unlike=window_passes.unlike,
        or_layers=window_passes.or_layers,
        elsewhere=0 if named else len(window_passes.outside) - window_passes.const_eval,
    )


@dataclass(frozen=True)
class Fps:
    """Samples per second: 1e9 × batch / the kernel time of one inference; None if that set of ops is empty."""

    all: float | None
    matmul_conv: float | None
    other: float | None


@dataclass(frozen=True)
class SpeedOfLightSummary:
    """How far the window is from the speed of light.

    `clock_ghz`: as measured, None = unknown. `boards`: all that fit the capture, whose peaks were used; `peaks_of` says
    so in words. `known_share`: fraction of Σ kernel duration with a known speed of light; `sol`: its mean over that,
    weighted by kernel time.
    """

    clock_ghz: float | None
    boards: tuple[str, ...]
    peaks_of: str
    known_share: float | None
    sol: float | None


@dataclass(frozen=True)
class PassSummary:
    """The passes of the window (see `Passes`), and the layers of a pass.

    `chosen`: the number of the pass that the figures are of, None = all. `ops_per_pass` over all devices;
    `fps_per_pass` is the mean over all passes. `spread`: of the passes' kernel time, None without several passes of the
    same ops. `incomplete` names passes that lack ops, `unlike` those with other ops. `or_layers`: equal layers of one
    pass would look the same. `elsewhere`: ops that belong to no pass for another reason, as setup does.
    """

    how: str
    count: int
    chosen: int | None
    ops_per_pass: float
    fps_per_pass: float | None
    all: tuple[Pass, ...]
    spread: Spread | None
    layers: tuple[Layer, ...]
    note: str
    incomplete: str
    unlike: str
    or_layers: bool
    elsewhere: int

    @property
    def counted(self) -> int:
        """How many passes the figures are of."""
        return 1 if self.chosen else self.count

    @property
    def mean_ns(self) -> float:
        """Mean kernel time of a pass."""
        usable = usable_of(self.all)
        return sum(run.kernel_ns for run in usable) / len(usable)

    @property
    def repeats(self) -> bool:
        """Whether anything repeats: passes, or layers inside a pass."""
        return self.count > 1 or bool(self.layers)


@dataclass(frozen=True)
class CaptureSummary:
    """What was analysed: the head of every output.

    `ops` are those that the figures are of; `device_rows` the rows of the window on all devices. `hidden_ops` run
    beside longer ones all the time; `overlapping_ns` is Σ kernel duration if ops overlap, else 0; `invalid_rows` have a
    duration that gaps contradict; `const_eval_rows` are left out of the pass. `worker_grids` are the distinct worker
    grids of the ops, `worker_cores` the largest of them. `unchecked_rows` are timed ops whose worker grid or core count
    is unknown, so that a low core count cannot be detected. `kernel_ns` is that of the critical path (with `per_device`
    of all devices), `kernel_sum_ns` the sum over all devices; NaN where no op is timed. `batch_hint`: what the tensors
    start with, None = nothing above 1. `verdict` has short texts on the data quality. `plan`: what was planned, if the
    ops never ran; all times are least times then.
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
    batch_hint: int | None
    window: str
    devices: tuple[int, ...]
    per_device: bool
    ops: int
    timed_ops: int
    hidden_ops: int
    overlapping_ns: float
    device_rows: int
    timed_rows: int
    invalid_rows: int
    const_eval_rows: int
    unchecked_rows: int
    host_rows: int
    signpost_rows: int
    dropped_rows: int
    kernel_ns: float
    kernel_sum_ns: float
    time_split: TimeSplit
    fps: Fps
    speed_of_light: SpeedOfLightSummary
    pm_generations: tuple[str, ...]
    passes: PassSummary
    device_totals: tuple[DeviceTotal, ...]
    critical_path_ns: float | None
    devices_problem: str
    provenance: Provenance
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]
    plan: PlanHead | None = None
