"""A plan: the ops of a target that TTNN placed on a mock board, in the columns of the ops CSV, without times."""

from __future__ import annotations

from pathlib import Path

from perfsheet.capture.build import FileColumns, build_columns
from perfsheet.capture.records import Records
from perfsheet.documents import InvalidDocumentError
from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass

PLAN_VERSION = 1
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class PlanHead:
    """What was planned, and what came of it.

    `board` and `mesh` are what TTNN found, `ttnn` is its version. `tests` is the target's own verdict on one line,
    `tests_failed` whether it reports a failure; `reason`: of the first failure. `refused`: an op that TTNN refused,
    with its reason and its line, blank if it refused none. `stopped`: why the target was ended before its end.
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
    except (OSError, msgspec.MsgspecError, InvalidDocumentError, RecursionError) as error:
        raise unusable(f"{label} is no plan that can be read: {error}", "plan the target again") from None
    if not document.ops:
        raise unusable(f"{label} has no ops: {document.reason or 'none ran'}", "plan the target again")
    columns = build_columns(label, Records(document.columns, iter(document.ops), quoted=False), only)
    columns.notes.clear()  # what a plan lacks is no damage
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
