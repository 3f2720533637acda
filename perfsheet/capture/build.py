"""From the records of one file to its columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from perfsheet.capture.cells import parse_numbers
from perfsheet.capture.columns import Type, normalise_header, resolve
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Record, Records
from perfsheet.capture.salvage import Salvage
from perfsheet.capture.table import FloatArray

# Records are turned into columns in pieces: the row-wise form of 100,000 records would take a gigabyte.
_PIECE = 4096


@dataclass
class FileColumns:
    """The columns of one file; `row` numbers its records as a spreadsheet does (the header is row 1)."""

    label: str
    row: list[int] = field(default_factory=list)
    numbers: dict[str, FloatArray] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


@dataclass
class _Layout:
    """Which cell of a record goes into which column."""

    numbers: list[tuple[int, str]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    width: int = 0
    op_code: int = 0
    duplicated: list[str] = field(default_factory=list)


def build(label: str, records: Records, only: frozenset[str] | None) -> FileColumns:
    """Read all records into columns; `only` names the columns to keep (None = all, undeclared ones included)."""
    layout = _lay_out(records.headers, only)
    out = FileColumns(label, headers=layout.headers)
    if layout.duplicated:
        names = ", ".join(layout.duplicated[:3])
        out.notes.append(
            Note(
                "duplicated-columns",
                f"{label}: columns appear twice, the first is used: {names}",
                len(layout.duplicated),
            )
        )
    pieces: dict[str, list[FloatArray]] = {name: [] for _, name in layout.numbers}
    for _, name in layout.texts:
        out.texts[name] = []
    unreadable: list[tuple[int, str, str]] = []
    repertoire: dict[str, str] = {}
    salvage = Salvage(label, layout.width, layout.op_code)
    sound = salvage.sound_records(records)
    while piece := list(islice(sound, _PIECE)):
        out.row.extend(number for number, _ in piece)
        columns = list(zip(*(record for _, record in piece), strict=True))
        for position, name in layout.numbers:
            values, bad = parse_numbers(columns[position], records.grouped_numbers)
            array = np.array(values, dtype=np.float64)
            infinite = np.flatnonzero(np.isinf(array))
            array[infinite] = np.nan
            pieces[name].append(array)
            unreadable += [(piece[i][0], name, columns[position][i]) for i in (*bad, *infinite)]
        for position, name in layout.texts:
            # Cells repeat: one string object per distinct text keeps a large capture small.
            out.texts[name].extend(repertoire.setdefault(cell, cell) for cell in columns[position])
    out.notes += [*records.notes, *salvage.notes()]
    out.numbers = {name: np.concatenate(arrays) if arrays else np.empty(0) for name, arrays in pieces.items()}
    if unreadable:
        number, name, cell = unreadable[0]
        out.notes.append(
            Note(
                "unreadable-numbers",
                f"{label}: {rows(len(unreadable), 'cell')} not readable as a number, taken as unknown; the first: "
                f"row {number}, {layout.headers[name]} = {cell[:40]!r}",
                len(unreadable),
            )
        )
    return out


def _lay_out(headers: Record, only: frozenset[str] | None) -> _Layout:
    layout = _Layout(width=len(headers))
    known = dict(resolve(headers))
    layout.op_code = next(position for position, column in known.items() if column.name == "op_code")
    names = {column.name for column in known.values()}
    seen: set[str] = set()
    for position, header in enumerate(headers):
        column = known.get(position)
        spelling = normalise_header(header)
        if spelling and spelling in seen:
            layout.duplicated.append(header.strip())
        elif column is not None:
            if only is None or column.name in only:
                (layout.numbers if column.type is Type.NUMBER else layout.texts).append((position, column.name))
                layout.headers[column.name] = header.strip()
        elif only is None and spelling:
            # Its own header is its name, unless that is the name of a declared column.
            name = header.strip() + "'" * (header.strip() in names)
            layout.texts.append((position, name))
            layout.headers[name] = header.strip()
        seen.add(spelling)
    return layout
