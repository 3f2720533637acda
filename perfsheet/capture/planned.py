"""A plan: the ops of a target that TTNN placed on a mock board, in the columns of the ops CSV, without times."""

from __future__ import annotations

import re
from pathlib import Path

from perfsheet.capture.build import FileColumns, build_columns
from perfsheet.capture.records import Records
from perfsheet.documents import InvalidDocumentError
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.hardware.boards import board
from perfsheet.light_dataclass import dataclass

PLAN_VERSION = 1
_MOST_BYTES = 1 << 30
_NEEDED = ("OP CODE", "OP TYPE", "DEVICE KERNEL DURATION [ns]")
_OF_VALUES = re.compile(r"\bassert|Assertion")
"""The reason of a failed assertion, with pytest or without."""


@dataclass(frozen=True)
class PlanHead:
    """What was planned, and what came of it.

    `board` and `mesh` are what it was planned on, `ttnn` is the version. `tests` is the target's own verdict on one
    line, `tests_failed` whether it reports a failure; `reason`: of the first one. `refused`: the op at which TTNN ended
    the target, with its reason and its line, blank if it did not. `stopped`: why the target was ended before its end.
    `problems`: what is missing for another reason. `of` has for each row its device op in the captures, -1 without one.
    """

    path: Path
    board: str
    mesh: str
    ttnn: str
    command: str
    tests: str
    tests_failed: bool
    reason: str
    refused: str
    stopped: str
    problems: tuple[str, ...]
    of: tuple[int, ...]

    @property
    def cut_short(self) -> str:
        """Why ops are missing that a device would run, blank if nothing says so.

        A failed check of values is no reason: it fails on every mock board.
        """
        if self.refused:
            return f"TTNN refuses {self.refused}"
        if self.stopped:
            return self.stopped
        return (self.reason or self.tests) if self.tests_failed and not _OF_VALUES.search(self.reason) else ""


def read_plan(label: str, path: Path, only: frozenset[str] | None) -> FileColumns:
    """The columns of a plan. Raises PerfsheetError (exit status 3) when it is damaged."""
    import msgspec

    from perfsheet.capture.plan_document import PlanDocument

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidDocumentError("larger than 1 GiB")
        document = msgspec.json.decode(path.read_bytes(), type=PlanDocument)
        if document.perfsheet_plan != PLAN_VERSION:
            raise InvalidDocumentError(f"is of version {document.perfsheet_plan}, not {PLAN_VERSION}")
        if any(len(row) != len(document.columns) for row in document.ops) or len(document.of) != len(document.ops):
            raise InvalidDocumentError("has ops with other cells than columns")
        if missing := [name for name in _NEEDED if name not in document.columns]:
            raise InvalidDocumentError(f"has no column {missing[0]}")
        if document.board:
            board(document.board)
    except (OSError, ValueError, msgspec.MsgspecError, PerfsheetError, RecursionError) as error:
        raise unusable(f"{label} is no plan that can be read: {error}", "plan the target again") from None
    if not document.ops:
        raise unusable(f"{label} has no ops: {document.reason or 'none ran'}", "plan the target again")
    columns = build_columns(label, Records(document.columns, iter(document.ops), quoted=False), only)
    columns.notes[:] = [note for note in columns.notes if note.id != "missing-columns"]  # a plan has no times
    columns.plan = PlanHead(
        path,
        document.board,
        document.mesh,
        document.ttnn,
        document.command,
        document.tests,
        document.tests_failed,
        document.reason,
        document.refused,
        document.stopped,
        tuple(document.problems),
        tuple(document.of),
    )
    return columns
