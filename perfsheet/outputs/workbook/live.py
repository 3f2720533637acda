"""The input cells on Summary, the formulas that follow them, and links that follow sorting.

Each formula starts with SUM or HYPERLINK, so that checks can tell it from text of a capture that became a formula. No
text of a capture is in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.analysis.analyze import NO_MODEL, NOISY, NOT_PHYSICAL
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.statistics import known
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs.workbook.cells import Cell, Cells, Formula, LazyCells
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables.op_rows import OpRows

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.tables import Layout

REF_CORES = "ref_cores"
"""Defined name of the input cell on Summary: a core count, or `grid` for each op's own worker grid."""
LOW_CORES = "low_cores_pct"
"""Defined name of the input cell: few cores are this share of the worker grid or less, in percent."""
BATCH = "batch"
"""Defined name of the input cell: samples that the window works on."""

_ROW = "{row}"
_LONGEST_LITERAL = 250
"""Excel takes 255 characters between two quotes."""


class UtilizationColumns(NamedTuple):
    """The letters of the columns that the utilization is computed from."""

    ideal: str
    kernel: str
    cores: str
    grid: str

    @classmethod
    def on(cls, layout: Layout, ideal: str) -> UtilizationColumns:
        """The columns of a sheet; `ideal` is the key of its PM IDEAL."""
        return cls(*map(layout.letters, (ideal, "kernel_duration_ns", "core_count", "worker_cores")))


def utilization(row: int, columns: UtilizationColumns, value: float | None) -> Formula | None:
    """(PM IDEAL / kernel duration) × (ref_cores / core count) of a row (from 0); None where the value is unknown."""
    return None if value is None else Formula(_utilization(columns).replace(_ROW, str(row + 1)), value)


@lru_cache
def _utilization(columns: UtilizationColumns) -> str:
    ideal, kernel, cores, grid = (f"{letters}{_ROW}" for letters in columns)
    reference = f'IF(ISNUMBER({REF_CORES}),{REF_CORES},IF({grid}="",NA(),{grid}))'
    return f"=SUM(({ideal}/{kernel})*({reference}/{cores}))"


def fps(kernel_ns: float, value: float | None) -> Formula | None:
    """1e9 × batch / kernel time."""
    return None if value is None else Formula(f"=SUM(1E9*{BATCH}/{kernel_ns!r})", value)


class FlagColumns(NamedTuple):
    """The letters of the columns that flags are computed from."""

    cores: str
    grid: str
    utilization: str
    by_grid: str

    @classmethod
    def on(cls, layout: Layout) -> FlagColumns:
        """The columns of a sheet."""
        return cls(*map(layout.letters, ("core_count", "worker_cores", "utilization_pct", "utilization_grid_pct")))


def flags(row: int, columns: FlagColumns, shown: Sequence[str], can_be_low: bool) -> Formula | str:
    """The flags of an op: the low core count follows low_cores_pct, not-physical the utilizations; the rest is fixed.

    `can_be_low`: core count and worker grid are known, and the op is timed. A text where nothing can change.
    """
    text, now = _flags(columns, tuple(shown), can_be_low), ", ".join(shown)
    return Formula(text.replace(_ROW, str(row + 1)), now) if text else now


@lru_cache(maxsize=4096)
def _flags(columns: FlagColumns, shown: tuple[str, ...], can_be_low: bool) -> str:
    """The formula of every op with these flags; blank where nothing can change."""
    low, impossible = low_core_count.RULE.id, NOT_PHYSICAL
    cores, grid, first, second = (f"{letters}{_ROW}" for letters in columns)
    own = [flag for flag in shown if flag not in (low, impossible)]
    split = own.index(NO_MODEL) + 1 if NO_MODEL in own else len([flag for flag in own if flag != NOISY])
    parts = [
        f'IF({cores}<={grid}*({LOW_CORES}/100),", {low}","")' if can_be_low else "",
        _literals(own[:split]),
        "" if NO_MODEL in own else f'IF(IFERROR(OR(N({first})>1,N({second})>1),FALSE),", {impossible}","")',
        _literals(own[split:]),
    ]
    text = "&".join(filter(None, parts))
    return f"=HYPERLINK(\"#'Hotspots'!A1\",MID({text},3,9999))" if "IF(" in text else ""


