"""perfsheet: from a pytest target, or a tt-metal ops CSV, to the Excel perf sheet.

    >>> import perfsheet
    >>> table = perfsheet.read("ops_perf_results_2026_11_01_10_00_00.csv")
    >>> analysis = perfsheet.analyze(table, perfsheet.Options(batch=8))
    >>> analysis.summary.fps.all, analysis.causes, analysis.frame("layers")
    >>> perfsheet.explain(analysis, "C1").cures[0].code
    >>> perfsheet.compare(before, analysis).gains
    >>> perfsheet.plan("model.py:forward", board="n150")

Times are in ns, shares fractions, unless a name says otherwise (`_pct`). Failures raise PerfsheetError, whose text is
what the command line prints. Nothing heavy is imported before one of these names is used (docs/notebook.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfsheet._version import __version__
from perfsheet.errors import ExitStatus, PerfsheetError

if TYPE_CHECKING:
    from perfsheet.accuracy import pcc
    from perfsheet.analysis import Analysis, Options, Selection, analyze
    from perfsheet.budget import check, check_against, read_budget
    from perfsheet.capture import OpsTable, read
    from perfsheet.comparison import Comparison, compare
    from perfsheet.explanation import Explanation, explain
    from perfsheet.graph_report import read_graph_report
    from perfsheet.planning.targets import plan

__all__ = [
    "Analysis",
    "Comparison",
    "ExitStatus",
    "Explanation",
    "OpsTable",
    "Options",
    "PerfsheetError",
    "Selection",
    "__version__",
    "analyze",
    "check",
    "check_against",
    "compare",
    "explain",
    "pcc",
    "plan",
    "read",
    "read_budget",
    "read_graph_report",
]

_HOMES = {
    "Analysis": "perfsheet.analysis",
    "Comparison": "perfsheet.comparison",
    "Explanation": "perfsheet.explanation",
    "Options": "perfsheet.analysis",
    "Selection": "perfsheet.analysis",
    "analyze": "perfsheet.analysis",
    "check": "perfsheet.budget",
    "check_against": "perfsheet.budget",
    "compare": "perfsheet.comparison",
    "explain": "perfsheet.explanation",
    "OpsTable": "perfsheet.capture",
    "pcc": "perfsheet.accuracy",
    "plan": "perfsheet.planning.targets",
    "read": "perfsheet.capture",
    "read_budget": "perfsheet.budget",
    "read_graph_report": "perfsheet.graph_report",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'perfsheet' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion: none of them is imported by that."""
    return sorted(__all__)
