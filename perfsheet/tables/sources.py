"""The tables of where the time goes in the source: by module, line or call, and the modules as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.results import Cause, Finding
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, LIST, NS, PERCENT, ROW, ROWS, SOURCE

if TYPE_CHECKING:
    from perfsheet.analysis.graph.groups import GroupBy, Module, SourceGroup
    from perfsheet.analysis.graph.sources import Source

    SourceGroupRows = Rows[Analysis, SourceGroup]

_GRAPH = "docs/graph-report.md"


def source_groups(analysis: Analysis, by: GroupBy, count: int | None = None) -> SourceGroupRows:
    """The first `count` groups, most kernel time first (None = all); none without a graph report."""
    return Rows(analysis, () if analysis.graph is None else analysis.graph.by(by)[:count])


def modules(analysis: Analysis) -> Rows[Analysis, Module]:
    """The modules, each before those in it; none without a graph report."""
    return Rows(analysis, () if analysis.graph is None else tuple(analysis.graph.modules.walk())[1:])


def places_of(rows: Rows[Analysis, Any]) -> list[Sequence[tuple[Source, int]]]:
    """For each finding or cause the lines that its ops come from, each with how many."""
    graph = rows.source.graph
    items: Iterable[Finding | Cause] = rows
    return [() if graph is None else graph.places(item.positions) for item in items]


def with_source(rows: Rows[Analysis, Any]) -> bool:
    """Whether there is a graph report with stacks."""
    return rows.source.graph is not None and rows.source.graph.joined.report.has_stacks


def _rows(rows: SourceGroupRows) -> list[list[Any]]:
    return [rows.source.row_refs(group.positions.tolist()) for group in rows]


def _first_rows(rows: SourceGroupRows) -> list[Any]:
    return rows.source.row_refs(int(group.positions[0]) for group in rows)


def _share_of(time: Callable[[Module], float]) -> Callable[[Rows[Analysis, Module]], list[float]]:
    def shares(rows: Rows[Analysis, Module]) -> list[float]:
        total = rows.source.ops.total_ns
        return [time(module) / total if total else 0.0 for module in rows]

    return shares


def _indented(module: Module) -> str:
    return f"{'  ' * (len(module.path) - 1)}{module.name}"


# fmt: off
SOURCE_GROUPS: Table[SourceGroupRows] = Table(
    "source_groups",
    "Source",
    "Kernel time by line, module or Python call, from a graph report: `top-ops --by`, sheet Source, the page.",
    (
        Column("rank", "Rank", COUNT, each(lambda group: group.rank), "place by Σ kernel duration, 1 = most", short="#",
            width=7),
        Column("name", "Name", LABEL, each(lambda group: group.name), "the module path, the line or the call", _GRAPH,
            flexible=True, width=40, code=True),
        Column("functions", "Function", LIST, each(lambda group: group.functions),
            "the functions that its lines are in, most kernel time first", _GRAPH, flexible=True, width=30, drop=3,
            code=True),
        Column("calls", "Call", LIST, each(lambda group: group.calls),
            "the Python calls of TTNN, most kernel time first", _GRAPH, flexible=True, width=30, drop=2, code=True),
        Column("source", "First op's source", SOURCE, each(lambda group: group.source), "of the first op", _GRAPH,
            outputs=In.DATA | In.SHEET),
        Column("count", "Ops", COUNT, each(lambda group: group.count), "device ops in the group", width=8),
        Column("kernel_duration_ns", "Σ kernel duration", NS, each(lambda group: group.kernel_ns),
            "what its ops add to the kernel time: the groups sum up to all of it", _GRAPH, short="Σ kernel", bar=True),
        Column("share_pct", "Share", PERCENT, each(lambda group: group.share), "of the kernel time of the window",
            width=9),
        Column("op_codes", "Op codes", LIST, each(lambda group: group.codes), "of its ops, most kernel time first",
            flexible=True, drop=4, width=44, text=lambda codes: ", ".join(map(short_code, codes))),
        Column("first_row", "First file row", ROW, _first_rows, "row of the capture with the first of the ops",
            outputs=In.SHEET),
        Column("rows", "Rows", ROWS, _rows, "the rows of the capture", outputs=In.JSON | In.CSV),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.PAGE | In.MARKDOWN | In.SHEET,
)

MODULES: Table[Rows[Analysis, Module]] = Table(
    "module_tree",
    "Module tree",
    "The module tree, from a graph report: `top-ops --by module`, sheet Source, the page.",
    (
        Column("name", "Module", LABEL, each(_indented), "the module or function, below the one that calls it", _GRAPH,
            outputs=In.TEXT | In.SHEET, width=50, flexible=True, code=True),
        Column("path", "Path", LIST, each(lambda module: module.path), "the way to it, outermost first", _GRAPH,
            outputs=In.JSON | In.CSV),
        Column("count", "Ops", COUNT, each(lambda module: module.count), "device ops in it and in the modules in it",
            width=8),
        Column("total_ns", "Total", NS, each(lambda module: module.total_ns),
            "kernel time of its ops and of the modules in it", _GRAPH, bar=True),
        Column("self_ns", "Self", NS, each(lambda module: module.self_ns), "kernel time of its own ops", _GRAPH),
        Column("share_pct", "Share", PERCENT, _share_of(lambda module: module.total_ns),
            "total / kernel time of the window", _GRAPH, width=9),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.PAGE | In.MARKDOWN | In.SHEET,
)
