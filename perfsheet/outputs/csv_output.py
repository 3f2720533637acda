"""Declared tables as CSV, under the names of the JSON contract."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, TextIO, TypeVar

from perfsheet.analysis.results import RowRef
from perfsheet.tables import Column, In, Table
from perfsheet.tables.column import is_planned
from perfsheet.tables.kinds import ROW, ROWS, SOURCE, SOURCES
from perfsheet.text.safe import csv_cell
from perfsheet.text.words import planned_key

R = TypeVar("R")


def write(out: TextIO, table: Table[R], rows: R) -> None:
    """Write a header and a line per row.

    Lists are joined with `;`, a row reference becomes `file` and `row`, a place in the source `file:line`.
    """
    headers: list[str] = []
    columns: list[Sequence[object]] = []
    name = planned_key if is_planned(rows) else str
    for column in table.exported(In.CSV, rows):
        if column.kind is ROW:
            headers += ["file", "row"]
            refs = column.listed(rows)
            columns += [[csv_cell(ref.file) for ref in refs], [ref.row for ref in refs]]
        else:
            headers.append(name(column.key))
            columns.append(_cells(column, rows))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(zip(*columns, strict=True))


def _cells(column: Column[R], rows: R) -> list[object]:
    if column.kind is ROWS:
        return [_rows(refs) for refs in column.listed(rows)]
    if column.kind is SOURCE:
        return [None if source is None else csv_cell(f"{source.file}:{source.line}") for source in column.listed(rows)]
    if column.kind is SOURCES:
        return [csv_cell(";".join(f"{one.file}:{one.line}" for one, _ in some)) for some in column.listed(rows)]
    return [_cell(value) for value in column.exported(rows)]


def _rows(refs: Sequence[RowRef]) -> str:
    several = len({ref.file for ref in refs}) > 1
    return csv_cell(";".join(f"{ref.file}:{ref.row}" if several else str(ref.row) for ref in refs))


def _cell(value: Any) -> object:
    if isinstance(value, dict):
        return csv_cell(";".join(f"{key}={item}" for key, item in value.items()))
    if isinstance(value, list):
        return csv_cell(";".join(map(str, value)))
    return csv_cell(value) if isinstance(value, str) else value
