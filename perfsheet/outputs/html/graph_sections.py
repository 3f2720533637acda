"""The sections of a graph report on the page: the time in the source, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.beside import Graph
from perfsheet.analysis.graph.charts import flame, memory_chart
from perfsheet.analysis.graph.excerpts import Excerpts
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.analysis.results import Cause
from perfsheet.capture.notes import rows
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.html import graph_charts
from perfsheet.outputs.html.document import Section
from perfsheet.outputs.html.table import page_table
from perfsheet.tables import Rows
from perfsheet.tables.memory import HELD, MEMORY, held_buffers, memory_ops
from perfsheet.tables.sources import MODULES, SOURCE_GROUPS, modules, source_groups
from perfsheet.text import graph as text

_LINES, _MODULES, _FILES = 200, 1000, 10
_OPS, _HELD = 2000, 200


def graph_sections(analysis: Analysis) -> Iterator[Section]:
    """The sections that a graph report adds; none without one."""
    graph = analysis.graph
    if graph is None:
        return
    yield Section("source", "Source", "source.html", _source(analysis, graph))
    if graph.memory.known:
        yield Section("memory", "Memory", "memory.html", _memory(analysis, graph))


def _source(analysis: Analysis, graph: Graph) -> dict[str, Any]:
    note = text.joined(graph)
    if not graph.joined.report.has_stacks:
        return {"note": note, "stacks": False}
    lines, tree = source_groups(analysis, GroupBy.LINE), modules(analysis)
    drawing = graph_charts.flame(flame(graph, analysis.ops), style.palette_of(analysis))
    return {
        "note": note,
        "stacks": True,
        "charts": [(style.FLAME, style.FLAME_ASKS, Markup(drawing))],
        "lines": page_table("lines-table", SOURCE_GROUPS, Rows(analysis, lines.items[:_LINES])),
        "lines_left": _left_out(len(lines) - _LINES, "lines with less kernel time"),
        "listings": [(text.listing(listing), listing.excerpts) for listing in Excerpts(graph).listings(_FILES)],
        "modules": page_table("modules-table", MODULES, Rows(analysis, tree.items[:_MODULES])),
        "modules_left": _left_out(len(tree) - _MODULES, "modules"),
    }


def _left_out(count: int, what: str) -> str:
    return f"{count:,} {what} are not listed" if count > 0 else ""


def _memory(analysis: Analysis, graph: Graph) -> dict[str, Any]:
    chart = memory_chart(graph, analysis.ops)
    l1, dram = style.l1_in_use(graph.memory), style.dram_in_use(graph.memory)
    ops = memory_ops(analysis, _OPS)
    held = held_buffers(analysis, _HELD)
    return {
        "note": text.memory(analysis),
        "charts": [
            (l1, style.l1_asks(chart), Markup(graph_charts.l1(analysis, chart, l1))),
            (dram, style.DRAM_ASKS, Markup(graph_charts.dram(chart, dram))),
        ],
        "tables": [(HELD.title, page_table("held-table", HELD, held))] if len(held) else [],
        "each_op": f"Each op: {rows(len(ops), 'op')}",
        "ops": page_table("memory-table", MEMORY, ops),
        "left": _left_out(len(analysis.ops) - len(ops), "ops below the peaks around them"),
    }


def places(analysis: Analysis, excerpts: Excerpts | None, cause: Cause) -> dict[str, Any]:
    """The first lines that the ops of a cause come from, each with the source around it if the report carries it."""
    if analysis.graph is None or excerpts is None:
        return {"places": [], "more_places": ""}
    first, more = text.first_places(analysis.graph.places(cause.positions))
    shown = [(text.place(source, count), source.line, excerpts.around(source)) for source, count in first]
    return {"places": shown, "more_places": more}
