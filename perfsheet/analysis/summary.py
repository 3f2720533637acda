"""The head of every output: what was analysed, and its headline figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis import totals
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.results import Check
from perfsheet.analysis.speed_of_light.peaks import measured_clock_ghz, names_of
from perfsheet.analysis.speed_of_light.profiler_model import evidence
from perfsheet.analysis.statistics import Spread, known, known_ints, ratio
from perfsheet.analysis.windows.devices import DeviceTotal, critical_path_ns
from perfsheet.analysis.windows.layers import Layer, layers
from perfsheet.analysis.windows.passes import Pass, fps_per_pass
from perfsheet.capture.notes import rows
from perfsheet.capture.table import FloatArray, RowKind
from perfsheet.provenance import Provenance

_SAME_CLOCK = 0.01


def summarise(facts: Facts, checks: Sequence[Check], provenance: Provenance) -> CaptureSummary:
    """Sum up a window."""
    ops, table, options = facts.ops, facts.ops.table, facts.ops.options
    kinds = table.kind[facts.window.rows]
    arches = sorted({cell.strip() for cell in ops.text("device_arch").present()} - {""})
    grids = known_ints(ops.worker_cores)
    fps = totals.fps(ops)
    return CaptureSummary(
        paths=table.files,
        schema=table.schema,
        arch="+".join(arches) or None,
        board=options.board,
        worker_cores=grids[-1] if grids else None,
        worker_grids=grids,
        worker_cores_sources=ops.grid.sources,
        ref_cores=options.ref_cores,
        low_cores_pct=options.low_cores_pct,
        batch=options.batch,
        window=facts.window.label,
        devices=tuple(np.unique(ops.device).tolist()),
        device_rows=len(ops),
        timed_rows=int(ops.timed.sum()),
        unchecked_rows=int((ops.timed & (np.isnan(ops.cores) | np.isnan(ops.worker_cores))).sum()),
        host_rows=int(np.isin(kinds, (RowKind.HOST, RowKind.PYTHON_FALLBACK)).sum()),
        signpost_rows=int((kinds == RowKind.SIGNPOST).sum()),
        dropped_rows=sum(note.dropped for note in table.notes),
        kernel_ns=ops.total_ns if ops.timed.any() else math.nan,
        fps=fps,
        speed_of_light=_speed_of_light(facts),
        pm_generations=evidence(ops).narrowed,
        passes=_passes(facts, fps.all),
        device_totals=facts.devices.totals,
        critical_path_ns=critical_path_ns(ops, facts.devices),
        provenance=provenance,
        verdict=_verdict(checks),
        warnings=tuple(check.detail for check in checks if not check.ok),
    )


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
        known_share=known(ratio(time, ops.total_ns)),
        sol=known(ratio(float((light.sol * ops.kernel_ns)[with_sol].sum()), time)),
    )


def _one_clock(clock: FloatArray) -> float | None:
    """The clock of the capture; None if unknown, or if devices differ."""
    finite = clock[np.isfinite(clock)]
    return float(np.median(finite)) if finite.size and np.ptp(finite) <= _SAME_CLOCK * finite.max() else None


def _passes(facts: Facts, fps: float | None) -> PassSummary:
    """The passes; each runs a batch of its own."""
    window_passes = facts.passes
    in_passes = len(facts.ops) - len(window_passes.outside)
    return PassSummary(
        how=window_passes.how,
        count=window_passes.count,
        ops_per_pass=in_passes / window_passes.count,
        fps_per_pass=fps_per_pass(facts.ops, window_passes, facts.ops.kernel_ns) if window_passes.how != "one" else fps,
        all=window_passes.all,
        spread=facts.variation.total if facts.variation else None,
        layers=layers(facts.ops, window_passes),
        note=window_passes.note,
    )


@dataclass(frozen=True)
class Fps:
    """Samples per second on the busiest device, 1e9 × batch / its kernel time; None if that set of ops is empty."""

    all: float | None
    matmul_conv: float | None
    other: float | None
    device: int | None


@dataclass(frozen=True)
class SpeedOfLightSummary:
    """How far the window is from the speed of light.

    `clock_ghz`: as measured, None = unknown. `boards`: all that fit the capture, whose peaks were used; `peaks_of` says
    so in words. `known_share`: fraction of the kernel time with a known speed of light; `sol`: its mean over that part,
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
        return sum(model_pass.kernel_ns for model_pass in self.all) / self.count

    @property
    def repeats(self) -> bool:
        """Whether anything repeats: passes, or layers inside a pass."""
        return self.count > 1 or bool(self.layers)


@dataclass(frozen=True)
class CaptureSummary:
    """What was analysed: the head of every output.

    `worker_grids` are the distinct worker grids of the ops, `worker_cores` the largest of them. `unchecked_rows` are
    timed ops whose worker grid or core count is unknown, so that a low core count cannot be detected. `kernel_ns` is
    NaN where no op is timed. `verdict` has short texts on the data quality.
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
    fps: Fps
    speed_of_light: SpeedOfLightSummary
    pm_generations: tuple[str, ...]
    passes: PassSummary
    device_totals: tuple[DeviceTotal, ...]
    critical_path_ns: float | None
    provenance: Provenance
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]
