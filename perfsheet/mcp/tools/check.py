"""Tool `check`: whether a capture keeps its limits."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from perfsheet.budget import Verdict, check, check_against, read_budget
from perfsheet.comparison import compare
from perfsheet.errors import usage
from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, NaturalFloat, Offset
from perfsheet.mcp.schemas import answer_schema, table_schema
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged, without_head
from perfsheet.outputs import json_output
from perfsheet.tables.limits import LIMITS


class CheckInput(CaptureInput):
    """A capture, and its limits."""

    against: Annotated[str | None, Meta(description="A capture that it may not be slower than.")] = None
    budget: Annotated[str | None, Meta(description="A budget file (TOML): docs/budgets.md.")] = None
    fail_over_pct: Annotated[float, Meta(ge=0, description="With `against`: allowed growth of kernel time.")] = 5.0
    fail_op_over_pct: Annotated[
        NaturalFloat | None, Meta(description="With `against`: allowed growth of each op type; by default not checked.")
    ] = None
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: CheckInput) -> dict[str, Any]:
    """Whether all limits are kept, the breaches, and all limits."""
    if given.against is None and given.budget is None:
        raise usage("nothing to check against", "give `against` (a capture) or `budget` (a file)")
    analysis, verdict = session.analyse(given), Verdict(())
    if given.budget is not None:
        verdict += check(analysis, read_budget(session.path(given.budget)))
    if given.against is not None:
        base = session.analyse(msgspec.structs.replace(given, capture=given.against, graph=None))
        of_ops = None if given.fail_op_over_pct is None else given.fail_op_over_pct / 100
        verdict += check_against(compare(base, analysis), given.fail_over_pct / 100, of_ops)
    found = json_output.check(analysis, verdict, given.budget, given.against)
    return {**context(analysis), **without_head(found)}


TOOL = Tool(
    name="check",
    title="Check a capture against limits",
    about="Whether a capture keeps a budget, or is not slower than another capture; breaches name their rows.",
    input=CheckInput,
    answer=answer_schema(
        passed={"type": "boolean", "description": "whether all limits are kept"},
        breaches=table_schema(LIMITS),
        checks=table_schema(LIMITS),
    ),
    call=call,
    view=paged,
    order=70,
)
