"""TTNN's graph report: where each op comes from, what is in memory, and how exact it is."""

from perfsheet.graph_report.find import read_graph_report
from perfsheet.graph_report.model import GraphReport

__all__ = ["GraphReport", "read_graph_report"]
