"""The findings on the page: one line each that unfolds."""

from __future__ import annotations

from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.capture.notes import rows
from perfsheet.outputs.html.document import Section
from perfsheet.text import formats, sentences

_OPEN, _LISTED = 3, 20
_ROWS_NAMED = 40


def findings_section(analysis: Analysis) -> Section:
    """All findings, largest saving first; the first ones unfolded."""
    summary = analysis.summary
    unfolded = {finding.id for finding in analysis.main_findings[:_OPEN]}
    several_passes = summary.passes.count > 1
    data = {
        "findings": [_card(analysis, finding, finding.id in unfolded) for finding in analysis.findings],
        "listed": _LISTED,
        "note": sentences.upper_bounds(summary) if analysis.findings else formats.no_finding(summary),
        "if_fixed": sentences.IF_FIXED,
        "estimates": [sentences.what_if(estimate, several_passes) for estimate in analysis.what_if],
    }
    return Section("findings", "What to fix first", "findings.html", data)


def _card(analysis: Analysis, finding: Finding, unfolded: bool) -> dict[str, Any]:
    cores = f"{formats.span_of_grid(finding.cores, finding.worker_cores)} cores" if finding.cores else ""
    kernel = f"{formats.whole(finding.kernel_ns)} ns, {formats.percent(finding.share)} of kernel time"
    return {
        "id": finding.id,
        "open": unfolded,
        "title": finding.rule.title,
        "op_code": finding.signature.op_code,
        "part_of": finding.part_of,
        "saving": sentences.saving_of(finding),
        "advice": finding.advice,
        "figures": ", ".join(filter(None, (kernel, cores))),
        "count": rows(finding.count),
        "linked": len(finding.positions) > 0,
        "facts": _facts(analysis, finding),
    }


def _facts(analysis: Analysis, finding: Finding) -> list[tuple[str, str]]:
    signature = finding.signature
    added = "" if finding.saving_ns is None else f"{formats.whole(finding.added_ns)} ns to the findings before it"
    entries = (
        ("Saving is", finding.rule.saving_formula),
        ("Adds", added),
        ("Caveat", finding.rule.caveat),
        ("Evidence", sentences.evidence(finding)),
        ("Tensors", signature.tensors if signature.has_tensors else ""),
        ("Math fidelity", signature.math_fidelity),
        ("Program config", signature.program_config),
        ("Rows of the capture", _rows(analysis, finding)),
    )
    return [(name, value) for name, value in entries if value]


def _rows(analysis: Analysis, finding: Finding) -> str:
    several = len(analysis.summary.paths) > 1
    named = [formats.place(analysis.table_ref(row), several) for row in finding.rows[:_ROWS_NAMED].tolist()]
    more = finding.count - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
