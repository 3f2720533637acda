"""Of several graph reports the one that is of a capture."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.graph.join import By
from perfsheet.errors import PerfsheetError
from perfsheet.graph_report import GraphReport, graph_reports

_NEARLY_ALL = 0.9
_MOST = 50
"""Reports of a folder that are looked at."""


def with_fitting_graph(analysis: Analysis, path: str | Path) -> tuple[Analysis, int]:
    """The analysis with the newest graph report below a path that is of its capture, and how many newer ones are not.

    One that names nine tenths of the ops by GLOBAL CALL COUNT is taken at once; of others the one that names most.
    Raises PerfsheetError (exit status 3) with the reason of the newest one when none is.
    """
    refused: list[PerfsheetError] = []
    best: tuple[Analysis, int] | None = None
    for passed_over, report in enumerate(islice(graph_reports(path), _MOST)):
        result = _tried(analysis, report)
        if not isinstance(result, Analysis):
            refused.append(result)
            continue
        if _named(result) > (-1.0 if best is None else _named(best[0])):
            best = result, passed_over
        assert result.graph is not None
        if result.graph.joined.by is By.CALL_COUNT and _named(result) >= _NEARLY_ALL:
            break
    if best is not None:
        return best
    if len(refused) > 1:
        refused[0].add_hint(f"none of the {len(refused):,} reports in {path} is of this capture")
    raise refused[0]


def _named(analysis: Analysis) -> float:
    """Part of the ops that the report names."""
    assert analysis.graph is not None
    joined = analysis.graph.joined
    return joined.joined / joined.rows if joined.rows else 0.0


def _tried(analysis: Analysis, report: GraphReport) -> Analysis | PerfsheetError:
    try:
        return analysis.with_graph(report)
    except PerfsheetError as error:
        return error
