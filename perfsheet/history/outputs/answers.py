"""What an engine answers to SQL: any columns, in the terminal, as JSON and CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

import pyarrow as pa

from perfsheet.capture.notes import rows as counted
from perfsheet.history.tables import iso
from perfsheet.outputs.json_output import write
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.tables.column import Column, Table
from perfsheet.tables.kinds import DECIMAL, LABEL
from perfsheet.text.json_view import JsonView
from perfsheet.text.safe import clean, csv_cell


def print_answer(answer: pa.Table, count: int | None, out: TextIO) -> None:
    """The first rows as a table."""
    screen = screen_for(out)
    shown = answer.slice(0, count)
    if _fits(shown, screen.width):
        print_rows(screen, _table(answer), shown)
    else:
        _print_records(screen, shown)
    more = "" if shown.num_rows == answer.num_rows else f"{shown.num_rows:,} of "
    screen.print(line(f"{more}{counted(answer.num_rows)}", "dim"))


_NARROW = 12
"""Characters of a column that can be read."""


def _fits(answer: pa.Table, width: int) -> bool:
    """Whether a row of an answer fits on a line, each of its texts too."""
    lines = any("\n" in str(value) for column in answer.columns for value in _listed(column))
    return bool(answer.num_columns) and answer.num_columns * _NARROW <= width and not lines


def _print_records(screen: Screen, answer: pa.Table) -> None:
    """A line per value, under its row."""
    names = [clean(name) for name in answer.column_names]
    longest = max(map(len, names), default=0)
    for number, row in enumerate(_rows(answer), 1):
        screen.print(line(f"row {number}", "bold"))
        for name, value in zip(names, row, strict=True):
            first, *others = (_text(value).splitlines() or [""]) if value is not None else ["–"]
            print_wrapped(screen, f"{name:<{longest}}  {first}", indent=" " * (longest + 2))
            for text in others:
                screen.print(line(text), wrap=False)


def _table(answer: pa.Table) -> Table[pa.Table]:
    columns = []
    for place, field in enumerate(answer.schema):
        number = pa.types.is_floating(field.type)
        column = Column(
            f"{place}",
            clean(field.name),
            DECIMAL if number else LABEL,
            _values(place, float if number else _text),
            exact=clean(field.name) or "?",
            flexible=not number,
            right=pa.types.is_integer(field.type) or pa.types.is_decimal(field.type),
            drop=0,
        )
        columns.append(column)
    return Table("answer", "Answer", "what was asked", tuple(columns))


def _values(place: int, convert: Callable[[Any], Any]) -> Callable[[pa.Table], list[Any]]:
    return lambda rows: [None if value is None else convert(value) for value in _listed(rows.column(place))]


def _listed(column: pa.ChunkedArray) -> list[Any]:
    """The values; times that Python has not, as texts."""
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError, pa.ArrowException):
        return list(column.cast(pa.string()).to_pylist())


def _text(value: object) -> str:
    return iso(value) or "" if isinstance(value, datetime) else str(value)


def write_json(answer: pa.Table, out: TextIO, view: JsonView) -> None:
    """`history sql --json`: columns and rows."""
    rows = [[_plain(value) for value in row] for row in _rows(answer)]
    write({"schema_version": SCHEMA_VERSION, "columns": answer.column_names, "rows": rows}, out, view)


def write_csv(answer: pa.Table, out: TextIO) -> None:
    """`history sql --csv`: a header, and a line per row."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in answer.column_names])
    for row in _rows(answer):
        writer.writerow([csv_cell(value) if isinstance(value, str) else value for value in map(_plain, row)])


def _rows(answer: pa.Table) -> list[Sequence[Any]]:
    return list(zip(*map(_listed, answer.columns), strict=True))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
