"""What makes Excel offer to repair a workbook, or show something else than meant."""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

_LOCATION = re.compile(r"'?((?:[^']|'')+?)'?!\$?[A-Z]{1,3}\$?\d+")
_TABLE_NAME = re.compile(r"[A-Za-z_\\][\w.\\]{0,254}")
_CELL_NAME = re.compile(r"[A-Za-z]{1,3}\d+")
_OWN_FORMULA = re.compile(
    r"=SUM\(\(([A-Z]+)(\d+)/([A-Z]+)\2\)\*\(IF\(ISNUMBER\(ref_cores\),ref_cores,.*\)/([A-Z]+)\2\)\)"
)
_OWN_STARTS = (
    "=HYPERLINK(\"#'All Ops",
    "=HYPERLINK(\"#'Hotspots'!A",
    "=HYPERLINK(\"#'Evidence'!A",
    "=SUM(1E9*batch/",
    "=SUM((SUMPRODUCT(ISNUMBER('All Ops",
)
LONGEST_TEXT, LONGEST_NAME, MOST_LINKS = 32_767, 31, 65_530


def lint(path: Path) -> list[str]:
    """Everything that is wrong with a workbook; empty when it is sound."""
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(path)
    troubles = [f"damaged part {broken}"] if broken else []
    tables: set[str] = set()
    names = [sheet.title.lower() for sheet in book.worksheets]
    if len(set(names)) < len(names):
        troubles.append("two sheets of one name")
    for sheet in book.worksheets:
        troubles += [f"{sheet.title}: {trouble}" for trouble in _sheet_troubles(book, sheet, tables)]
    return troubles


def _sheet_troubles(book: Workbook, sheet: Worksheet, tables: set[str]) -> Iterator[str]:
    if len(sheet.title) > LONGEST_NAME or re.search(r"[\[\]:*?/\\]", sheet.title):
        yield "a name that Excel refuses"
    yield from _table_troubles(sheet, tables)
    links = 0
    for row in sheet.iter_rows():
        for cell in row:
            links += cell.hyperlink is not None
            yield from _cell_troubles(book, cell)
    if links > MOST_LINKS:
        yield f"{links} links"


def _table_troubles(sheet: Worksheet, tables: set[str]) -> Iterator[str]:
    boxes: list[tuple[int, int, int, int]] = []
    for table in sheet.tables.values():
        left, top, right, bottom = range_boundaries(table.ref)
        heads = [sheet.cell(top, column).value for column in range(left, right + 1)]
        if table.displayName.lower() in tables:
            yield f"table name used twice: {table.displayName}"
        if not _TABLE_NAME.fullmatch(table.displayName) or _CELL_NAME.fullmatch(table.displayName):
            yield f"table name {table.displayName}"
        if heads != [column.name for column in table.tableColumns]:
            yield f"headers of {table.displayName} differ from its columns"
        if len({str(head).lower() for head in heads}) < len(heads):
            yield f"headers of {table.displayName} repeat"
        if bottom <= top:
            yield f"{table.displayName} has no row"
        if any(left <= r and right >= l and top <= b and bottom >= t for l, t, r, b in boxes):  # noqa: E741
            yield f"{table.displayName} overlaps another table"
        if sheet.auto_filter.ref:
            yield "a sheet filter and a table filter"
        tables.add(table.displayName.lower())
        boxes.append((left, top, right, bottom))


def _cell_troubles(book: Workbook, cell: Cell) -> Iterator[str]:
    value = cell.value
    if cell.data_type == "e":
        yield f"{cell.coordinate}: an error value"
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            yield f"{cell.coordinate}: a text too long"
        if cell.data_type == "f" and not (_OWN_FORMULA.fullmatch(value) or value.startswith(_OWN_STARTS)):
            yield f"{cell.coordinate}: text became the formula {value[:40]!r}"
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{cell.coordinate}: not finite"
    if cell.hyperlink is not None:
        location = cell.hyperlink.location or ""
        match = _LOCATION.fullmatch(location)
        if cell.hyperlink.target or match is None or match[1].replace("''", "'") not in book.sheetnames:
            yield f"{cell.coordinate}: a link to nowhere ({location or cell.hyperlink.target})"


def utilization_operands(formula: str) -> tuple[str, str, str]:
    """The cells of PM IDEAL, kernel duration and core count in one of our formulas."""
    match = _OWN_FORMULA.fullmatch(formula)
    assert match is not None, formula
    ideal, row, kernel, cores = match.groups()
    return f"{ideal}{row}", f"{kernel}{row}", f"{cores}{row}"


_TO_ROW = re.compile(
    r"=HYPERLINK\(\"#'(?P<sheet>[^']+)'!A\"&IF\('(?P=sheet)'!\$(?P<column>[A-Z]+)(?P<row>\d+)=(?P<key>\d+),"
    r"ROW\('(?P=sheet)'!\$(?P=column)(?P=row)\),MATCH\((?P=key),'(?P=sheet)'!\$(?P=column):\$(?P=column),0\)\),\d+\)"
)
_TO_ID = re.compile(r"=HYPERLINK\(\"#'([^']+)'!A\"&MATCH\(\"(H\d+)\",'\1'!\$A:\$A,0\),\"[^\"]+\"\)")


def linked_row(book: Workbook, formula: str) -> tuple[Cell, ...]:
    """The row that one of our link formulas leads to, found as Excel would find it."""
    to_id = _TO_ID.fullmatch(formula)
    if to_id:
        sheet = book[to_id[1]]
        return next(row for row in sheet.iter_rows() if row[0].value == to_id[2])
    match = _TO_ROW.fullmatch(formula)
    assert match is not None, formula
    sheet, key = book[match["sheet"]], int(match["key"])
    if sheet[f"{match['column']}{match['row']}"].value == key:
        return sheet[int(match["row"])]
    return next(row for row in sheet.iter_rows() if sheet[f"{match['column']}{row[0].row}"].value == key)
