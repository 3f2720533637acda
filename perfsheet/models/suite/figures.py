"""Filling in a ModelResult: from its perf file, from what its tests report, and from its captures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from perfsheet.analysis import Analysis, Options, Selection, analyze
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.ops.transfers import transfers
from perfsheet.analysis.rules import low_core_count
from perfsheet.capture.reader import read_sources
from perfsheet.capture.sources import locate
from perfsheet.errors import ExitStatus, PerfsheetError, unusable
from perfsheet.models.e2e.model import PerfRow
from perfsheet.models.e2e.reading import find_impossible_figures
from perfsheet.models.impossible import PCC
from perfsheet.models.suite.model import MEASURED, ModelResult, Target, with_problem
from perfsheet.provenance import Provenance
from perfsheet.run import TargetVerdict
from perfsheet.run.verdict import ReportedValue

Report = Callable[[Analysis, Path], None]
"""Writes the perf sheet of a target to a path."""

_RESULT_FIELDS = {field.name for field in fields(ModelResult)} - {"batch"}
_TORCH_OPS = ("torch_ops_before", "torch_ops_remain")
_LATENCY = ("latency_ms", "latency_std_ms", "latency_runs")


def with_perf_row(result: ModelResult, row: PerfRow) -> ModelResult:
    """The result with the end-to-end figures of a perf file; setting and batch of the target override the file's."""
    figures: dict[str, Any] = {name: row.value(name) for name in _RESULT_FIELDS & set(row.figures)}
    batch = result.batch if result.batch is not None else row.batch
    contradicted = {**result.contradicted, **find_impossible_figures(row)}
    return replace(
        result,
        **figures,
        batch=batch,
        setting=result.setting or row.setting,
        perf_file=row.file,
        contradicted=contradicted,
        written={name: row.text(name) for name in figures if row.value(name) is not None},
    )


def result_of_perf_row(row: PerfRow) -> ModelResult:
    """A result from a perf file alone, which does not say how its test ended."""
    return replace(with_perf_row(ModelResult(row.model), row), outcome="unknown")


def with_reported(result: ModelResult, verdict: TargetVerdict, with_latency: bool) -> ModelResult:
    """The result with what its tests recorded: the lowest PCC; ops and latency of the last test that has them."""
    values: dict[str, Any] = {}
    latencies: dict[str, dict[str, Any]] = {}
    for report in verdict.reported:
        name = report.name.lower()
        if name not in ("pcc", *_TORCH_OPS, *_LATENCY):
            continue
        value = _reported_value(name, report)
        if value is None:
            why = f"{report.nodeid} reports {report.name} {report.value!r}, which is not a valid value"
            result = with_refused(result, why, name)
        elif name == "pcc":
            values["pcc"] = min(value, values.get("pcc", value))
        elif name in _LATENCY:
            latencies.setdefault(report.nodeid, {})[name] = value
        else:
            values[name] = value
    if with_latency and latencies:
        last = list(latencies)[-1]
        values |= latencies[last]
        if len(latencies) > 1:
            result = with_problem(result, f"{len(latencies)} tests report a latency: that of {last} is shown")
    return replace(result, **values)


def with_refused(result: ModelResult, why: str, *names: str) -> ModelResult:
    """The result with a problem: the figures of these fields were given, and cannot be taken."""
    return with_problem(replace(result, refused={**result.refused, **dict.fromkeys(names, why)}), why)


def _reported_value(name: str, report: ReportedValue) -> Any:
    """The value as its field has it; None if it cannot be taken."""
    if name in _TORCH_OPS:
        return _shortened(report.value) if isinstance(report.value, float | int) else report.value
    try:
        number = float(report.value)
    except (ValueError, OverflowError):
        return None
    # A latency of 0 or less is shown and marked: it was measured, only wrongly.
    refused = PCC.reason(number) if name == "pcc" else name == "latency_runs" and number < 1
    if refused or not math.isfinite(number):
        return None
    return int(number) if name == "latency_runs" else number


def _shortened(value: float) -> str:
    try:
        return f"{value:g}"
    except OverflowError:
        return "more than a number can be"


def without_figures(result: ModelResult) -> ModelResult:
    """The result of a target that never ran: it has no figures, only the reason."""
    nothing: dict[str, Any] = dict.fromkeys(MEASURED)
    return replace(result, **nothing, perf_file=None, contradicted={}, refused={}, written={}, further=(), records=())


def analyze_captures(target: Target, captures: Sequence[str], batch: int | None) -> Analysis:
    """Analyse captures with the board, pass and batch of a target. Raises PerfsheetError."""
    selection = Selection(which_pass=target.which_pass)
    options = Options(board=target.board, batch=float(batch or 1), selection=selection)
    table = read_sources(locate(captures))
    if table.plan is not None:
        raise unusable(f"{table.plan.path.name} is a plan: no op of it ran", "give a capture to replay")
    return analyze(table, options)


def with_device_figures(
    result: ModelResult, target: Target, captures: Sequence[str], report: Report, folder: Path
) -> ModelResult:
    """The result with the figures of its captures; writes their perf sheet to `folder`.

    Unusable captures become its problem; raises PerfsheetError only if the perf sheet cannot be written.
    """
    workbook = folder / "perf-sheet.xlsx"
    try:
        analysis = analyze_captures(target, captures, result.batch)
        provenance = Provenance(command=result.command, replayed=True) if result.replayed else analysis.provenance
        report(replace(analysis, provenance=provenance), workbook)
    except PerfsheetError as error:
        if error.status == ExitStatus.OUTPUT_NOT_WRITTEN:
            raise
        return with_problem(result, f"no device figures: {error}")
    warnings = [*result.warnings]
    if analysis.summary.passes.counted > 1:
        passes = analysis.summary.passes.counted
        warnings.append(f'device figures are sums over {passes} passes: without `pass = "all"` they are of one')
    return replace(
        result,
        **_device_figures(analysis, result.batch),
        warnings=(*warnings, *analysis.summary.warnings),
        captures=analysis.summary.paths,
        workbook=str(workbook),
    )


def _device_figures(analysis: Analysis, batch: int | None) -> dict[str, Any]:
    """The figures of a capture by field of ModelResult; no FPS without a batch."""
    summary, counts = analysis.summary, transfers(analysis.ops.table, analysis.window)
    low_core_share = next(
        (total.share for total in analysis.rule_totals if total.rule.id == low_core_count.RULE.id), None
    )
    kernel_ns = None if math.isnan(summary.kernel_ns) else summary.kernel_ns
    known = kernel_ns is not None and low_core_share is not None and not math.isnan(low_core_share)
    return {
        "kernel_ns": kernel_ns,
        "device_fps": summary.fps.all if batch is not None else None,
        "device_ops": summary.ops,
        "reshards": int(analysis.ops.in_category(RESHARD).sum()),
        "to_from_device": counts.to_from_device,
        "fallbacks": counts.fallbacks,
        "low_core_share": low_core_share if known else None,
    }
