"""Where a graph report is: a file, or the newest one in a folder."""

from __future__ import annotations

import gc
import re
from dataclasses import replace
from pathlib import Path

from perfsheet.errors import unusable
from perfsheet.graph_report.database import read_database
from perfsheet.graph_report.json_report import COMPARISONS, COMPARISONS_SUFFIX, IO_SUFFIX, read_json
from perfsheet.graph_report.model import GraphReport

DATABASE = "db.sqlite"
_OF_RANK = re.compile(r"(.*?)_?\d+_of_\d+\.json$")
_NO_CAPTURE = ("config.json", "run.json", COMPARISONS)
_HINT = "give a folder that TTNN's graph report made (generated/ttnn/reports/…), its db.sqlite, or a capture's JSON"


def read(path: str | Path) -> GraphReport:
    """Read the report of a file, or the newest below a folder."""
    given = Path(path)
    collecting = gc.isenabled()
    gc.disable()  # of all that is made here nothing is garbage before the end, and looking for it takes a third
    try:
        if given.is_dir():
            found = _newest(given)
            return replace(_read(found), how_chosen=f"newest graph report in {given}")
        if not given.exists():
            raise unusable(f"{given}: there is no such file or folder", _HINT)
        return _read(given)
    except OSError as error:
        raise unusable(f"{given}: {error.strerror or error}", _HINT) from None
    finally:
        if collecting:
            gc.enable()


def _read(path: Path) -> GraphReport:
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(b"SQLite format 3"):
        return read_database(path)
    if not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise unusable(f"{path}: neither a database nor a graph capture of TTNN", _HINT)
    return read_json(_ranks(path))


def _ranks(path: Path) -> list[Path]:
    """The capture and those of the other ranks of its run."""
    name = _OF_RANK.match(path.name)
    if name is None:
        return [path]
    beside = ((other, _OF_RANK.match(other.name)) for other in path.parent.glob("*.json"))
    return sorted(other for other, same in beside if same is not None and same[1] == name[1])


def _newest(folder: Path) -> Path:
    databases = [path for path in folder.rglob(DATABASE) if path.is_file()]
    captures = [path for path in folder.rglob("*.json") if _may_be_capture(path)]
    found = databases or captures
    if not found:
        raise unusable(f"{folder}: no graph report in this folder", _HINT)
    return max(found, key=lambda path: (path.stat().st_mtime_ns, str(path)))


def _may_be_capture(path: Path) -> bool:
    if path.name in _NO_CAPTURE or path.name.endswith((IO_SUFFIX, COMPARISONS_SUFFIX, ".tensor_lifetime.json")):
        return False
    with path.open("rb") as file:
        return b'"graph"' in file.read(1 << 20) if path.stat().st_size < (1 << 20) else True
