"""Tool `overview`: what a capture says, in one answer."""

from __future__ import annotations

from typing import Any

from perfsheet.mcp.inputs import CaptureInput
from perfsheet.mcp.schemas import answer_schema, table_schema, text, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, brief
from perfsheet.outputs import json_output
from perfsheet.tables.causes import CAUSES
from perfsheet.tables.groups import GROUPS
from perfsheet.text.json_brief import BRIEF


class OverviewInput(CaptureInput):
    """A capture."""


def call(session: Session, given: OverviewInput) -> dict[str, Any]:
    """The verdict, where the time goes, the first causes, the groups of ops with most time."""
    return json_output.brief(session.analyse(given))


TOOL = Tool(
    name="overview",
    title="Overview of a capture",
    about=(
        "What a capture says, in 8 kB at most: the verdict, where the elapsed time goes (time_split adds up to "
        "it), the first causes with what fixing each should save and why that is believed, and the groups of "
        "identical ops with most kernel time: cores, shares of the compute and DRAM peaks, and what these say. "
        "Times are ns of one inference."
    ),
    input=OverviewInput,
    answer=answer_schema(
        capture=thing("the window, kernel and elapsed time, time_split, FPS, warnings"),
        verdict=text("one sentence: what the time goes to, and what should be left"),
        causes=table_schema(CAUSES, *BRIEF["causes"]),
        groups=table_schema(GROUPS, *BRIEF["groups"]),
    ),
    call=call,
    view=brief,
    order=20,
)
