"""The figures of the device, of the captures that a target came to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from perfsheet.analysis import Analysis, Options, Selection, analyze
from perfsheet.analysis.ops.transfers import transfers
from perfsheet.analysis.rules import low_core_count
from perfsheet.capture.reader import read_sources
from perfsheet.capture.sources import locate
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.models.suite.model import ModelResult, Target, with_problem


def analysed(target: Target, captures: Sequence[str], batch: int | None) -> Analysis:
    """The captures, as the target wants them analysed. Raises PerfsheetError."""
    selection = Selection(which_pass=target.which_pass)
    options = Options(board=target.board, batch=float(batch or 1), selection=selection)
    return analyze(read_sources(locate(captures)), options)


def with_device(
    result: ModelResult,
    target: Target,
    captures: Sequence[str],
    report: Callable[[Analysis, Path], None],
    folder: Path,
) -> ModelResult:
    """The result with the figures of its captures, and their perf sheet in `folder`.

    Captures that cannot be used are its problem; raises PerfsheetError only when the sheet cannot be written.
    """
    workbook = folder / "perf-sheet.xlsx"
    try:
        analysis = analysed(target, captures, result.batch)
        report(analysis, workbook)
    except PerfsheetError as error:
        if error.status == ExitStatus.OUTPUT_NOT_WRITTEN:
            raise
        return with_problem(result, f"no device figures: {error}")
    passes = analysis.summary.passes
    several = (
        (f'device figures are sums over {passes.count} passes: `pass = "last"` in the suite takes one',)
        if passes.count > 1
        else ()
    )
    return replace(
        result,
        **_figures(analysis, result.batch),
        warnings=(*result.warnings, *several, *analysis.summary.warnings),
        captures=analysis.summary.paths,
        workbook=str(workbook),
    )


def _figures(analysis: Analysis, batch: int | None) -> dict[str, Any]:
    """What the table has of a capture, by field of ModelResult; without a batch there are no samples to count."""
    summary, counts = analysis.summary, transfers(analysis.ops.table, analysis.window)
    few = next((total.share for total in analysis.rule_totals if total.rule.id == low_core_count.RULE.id), None)
    kernel = None if math.isnan(summary.kernel_ns) else summary.kernel_ns
    return {
        "kernel_ns": kernel,
        "device_fps": summary.fps.all if batch is not None else None,
        "device_ops": summary.device_rows,
        "reshards": counts.reshards,
        "to_from_device": counts.to_from_device,
        "fallbacks": counts.fallbacks,
        "low_core_share": None if few is None or math.isnan(few) or kernel is None else few,
    }
