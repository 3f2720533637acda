"""Tool `captures`: which captures, plans and stores there are."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from perfsheet.mcp.inputs import ROWS, Input, Limit, Offset
from perfsheet.mcp.schemas import answer_schema, figure
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, paged

_MOST_FILES = 20_000
_LEFT_OUT = {".git", ".venv", "node_modules", "__pycache__"}


class CapturesInput(Input):
    """Where to look."""

    folder: Annotated[str, Meta(description="Below the folders of the server; default: the first of them.")] = "."
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: CapturesInput) -> dict[str, Any]:
    """Ops CSVs and plans below a folder, newest first; files are told by their names, none is read."""
    folder = session.path(given.folder)
    seen = list(islice(_files(folder), _MOST_FILES))
    found = [path for path in seen if _is_capture(path)]
    found.sort(key=lambda path: -path.stat().st_mtime)
    return {
        "folder": session.shown(folder),
        "files_seen": len(seen),
        "captures": [
            {
                "capture": session.shown(path),
                "kind": "plan" if path.suffix == ".json" else "ops CSV",
                "bytes": path.stat().st_size,
                "modified": path.stat().st_mtime,
            }
            for path in found
        ],
    }


def _files(folder: Path) -> Any:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and path.name not in _LEFT_OUT:
            yield from _files(path)
        elif path.is_file():
            yield path


def _is_capture(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith((".csv", ".csv.gz", ".csv.zip")) or (name.endswith(".json") and "plan" in name)


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
