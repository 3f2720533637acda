"""What a tool consists of."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass
from perfsheet.mcp.inputs import ROWS, Input
from perfsheet.mcp.schemas import Schema
from perfsheet.mcp.session import Session
from perfsheet.text.json_view import BRIEF_BYTES, JsonView


def context(analysis: Analysis) -> dict[str, Any]:
    """What has to be said beside any figure: the window, and what speaks against the capture, if anything does."""
    summary = analysis.summary
    plan = summary.plan
    return {
        "window": summary.window,
        **({"warnings": list(summary.warnings)} if summary.warnings else {}),
        **({"replayed": True} if summary.provenance.replayed else {}),
        **({"planned": {"board": plan.board, "ttnn": plan.ttnn}} if plan is not None else {}),
    }


def without_head(document: dict[str, Any]) -> dict[str, Any]:
    """A document of a command without what it says of the whole capture."""
    return {key: value for key, value in document.items() if key not in ("capture", "planned", "graph")}


ANSWER_BYTES = 32_768
"""The most that an answer takes, but for what is brief."""


class Lane(Enum):
    """Where a tool works: of each kind one at a time does, beside those of the others."""

    ANALYSIS = "in the server"
    PROCESS = "in a process that it starts"
    TARGET = "in a process that runs a target, which needs leave"


@dataclass(frozen=True)
class Tool:
    """A tool: its name and title, what it is for, its input, its answer, and what it does.

    `view`: what of the document is answered. `read_only`: whether it writes nothing. `order`: its place in the list.
    """

    name: str
    title: str
    about: str
    input: type[Input]
    answer: Schema
    call: Callable[[Session, Any], dict[str, Any]]
    view: Callable[[Any], JsonView]
    lane: Lane = Lane.ANALYSIS
    read_only: bool = True
    order: int = 100

    @property
    def runs(self) -> bool:
        """Whether it runs a target."""
        return self.lane is Lane.TARGET


def brief(given: Any) -> JsonView:
    """What matters, in 8 kB; a page that is asked for may take more."""
    limit, offset = getattr(given, "limit", None), getattr(given, "offset", 0)
    most = BRIEF_BYTES if limit is None and not offset else ANSWER_BYTES
    return JsonView(brief=True, limit=limit, offset=offset, most_bytes=most)


def paged(given: Any) -> JsonView:
    """The page that is asked for."""
    return JsonView(
        limit=getattr(given, "limit", ROWS), offset=getattr(given, "offset", 0), most_bytes=ANSWER_BYTES
    )  # fmt: skip
