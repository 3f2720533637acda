"""Tool `table`: a table that reports are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, text
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged
from perfsheet.outputs.breakdown import document
from perfsheet.tables.breakdown import BREAKDOWNS

_Kind: Any = Literal[tuple(one.name for one in BREAKDOWNS)]


class TableInput(CaptureInput, kw_only=True):
    """A capture, and which table of it."""

    kind: Annotated[_Kind, Meta(description="Which table; docs/breakdown.md says what each has.")]
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: TableInput) -> dict[str, Any]:
    """The records of the table."""
    analysis = session.analyse(given)
    return {"kind": given.kind, **context(analysis), "table": document(analysis, given.kind)["table"]}


TOOL = Tool(
    name="table",
    title="A table for a report",
    about=(
        "A table of a capture as reports have it: layers (compute, communication, memory and idle time of one "
        "real layer of each kind, per device, with minimum and maximum, and count × layer), matmul-geometry (M, "
        "K, N, data types, program config), attention, norms, collectives (bytes, bandwidth, waiting), "
        "host-fallback, ops."
    ),
    input=TableInput,
    answer=answer_schema(
        kind=text("which table"),
        window=text("the part of the capture"),
        table={"type": "array", "description": "its rows; docs/columns.md has the columns"},
    ),
    call=call,
    view=paged,
    order=80,
)
