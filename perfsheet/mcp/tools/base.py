"""What a tool consists of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perfsheet.light_dataclass import dataclass
from perfsheet.mcp.inputs import ROWS, Input
from perfsheet.mcp.schemas import Schema
from perfsheet.mcp.session import Session
from perfsheet.text.json_view import BRIEF_BYTES, JsonView

ANSWER_BYTES = 32_768
"""The most that an answer takes, but for what is brief."""


@dataclass(frozen=True)
class Tool:
    """A tool: its name and title, what it is for, its input, its answer, and what it does.

    `view`: what of the document is answered. `runs`: whether it runs a target, which needs leave. `order`: its place in
    the list.
    """

    name: str
    title: str
    about: str
    input: type[Input]
    answer: Schema
    call: Callable[[Session, Any], dict[str, Any]]
    view: Callable[[Any], JsonView]
    runs: bool = False
    order: int = 100


def brief(given: Any) -> JsonView:
    """What matters, in 8 kB."""
    return JsonView(brief=True, limit=getattr(given, "limit", None), most_bytes=BRIEF_BYTES)


def paged(given: Any) -> JsonView:
    """The page that is asked for."""
    return JsonView(
        limit=getattr(given, "limit", ROWS), offset=getattr(given, "offset", 0), most_bytes=ANSWER_BYTES
    )  # fmt: skip
