"""The input cells on Summary that formulas on every sheet read: their names, what they take, what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Formula
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text.glossary import INPUTS

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


@dataclass(frozen=True)
class Input:
    """One input cell: `name` is its defined name, `valid` the condition on {cell}, `must` what to say otherwise."""

    name: str
    label: str
    value: float | str
    valid: str
    must: str


def inputs(summary: CaptureSummary) -> tuple[Input, ...]:
    """The cells with the values of this report."""
    return (
        Input(
            live.REF_CORES,
            "reference cores\n(input: N, or grid)",
            summary.ref_cores,
            'OR(AND(ISNUMBER({cell}),{cell}>0),{cell}="grid")',
            "Give a core count above 0, or the word grid.",
        ),
        Input(
            live.LOW_CORES,
            "few cores: % of grid\n(input)",
            summary.low_cores_pct,
            "AND(ISNUMBER({cell}),{cell}>=0,{cell}<=100)",
            "Give a percentage, 0 to 100.",
        ),
        Input(live.BATCH, "batch\n(input)", summary.batch, "AND(ISNUMBER({cell}),{cell}>0)", "Give a number above 0."),
    )


def declare(book: Workbook, sheet: Worksheet, styles: Styles, one: Input, row: int, column: int) -> None:
    """Write the cell, name it, say what it does, and take only what makes sense."""
    cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
    if isinstance(one.value, str):
        sheet.write_string(row, column, one.value, styles["input"])
    else:
        sheet.write_number(row, column, one.value, styles["input"])
    book.define_name(one.name, f"={sheet.get_name()}!{cell}")
    meaning = next(term.meaning for term in INPUTS if term.name == one.name)
    sheet.write_comment(row, column, f"{one.name}: {meaning}", {"x_scale": 1.6})
    validation = {
        "validate": "custom",
        "value": f"={one.valid.format(cell=cell)}",
        "ignore_blank": False,
        "error_title": one.name,
        "error_message": one.must,
    }
    sheet.data_validation(row, column, row, column, validation)


def changed(summary: CaptureSummary) -> Formula:
    """A line that shows when a cell differs from the report: findings and their savings do not follow."""
    differs = ",".join(f"{one.name}<>{_literal(one.value)}" for one in inputs(summary))
    was = "; ".join(f"{one.name} {_word(one.value)}" for one in inputs(summary))
    text = f"Changed: figures and flags follow the input cells; findings and savings are still those of {was}."
    return Formula(f'=HYPERLINK("#\'Hotspots\'!A1",IF(OR({differs}),"{text}",""))', "")


def _literal(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(float(value))


def _word(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
