"""Tool `causes`: what to fix, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, table_schema, text
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged
from perfsheet.outputs.json_output.parts import named
from perfsheet.tables import Rows
from perfsheet.tables.causes import CAUSES
from perfsheet.text.causes import left, verdict


class CausesInput(CaptureInput):
    """A capture, and a page of its causes."""

    limit: Limit = ROWS
    offset: Offset = 0
    minor: Annotated[bool, Meta(description="Also those that should save less than a thousandth of the time.")] = False


def call(session: Session, given: CausesInput) -> dict[str, Any]:
    """The causes, largest expected saving first, and what should be left once those shown are fixed."""
    analysis = session.analyse(given)
    listed = analysis.causes if given.minor else analysis.first_causes(len(analysis.causes))
    shown = listed[given.offset : given.offset + given.limit]
    records = CAUSES.records(Rows(analysis, listed))
    remains = left(analysis, shown) if not given.offset else None
    return named(analysis, {**context(analysis), "verdict": verdict(analysis), "left": remains, "causes": records})


TOOL = Tool(
    name="causes",
    title="What to fix",
    about=(
        "The causes of a capture, largest expected saving first, page by page: the ops, what fixing it should "
        "save (expected_saving_ns, with its ground) and at most (bound_ns), what to try, the rows. `explain` has "
        "one in depth."
    ),
    input=CausesInput,
    answer=answer_schema(
        verdict=text("one sentence: what the time goes to, and what should be left"),
        left=text("what should be left with the shown ones fixed"),
        causes=table_schema(CAUSES),
    ),
    call=call,
    view=paged,
    order=30,
)
