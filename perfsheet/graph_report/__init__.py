"""TTNN's graph report: where each op comes from, what is in memory, and how exact it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perfsheet.graph_report.model import GraphReport

__all__ = ["GraphReport", "graph_reports", "read_graph_report"]


def read_graph_report(path: str | Path) -> GraphReport:
    """Read a graph report: `db.sqlite`, a capture's JSON, or the newest of either below a folder.

    The captures of several ranks (`…_1_of_2.json`) belong together. Raises PerfsheetError (exit status 3) where there
    is none, or it cannot be read.
    """
    from perfsheet.graph_report.find import read  # SQLite and a JSON decoder, which few commands need

    return read(path)


def graph_reports(path: str | Path) -> Iterator[GraphReport]:
    """The same, and the older ones below a folder after it, each read when it is asked for."""
    from perfsheet.graph_report.find import candidates

    return candidates(path)
