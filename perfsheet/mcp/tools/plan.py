"""Tool `plan`: what a target would run, without a device."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from perfsheet.errors import ExitStatus
from perfsheet.mcp.commands import run_command
from perfsheet.mcp.inputs import Input
from perfsheet.mcp.schemas import answer_schema, table_schema, text, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Lane, Tool, brief
from perfsheet.planning.targets import is_command
from perfsheet.tables.causes import CAUSES
from perfsheet.text.json_brief import BRIEF


class PlanInput(Input):
    """A target, and the board to mock."""

    target: Annotated[
        str,
        Meta(
            min_length=1,
            description="A command (pytest tests/test_block.py::test), or FILE.py:FUNCTION that takes a device.",
        ),
    ]
    save: Annotated[
        str, Meta(pattern=r"\.json$", description="Where the plan goes; other tools read it as a capture.")
    ] = "plan.json"
    board: Annotated[str, Meta(description="n150, n300, p100 or p150.")] = "n150"
    mesh: (
        Annotated[str, Meta(pattern=r"^\d+x\d+$", description="The mesh that it opens as, if there are several: 1x2.")]
        | None
    ) = None
    timeout_s: Annotated[float, Meta(gt=0, le=3600, description="The target is ended after that.")] = 600.0


_MORE_S = 60.0


def call(session: Session, given: PlanInput) -> dict[str, Any]:
    """The plan in brief, and where it is."""
    path = session.new_path(given.save)
    python = [] if session.python is None else ["--python", session.python]
    alone = not is_command(given.target) and not given.target.startswith("-")  # else it would be an option
    target = [given.target] if alone else ["-c", given.target]
    mesh = [] if given.mesh is None else ["--mesh", given.mesh]
    arguments = ["plan", *target, "--board", given.board, *mesh, "--save", str(path), "--timeout",
                 f"{given.timeout_s:g}", "--brief", "--quiet", *python]  # fmt: skip
    found = run_command(arguments, given.timeout_s + _MORE_S, session.roots[0], (ExitStatus.TESTS_FAILED,))
    return {"saved": session.shown(path), **found}


TOOL = Tool(
    name="plan",
    title="Plan a target without a device",
    about=(
        "Runs a target on a mock board of this machine's TTNN: which ops it makes, on how many cores, and what is "
        "wrong with them. Nothing is measured: times are the least that each op could take. Runs the target's "
        "code."
    ),
    input=PlanInput,
    answer=answer_schema(
        saved=text("where the plan is"),
        planned=thing("board, ttnn, tests, refused"),
        verdict=text("what was found, in a sentence"),
        causes=table_schema(CAUSES, *BRIEF["causes"]),
    ),
    call=call,
    view=brief,
    lane=Lane.TARGET,
    read_only=False,
    order=130,
)
