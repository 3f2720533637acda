"""Tool `try`: what TTNN accepts for an op or a cause, on a mock board."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from perfsheet.mcp.commands import run_command
from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, window_flags
from perfsheet.mcp.schemas import answer_schema, table_schema, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Lane, Tool, paged, without_head
from perfsheet.tables.trials import VARIANTS


class TryInput(CaptureInput, kw_only=True):
    """What to try."""

    subject: Annotated[
        str,
        Meta(pattern=r"^(?:[CHch]\d{1,6}|\d{1,9})$", description="A cause (C1), a finding (H1) or a row of the file."),
    ]
    ops: Annotated[int, Meta(ge=1, le=10, description="Different ops of a cause to try, longest first.")] = 1
    timeout_s: Annotated[float, Meta(gt=0, le=3600, description="How long it may take; a board takes seconds.")] = 300.0
    limit: Limit = ROWS


def call(session: Session, given: TryInput) -> dict[str, Any]:
    """The op as recorded and in other ways: what TTNN accepts, with the code, and why it refuses the rest."""
    python = [] if session.python is None else ["--python", session.python]
    graph = session.graph(given)
    arguments = ["try", given.subject, str(session.capture(given.capture)), "--json", "--ops", str(given.ops)]
    arguments += [*window_flags(given), *([] if graph is None else [f"--graph={graph}"]), *python]
    return without_head(run_command(arguments, given.timeout_s))


TOOL = Tool(
    name="try",
    title="Try an op on a mock board",
    about=(
        "Builds an op as it was recorded, and in other ways (more cores, other shards, blocks, memory), with the "
        "TTNN of this machine on a mock board: what TTNN accepts, with its Python, and why it refuses the rest. "
        "How fast a way is only a device tells."
    ),
    input=TryInput,
    answer=answer_schema(
        tried_on=thing("the mock board and the version of ttnn"),
        trials={"type": "array", "description": "each op: as recorded (`again`), and its variants", "items": {
            "type": "object", "properties": {"variants": table_schema(VARIANTS)}}},
        chains={"type": "array", "description": "ops that were tried as one"},
    ),
    call=call,
    view=paged,
    lane=Lane.PROCESS,
    read_only=False,
    order=110,
)  # fmt: skip
