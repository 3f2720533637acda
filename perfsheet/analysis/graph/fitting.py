"""Of several graph reports the one that is of a capture."""

from __future__ import annotations

from pathlib import Path

from perfsheet.analysis.analyze import Analysis
from perfsheet.errors import PerfsheetError
from perfsheet.graph_report import GraphReport, graph_reports


def with_fitting_graph(analysis: Analysis, path: str | Path) -> tuple[Analysis, int]:
    """The analysis with the newest graph report below a path that is of its capture, and how many newer ones are not.

    Raises PerfsheetError (exit status 3) with the reason of the newest one when none is.
    """
    refused: list[PerfsheetError] = []
    for report in graph_reports(path):
        result = _tried(analysis, report)
        if isinstance(result, Analysis):
            return result, len(refused)
        refused.append(result)
    if len(refused) > 1:
        refused[0].add_hint(f"none of the {len(refused):,} reports in {path} is of this capture")
    raise refused[0]


def _tried(analysis: Analysis, report: GraphReport) -> Analysis | PerfsheetError:
    try:
        return analysis.with_graph(report)
    except PerfsheetError as error:
        return error
