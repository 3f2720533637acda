"""Results tables as Markdown: aligned, so that they read as plain text, too."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from perfsheet.models.e2e import Merged
from perfsheet.models.outputs import suite_cells
from perfsheet.models.results_table import Align, Document, ResultsTable
from perfsheet.models.suite.columns import COLUMNS, Column, shown_columns
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs.markdown.table import plain

_LEAST = 3


def document(found: Document) -> str:
    """A document with its tables laid out anew, its lines ended as they were."""
    return "".join(part if isinstance(part, str) else table(part).replace("\n", found.line_end) for part in found.parts)


def table(found: ResultsTable) -> str:
    """The lines of a table."""
    columns = list(zip(found.headers, *found.rows, strict=True))
    widths = [max(_LEAST, *map(cell_len, column)) for column in columns]
    lines = [_line(found.headers, widths, found.aligns), _rule(widths, found.aligns)]
    lines += [_line(row, widths, found.aligns) for row in found.rows]
    return "".join(f"{line}\n" for line in lines)


def of_results(results: Sequence[ModelResult], with_success: bool = True) -> ResultsTable:
    """The results of a suite as a table; columns that are unknown for all are left out, but for the main ones."""
    columns = shown_columns(results, with_success)
    rows = [tuple(_cell(column, one) for column in columns) for one in results]
    aligns: list[Align] = ["left" if column.kind in ("text", "success") else "right" for column in columns]
    return ResultsTable(tuple(column.header for column in columns), tuple(rows), tuple(aligns))


def of_devices(merged: Merged) -> ResultsTable:
    """The rows of device perf files as a table, cells as written."""
    headers = merged.device_headers
    rows = [tuple(plain(row.cells.get(header, "N/A")) for header in headers) for row in merged.device_rows]
    aligns: list[Align] = ["left" if header in ("Model", "Setting") else "right" for header in headers]
    return ResultsTable(tuple(map(plain, headers)), tuple(rows), tuple(aligns))


def in_order(results: Sequence[ModelResult], sort: str | None, descending: bool) -> list[ModelResult]:
    """The results by a column of their table; as they are without one.

    Raises PerfsheetError (exit status 2) for a column that is not there.
    """
    if sort is None:
        return list(results)
    rows = [tuple(_cell(column, one) for column in COLUMNS) for one in results]
    table = ResultsTable(tuple(column.header for column in COLUMNS), tuple(rows), ())
    return [results[number] for number in table.order(sort, descending)]


def _cell(column: Column, result: ModelResult) -> str:
    text = suite_cells.worded(column, result, "N/A")
    if column.name == "model":
        return f"[{plain(text)}](<{result.workbook}>)" if result.workbook else plain(text)
    return plain(text) if column.kind == "text" else text


def _line(cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align]) -> str:
    padded = [_padded(cell, width, align) for cell, width, align in zip(cells, widths, aligns, strict=True)]
    return f"| {' | '.join(padded)} |"


def _padded(cell: str, width: int, align: Align) -> str:
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if align == "right" else cell + blanks


def _rule(widths: Sequence[int], aligns: Sequence[Align]) -> str:
    def mark(width: int, align: Align) -> str:
        left, right = align in ("left", "center"), align in ("right", "center")
        return f"{':' if left else '-'}{'-' * width}{':' if right else '-'}"

    return f"|{'|'.join(mark(width, align) for width, align in zip(widths, aligns, strict=True))}|"
