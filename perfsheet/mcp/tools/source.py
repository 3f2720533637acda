"""Tool `source`: the lines of source that ops come from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from perfsheet.analysis.graph.excerpts import Excerpts
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.errors import usage
from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, table_schema
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged
from perfsheet.tables.sources import SOURCE_GROUPS, source_groups


class SourceInput(CaptureInput):
    """A capture with a graph report, and a page of its lines."""

    by: Annotated[Literal["line", "module", "call"], Meta(description="Lines, modules, or Python calls of TTNN.")] = (
        "line"
    )
    excerpts: Annotated[bool, Meta(description="With the source around each line, as the graph report carries it.")] = (
        False
    )
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: SourceInput) -> dict[str, Any]:
    """Where the kernel time comes from in the source; no source file is read, the graph report carries them."""
    analysis = session.analyse(given)
    graph = analysis.graph
    if graph is None:
        raise usage("where ops come from only a graph report tells", "name it with `graph` (docs/graph-report.md)")
    groups = source_groups(analysis, GroupBy(given.by))
    records = SOURCE_GROUPS.records(groups)
    if not given.excerpts:
        return {**context(analysis), "by": given.by, "sources": records}
    excerpts = Excerpts(graph)
    shown = []
    for group, record in zip(groups, records, strict=True):
        lines = None if group.source is None else excerpts.around(group.source)
        text = None if lines is None else [f"{one.number}: {one.text}" for one in lines]
        shown.append({**record, "excerpt": text})
    return {**context(analysis), "by": given.by, "sources": shown}


TOOL = Tool(
    name="source",
    title="Lines of source",
    about=(
        "The lines (or modules, or TTNN calls) that ops come from, most kernel time first, with the source around "
        "each. Needs a graph report of the same target (perfsheet run --graph)."
    ),
    input=SourceInput,
    answer=answer_schema(sources=table_schema(SOURCE_GROUPS)),
    call=call,
    view=paged,
    order=95,
)