def op_formulas(rows: OpRows, ideal: str) -> dict[str, Callable[[Layout], Cells]]:
    """The live columns of a table of ops, by key; `ideal` is the key of its PM IDEAL."""
    ops = rows.ops
    values = ops.utilization[rows.positions]
    counted = (rows.places >= 0).tolist()
    can_be_low = low_core_count.can_be_low(ops)[rows.positions].tolist()

    def utilizations(layout: Layout) -> Cells:
        columns = UtilizationColumns.on(layout, ideal)

        def cells(at: range) -> list[Cell]:
            here = values[at.start : at.stop].tolist()
            return [utilization(row + 1, columns, known(value)) for row, value in zip(at, here, strict=True)]

        return LazyCells(len(rows), cells)

    def all_flags(layout: Layout) -> Cells:
        columns = FlagColumns.on(layout)
        return LazyCells(
            len(rows),
            lambda at: [
                flags(row + 1, columns, rows.flags[row], can_be_low[row]) if counted[row] else "" for row in at
            ],
        )

    return {"utilization_pct": utilizations, "flags": all_flags}


def _literals(names: Sequence[str]) -> str:
    text = "".join(f", {name}" for name in names)
    pieces = [text[at : at + _LONGEST_LITERAL] for at in range(0, len(text), _LONGEST_LITERAL)]
    return "&".join(f'"{piece}"' for piece in pieces)


def link_to_row(sheet: str, column: str, row: int, key: int, text: int) -> Formula:
    """A number that leads to the row of another sheet whose `column` has `key`, wherever sorting has put it.

    `row` (from 1) is where it is now: as long as that holds, nothing is searched.
    """
    there = f"'{sheet}'!${column}"
    place = f"IF({there}{row}={key},ROW({there}{row}),MATCH({key},{there}:${column},0))"
    return Formula(f"=HYPERLINK(\"#'{sheet}'!A\"&{place},{text})", text)


def link_to_id(sheet: str, identifier: str, text: str) -> Formula:
    """A text that leads to the first row of another sheet with that id in column A."""
    return Formula(f'=HYPERLINK("#\'{sheet}\'!A"&MATCH("{identifier}",\'{sheet}\'!$A:$A,0),"{text}")', text)


@dataclass(frozen=True)
class Input:
    """An input cell: `name` is its defined name, `valid` the condition on {cell}, `must` the error otherwise."""

    name: str
    label: str
    unit: str
    meaning: str
    value: float | str
    valid: str
    must: str


# fmt: off
def inputs(summary: CaptureSummary) -> tuple[Input, ...]:
    """The cells with the values of this report."""
    return (
        Input(REF_CORES, "reference cores\n(input: N, or grid)", "cores",
            "reference core count of UTILIZATION: a number, or grid for each op's own worker grid", summary.ref_cores,
            'OR(AND(ISNUMBER({cell}),{cell}>0),{cell}="grid")', "Give a core count above 0, or the word grid."),
        Input(LOW_CORES, "few cores: % of grid\n(input)", "%",
            "few cores: this share of the worker grid or less; FLAGS and time on few cores follow",
            summary.low_cores_pct, "AND(ISNUMBER({cell}),{cell}>=0,{cell}<=100)", "Give a percentage, 0 to 100."),
        Input(BATCH, "batch\n(input)", "samples", "samples that a pass (or the window) works on; FPS follows",
            summary.batch, "AND(ISNUMBER({cell}),{cell}>0)", "Give a number above 0."),
    )
# fmt: on


def declare(book: Workbook, sheet: Worksheet, styles: Styles, cell: Input, row: int, column: int) -> None:
    """Write the cell with its defined name, a comment and a validation."""
    address = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
    if isinstance(cell.value, str):
        sheet.write_string(row, column, cell.value, styles["input"])
    else:
        sheet.write_number(row, column, cell.value, styles["input"])
    book.define_name(cell.name, f"={sheet.get_name()}!{address}")
    sheet.write_comment(row, column, f"{cell.name}: {cell.meaning}", {"x_scale": 1.6})
    validation = {
        "validate": "custom",
        "value": f"={cell.valid.format(cell=address)}",
        "ignore_blank": False,
        "error_title": cell.name,
        "error_message": cell.must,
    }
    sheet.data_validation(row, column, row, column, validation)


def changed(summary: CaptureSummary) -> Formula:
    """A line that appears when an input cell was changed: findings and their savings do not follow it."""
    differs = ",".join(f"{cell.name}<>{_literal(cell.value)}" for cell in inputs(summary))
    was = "; ".join(f"{cell.name} {_word(cell.value)}" for cell in inputs(summary))
    text = f"Changed: figures and flags follow the input cells; findings and savings are still those of {was}."
    return Formula(f'=HYPERLINK("#\'Hotspots\'!A1",IF(OR({differs}),"{text}",""))', "")


def _literal(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(float(value))


def _word(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
