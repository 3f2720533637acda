"""Tool `compare`: what changed between two captures."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from perfsheet.comparison import compare
from perfsheet.mcp.inputs import CaptureInput, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, figure, table_schema, text, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, brief
from perfsheet.outputs import json_output
from perfsheet.tables.changes import CHANGES
from perfsheet.text.comparison import headline
from perfsheet.text.json_brief import BRIEF


class CompareInput(CaptureInput, kw_only=True):
    """The capture now, and the one before."""

    base: Annotated[str, Meta(min_length=1, description="The capture before, or a folder: its newest report.")]
    base_graph: Annotated[str | None, Meta(description="The graph report of `base`; `graph` is that of `capture`.")] = (
        None
    )
    noise_pct: Annotated[float, Meta(ge=0, description="Differences of time up to so many percent count as noise.")] = (
        5.0
    )
    limit: Limit | None = None
    offset: Offset = 0


def call(session: Session, given: CompareInput) -> dict[str, Any]:
    """Both times, the changes with the largest differences, findings that are fixed, new, or remain."""
    base = msgspec.structs.replace(given, capture=given.base, graph=given.base_graph)
    found = compare(session.analyse(base), session.analyse(given), given.noise_pct)
    return {"headline": headline(found), **json_output.compare(found, [], as_brief=True)}


TOOL = Tool(
    name="compare",
    title="Compare two captures",
    about=(
        "What a change did, in 8 kB at most: time before and now, whether that is beyond noise, ops that changed, "
        "were fused, added or removed with the largest differences first and what changed about each, and "
        "findings that are fixed, new, or remain. Ops are aligned, not matched by name."
    ),
    input=CompareInput,
    answer=answer_schema(
        headline=text("what it comes to, in a sentence"),
        base=thing("the capture before"),
        new=thing("the capture now"),
        delta_ns=figure("kernel time now − before [ns]"),
        changes=table_schema(CHANGES, *(key for key in BRIEF["changes"] if key in {c.key for c in CHANGES.columns})),
    ),
    call=call,
    view=brief,
    order=60,
)
