"""Captures for the fuzzers: the small ones that they start from, and how bytes become cells."""

from __future__ import annotations

import csv
import io
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_EXAMPLE = ROOT / "examples" / "captures" / "generated_encoder_block_after.csv"
_ROWS = 8


def small() -> str:
    """A header and a few rows of every kind."""
    with _EXAMPLE.open(encoding="utf-8", newline="") as stream:
        return "".join(line for number, line in enumerate(stream) if number <= _ROWS)


def seeds(folder: Path) -> Path:
    """A folder with captures to start from: the small capture as it is, and with other separators and encodings."""
    folder.mkdir(parents=True, exist_ok=True)
    text = small()
    rows = list(csv.reader(io.StringIO(text)))
    narrow = [[row[at] for at in (0, 1, 2, 3, 5, 7, 19)] for row in rows]
    for name, data in {
        "plain": text.encode(),
        "narrow": _text(narrow, ",").encode(),
        "semicolons": _text(narrow, ";").encode(),
        "wide": _text(narrow, ",").encode("utf-16"),
        "quoted": _text([[f'{cell}"\n' for cell in row] for row in narrow], ",").encode(),
    }.items():
        (folder / name).write_bytes(data)
    return folder


def _text(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def with_cells(cells: list[str]) -> bytes:
    """The small capture with other text in its cells, except in op types and durations."""
    head, *rows = csv.reader(io.StringIO(small()))
    unchanged = {head.index("OP TYPE"), head.index("DEVICE KERNEL DURATION [ns]")}
    positions = [(row, column) for row in range(len(rows)) for column in range(len(head)) if column not in unchanged]
    for number, cell in enumerate(cells):
        row, column = positions[(number * 37) % len(positions)]
        rows[row][column] = cell
    return _text([head, *rows], ",").encode("utf-8", "replace")
