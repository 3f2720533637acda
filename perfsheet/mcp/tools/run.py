"""Tool `run`: profile a target on the device of this machine."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from perfsheet.errors import ExitStatus
from perfsheet.mcp.commands import run_command
from perfsheet.mcp.inputs import Input
from perfsheet.mcp.schemas import answer_schema, table_schema, text, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Lane, Tool, brief
from perfsheet.tables.causes import CAUSES
from perfsheet.text.json_brief import BRIEF

_MORE_S = 120.0


class RunInput(Input):
    """A target."""

    command: Annotated[
        str, Meta(min_length=1, description="The target as a command: pytest tests/test_block.py::test.")
    ]
    graph: Annotated[bool, Meta(description="Also write TTNN's graph report: source lines, memory.")] = False
    folder: Annotated[
        str | None, Meta(description="Where the report goes; default: where the profiler leaves its reports.")
    ] = None
    replay: Annotated[
        str | None, Meta(description="Run the target without a profiler, and analyse this recorded capture.")
    ] = None
    timeout_s: Annotated[float, Meta(gt=0, le=7200, description="The target is ended after that.")] = 1200.0


def call(session: Session, given: RunInput) -> dict[str, Any]:
    """The capture in brief; `capture.paths` says where it is."""
    arguments = ["run", "-c", given.command, "--timeout", f"{given.timeout_s:g}", "--brief", "--quiet"]
    arguments += ["--graph"] if given.graph else []
    arguments += ["--replay", str(session.capture(given.replay))] if given.replay else []
    arguments += ["--python", session.python] if session.python else []
    arguments += ["-o", str(session.new_path(given.folder))] if given.folder else []
    return run_command(arguments, given.timeout_s + _MORE_S, session.roots[0], (ExitStatus.TESTS_FAILED,))


TOOL = Tool(
    name="run",
    title="Profile a target",
    about=(
        "Runs a target under the tt-metal profiler on the device of this machine, and analyses its capture. "
        "With `replay` a recorded capture stands in for the profiler, and `capture.replayed` says so. Runs the "
        "target's code."
    ),
    input=RunInput,
    answer=answer_schema(
        capture=thing("the window, kernel and elapsed time, time_split, warnings; `replayed`: recorded before"),
        verdict=text("one sentence: what the time goes to, and what should be left"),
        causes=table_schema(CAUSES, *BRIEF["causes"]),
    ),
    call=call,
    view=brief,
    lane=Lane.TARGET,
    read_only=False,
    order=140,
)
