"""The points behind every chart: one module a chart, the same points in the workbook and on the page."""

from perfsheet.analysis.charts.core_use import CoreUse, core_use
from perfsheet.analysis.charts.pareto import Bar, Pareto, pareto
from perfsheet.analysis.charts.points import Point, placed_names
from perfsheet.analysis.charts.roofline import Roof, Roofline, roofline
from perfsheet.analysis.charts.timeline import Timeline, timeline

__all__ = [
    "Bar",
    "CoreUse",
    "Pareto",
    "Point",
    "Roof",
    "Roofline",
    "Timeline",
    "core_use",
    "pareto",
    "placed_names",
    "roofline",
    "timeline",
]
