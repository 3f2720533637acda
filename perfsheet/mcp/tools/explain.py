"""Tool `explain`: one cause, finding, op or rule in depth."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from perfsheet.errors import usage
from perfsheet.explanation import explain, explain_rule, rule_named
from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, table_schema, text, texts, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged, without_head
from perfsheet.outputs.json_output.explanation import explanation
from perfsheet.tables.explanation import CURES, FORMULAS, OTHERS
from perfsheet.trials.subjects import is_of_a_capture


class ExplainInput(CaptureInput, kw_only=True):
    """What to explain."""

    subject: Annotated[
        str, Meta(min_length=1, description="A cause (C1), a finding (H1), a row of the file (67) or a rule (reshard).")
    ]
    capture: Annotated[str, Meta(description="A capture; for a rule alone blank.")] = ""
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: ExplainInput) -> dict[str, Any]:
    """Why, the formulas with their numbers, cures with code, siblings."""
    if not given.capture:
        if is_of_a_capture(given.subject):
            raise usage(f"{given.subject} is of a capture", "name that with `capture`")
        return explanation(explain_rule(rule_named(given.subject)), None)
    analysis = session.analyse(given)
    found = explanation(explain(analysis, given.subject), analysis)
    return {**context(analysis), **without_head(found)}


TOOL = Tool(
    name="explain",
    title="Explain a cause, an op or a rule",
    about=(
        "One cause, finding, op (by its row) or rule in depth: why it is one, every formula with its numbers put "
        "in, what to try with its Python (not tried on a board: tool `try` asks TTNN), what speaks against it, "
        "and ops of the capture that do the same work with other settings."
    ),
    input=ExplainInput,
    answer=answer_schema(
        explained=text("cause, finding, op or rule"),
        id=text("its id; of an op its row"),
        title=text("what it is"),
        why=texts("the reasons, in sentences"),
        formulas=table_schema(FORMULAS),
        cures=table_schema(CURES),
        siblings=table_schema(OTHERS),
        related=texts("ids of causes and findings"),
        code=text("the Python of an op as it was recorded"),
        op=thing("of an op, or the op that the formulas are of: a row of table `ops`"),
    ),
    call=call,
    view=paged,
    order=50,
)
