"""Rankings and findings as CSV on standard output, under the names of the JSON contract."""

from __future__ import annotations

import csv
from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.render import jsonout
from perfsheet.render.words import clean

# A cell that starts with one of these is a formula to a spreadsheet; an apostrophe keeps it text.
_FORMULA_STARTS = ("=", "+", "-", "@")


def top_ops(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The ranking, one line per op."""
    _write(out, jsonout.top_ops(analysis, count)["ops"])


def op_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, one line per configuration."""
    _write(out, jsonout.op_groups(analysis, count)["groups"])


def hotspots(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The findings, one line each."""
    _write(out, jsonout.hotspots(analysis, count)["findings"])


def _write(out: TextIO, entries: list[jsonout.Json]) -> None:
    lines = [_flat(entry) for entry in entries]
    writer = csv.DictWriter(out, list(lines[0]) if lines else ["rank"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)


def _flat(entry: jsonout.Json) -> dict[str, object]:
    """One JSON object as cells: a row reference becomes `file` and `row`, lists are joined with `;`."""
    cells: dict[str, object] = {}
    for name, value in entry.items():
        if name == "row":
            cells["file"], cells["row"] = _text(value["file"]), value["row"]
        elif name == "rows":
            several = len({ref["file"] for ref in value}) > 1
            cells["rows"] = _text(
                ";".join(f"{ref['file']}:{ref['row']}" if several else str(ref["row"]) for ref in value)
            )
        elif isinstance(value, list):
            cells[name] = ";".join(str(item) for item in value)
        else:
            cells[name] = _text(value) if isinstance(value, str) else value
    return cells


def _text(value: str) -> str:
    safe = clean(value)
    return f"'{safe}" if safe.startswith(_FORMULA_STARTS) else safe
