"""The file of a plan: what was planned, its ops as rows, and TTNN's own captures (read by `perfsheet.graph_report`)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec


class PlanDocument(msgspec.Struct):
    """All of a plan but the captures, whose content is of no concern to the ops."""

    perfsheet_plan: int
    columns: list[str]
    ops: list[list[str]]
    of: list[Annotated[int, msgspec.Meta(ge=-1, lt=2**31)]]
    """For each op its device op in the captures, -1 without one."""
    board: str = ""
    mesh: str = ""
    ttnn: str = ""
    command: str = ""
    tests: str = ""
    tests_failed: bool = False
    reason: str = ""
    refused: str = ""
    stopped: str = ""
    problems: list[str] = []
    captures: msgspec.Raw | list[Any] = []
    sources: dict[str, str] = {}
