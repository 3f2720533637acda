"""Tool `captures`: which captures and plans there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from perfsheet.capture.compressed import beginning
from perfsheet.errors import usage
from perfsheet.mcp.inputs import ROWS, Input, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, figure
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, paged

_MOST_FILES = 20_000
_HEAD_BYTES = 8192
_LEFT_OUT = {".git", ".venv", "node_modules", "__pycache__"}


class CapturesInput(Input):
    """Where to look."""

    folder: Annotated[str, Meta(description="Below the folders of the server; default: the first of them.")] = "."
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: CapturesInput) -> dict[str, Any]:
    """Ops CSVs and plans below a folder, newest first, told by their first bytes."""
    folder = session.path(given.folder)
    if not folder.is_dir():
        raise usage(f"{given.folder} is no folder", "name one, or ask the other tools about the file")
    seen = list(islice(_files(folder), _MOST_FILES))
    found = [(path, kind) for path in seen if path.is_file() and (kind := _kind(path))]  # a pipe would be waited for
    states = [(path, kind, path.stat()) for path, kind in found]
    states.sort(key=lambda one: -one[2].st_mtime)
    return {
        "folder": session.shown(folder),
        "files_seen": len(seen),
        "captures": [
            {"capture": session.shown(path), "kind": kind, "bytes": state.st_size, "modified": state.st_mtime}
            for path, kind, state in states
        ],
    }


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, without those that links lead to."""
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _LEFT_OUT)
        yield from (path for path in (Path(name, file) for file in sorted(files)) if not path.is_symlink())


def _kind(path: Path) -> str:
    """What a file is as a capture, blank for what is none."""
    name = path.name.lower()
    if name.endswith(".json"):
        return "plan" if b'"perfsheet_plan"' in beginning(path, _HEAD_BYTES) else ""
    if name.endswith((".csv", ".csv.gz")):
        return "ops CSV" if b"OP CODE" in beginning(path, _HEAD_BYTES).upper() else ""
    return "ops CSV" if name.endswith(".csv.zip") and name.startswith("ops_perf_results") else ""


TOOL = Tool(
    name="captures",
    title="List captures",
    about="Lists ops CSVs and plans below a folder, newest first. Start here where you don't know the path.",
    input=CapturesInput,
    answer=answer_schema(
        files_seen=figure("files looked at, 20,000 at most"),
        captures={"type": "array", "description": "by path: kind, bytes, when it was modified (seconds since 1970)"},
    ),
    call=call,
    view=paged,
    order=10,
)
