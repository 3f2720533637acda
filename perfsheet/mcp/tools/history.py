"""Tool `history`: runs over months, where a figure changed, which ops got slower."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from perfsheet.mcp.commands import run_command
from perfsheet.mcp.inputs import ROWS, Input, Limit, Offset, Positive
from perfsheet.mcp.schemas import answer_schema, text
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Lane, Tool, paged

_SECONDS = 120.0
_Name = Annotated[str, Meta(pattern=r"^\w[\w.\- ]*$")]


class HistoryInput(Input):
    """A store, what to ask it, and which runs."""

    store: Annotated[str, Meta(min_length=1, description="A folder that `perfsheet history add` wrote.")]
    ask: Annotated[
        Literal["list", "trend", "ops", "targets"],
        Meta(
            description="The runs; a figure over commits with its changes; ops that got slower; targets and distances."
        ),
    ] = "trend"
    metric: Annotated[_Name | None, Meta(description="Of a trend: kernel, fps, idle, …")] = None
    op: Annotated[str | None, Meta(description="Of ops: only those whose code, shape or source contain this.")] = None
    targets: Annotated[str | None, Meta(description="Of targets: tt-metal's model_targets.yaml.")] = None
    budget: Annotated[str | None, Meta(description="Of targets: a budget file (TOML) of all models.")] = None
    model: Annotated[str | None, Meta(description="Only this model; * stands for anything.")] = None
    board: Annotated[str | None, Meta(description="Only runs on this board.")] = None
    branch: Annotated[str | None, Meta(description="Only runs of this branch.")] = None
    last: Annotated[Positive | None, Meta(description="Only the newest runs of each model and board.")] = None
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: HistoryInput) -> dict[str, Any]:
    """What `perfsheet history` answers."""
    store = session.path(given.store)
    for path in store.rglob("*.parquet"):
        if path.is_symlink():
            session.path(str(path))
    arguments = ["history", given.ask, str(store), "--json"]
    chosen = {name: getattr(given, name) for name in ("model", "board", "branch", "last")}
    arguments += [f"--{name}={value}" for name, value in chosen.items() if value is not None]
    if given.ask == "trend" and given.metric is not None:
        arguments.append(f"--metric={given.metric}")
    if given.ask == "ops" and given.op is not None:
        arguments.append(f"--op={given.op}")
    if given.ask == "targets":
        files = {"targets": given.targets, "budget": given.budget}
        arguments += [f"--{name}={session.path(file)}" for name, file in files.items() if file is not None]
    if given.ask == "list":
        arguments.append("--runs")
    return run_command(arguments, _SECONDS)


TOOL = Tool(
    name="history",
    title="A history of runs",
    about=(
        "Asks a store of many runs: which there are, where a figure (kernel time, FPS, idle) changed for good, "
        "between which commits and by how much, which ops got slower since when, and measured beside target. "
        "Needs duckdb."
    ),
    input=HistoryInput,
    answer=answer_schema(store=text("the store")),
    call=call,
    view=paged,
    lane=Lane.PROCESS,
    order=120,
)
