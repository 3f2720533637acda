"""perfsheet: from a pytest target, or a tt-metal ops CSV, to the Excel perf sheet.

    >>> import perfsheet
    >>> table = perfsheet.read("ops_perf_results_2026_11_01_10_00_00.csv")
    >>> analysis = perfsheet.analyze(table, perfsheet.Options(batch=8))
    >>> analysis.summary.fps.all, analysis.top(3), analysis.findings
    >>> perfsheet.compare(before, analysis).gains
    >>> perfsheet.pcc(golden, output)

Nothing heavy is imported before one of these names is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfsheet._version import __version__
from perfsheet.errors import ExitStatus, PerfsheetError

if TYPE_CHECKING:
    from perfsheet.accuracy import pcc
    from perfsheet.analysis import Analysis, Options, Selection, analyze
    from perfsheet.capture import OpsTable, read
    from perfsheet.comparison import compare
    from perfsheet.graph_report import read_graph_report

__all__ = [
    "Analysis",
    "ExitStatus",
    "OpsTable",
    "Options",
    "PerfsheetError",
    "Selection",
    "__version__",
    "analyze",
    "compare",
    "pcc",
    "read",
    "read_graph_report",
]

_HOMES = {
    "Analysis": "perfsheet.analysis",
    "Options": "perfsheet.analysis",
    "Selection": "perfsheet.analysis",
    "analyze": "perfsheet.analysis",
    "compare": "perfsheet.comparison",
    "OpsTable": "perfsheet.capture",
    "pcc": "perfsheet.accuracy",
    "read": "perfsheet.capture",
    "read_graph_report": "perfsheet.graph_report",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'perfsheet' has no attribute {name!r}")
