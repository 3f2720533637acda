"""The head of every output: what was analysed, and its headline figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from perfsheet.analysis import quality, totals
from perfsheet.analysis.capture_summary import CaptureSummary, LightSummary, PassSummary
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.results import Check
from perfsheet.analysis.speed_of_light.peaks import measured_clock_ghz
from perfsheet.analysis.speed_of_light.profiler_model import evidence
from perfsheet.analysis.statistics import known, known_ints, ratio
from perfsheet.analysis.windows.devices import critical_path_ns
from perfsheet.analysis.windows.layers import layers
from perfsheet.analysis.windows.passes import fps_per_pass
from perfsheet.capture.table import FloatArray, RowKind
from perfsheet.provenance import Provenance

_SAME_CLOCK = 0.01


def summarise(facts: Facts, checks: Sequence[Check], provenance: Provenance) -> CaptureSummary:
    """Everything about a window that is one figure, or a few."""
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
        modelled_share=known(quality.modelled_share(ops)),
        fps=fps,
        light=_light(facts),
        pm_generations=evidence(ops).names,
        passes=_passes(facts, fps.all),
        device_totals=facts.devices.totals,
        critical_path_ns=critical_path_ns(ops, facts.devices),
        provenance=provenance,
        verdict=_verdict(checks),
        warnings=tuple(check.detail for check in checks if not check.ok),
    )


def _verdict(checks: Sequence[Check]) -> tuple[str, ...]:
    doubts = sum(not check.ok for check in checks)
    return (
        *(check.brief for check in checks if check.brief),
        f"{doubts} to distrust" if doubts else "nothing to distrust",
    )


def _light(facts: Facts) -> LightSummary:
    ops, light = facts.ops, facts.light
    clock = measured_clock_ghz(ops)
    told = np.isfinite(light.sol)
    time = float(ops.kernel_ns[told].sum())
    return LightSummary(
        clock_ghz=_one_clock(clock),
        boards=tuple(board.name for board in light.peaks.boards),
        known_share=known(ratio(time, ops.total_ns)),
        sol=known(ratio(float((light.sol * ops.kernel_ns)[told].sum()), time)),
    )


def _one_clock(clock: FloatArray) -> float | None:
    """The clock of the capture; None where it has none, or devices of different ones."""
    told = clock[np.isfinite(clock)]
    return float(np.median(told)) if told.size and np.ptp(told) <= _SAME_CLOCK * told.max() else None


def _passes(facts: Facts, fps: float | None) -> PassSummary:
    """Each pass works on a batch of its own."""
    found = facts.passes
    in_passes = len(facts.ops) - len(found.outside)
    return PassSummary(
        how=found.how,
        count=found.count,
        ops_per_pass=in_passes / found.count,
        fps_per_pass=fps_per_pass(facts.ops, found, facts.ops.kernel_ns) if found.how != "one" else fps,
        all=found.all,
        spread=facts.variation.total if facts.variation else None,
        layers=layers(facts.ops, found),
        note=found.note,
    )
