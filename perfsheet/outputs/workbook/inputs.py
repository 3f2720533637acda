"""The input cells on Summary that formulas on every sheet read: their names, what they take, what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Formula
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


@dataclass(frozen=True)
class Input:
    """One input cell: `name` is its defined name, `valid` the condition on {cell}, `must` what to say otherwise.

    `unit` and `meaning` explain it on the sheets Summary and About.
    """

    name: str
    label: str
    unit: str
    meaning: str
    value: float | str
    valid: str
    must: str


def inputs(summary: CaptureSummary) -> tuple[Input, ...]:
    """The cells with the values of this report."""
    return (
        Input(
            live.REF_CORES,
            "reference cores\n(input: N, or grid)",
            "cores",
            "reference core count of UTILIZATION: a number, or grid for each op's own worker grid",
            summary.ref_cores,
            'OR(AND(ISNUMBER({cell}),{cell}>0),{cell}="grid")',
            "Give a core count above 0, or the word grid.",
        ),
        Input(
            live.LOW_CORES,
            "few cores: % of grid\n(input)",
            "%",
            "few cores: this share of the worker grid or less; FLAGS and time on few cores follow",
            summary.low_cores_pct,
            "AND(ISNUMBER({cell}),{cell}>=0,{cell}<=100)",
            "Give a percentage, 0 to 100.",
        ),
        Input(
            live.BATCH,
            "batch\n(input)",
            "samples",
            "samples that a pass (or the window) works on; FPS follows",
            summary.batch,
            "AND(ISNUMBER({cell}),{cell}>0)",
            "Give a number above 0.",
        ),
    )


def declare(book: Workbook, sheet: Worksheet, styles: Styles, given: Input, row: int, column: int) -> None:
    """Write the cell, name it, say what it does, and take only what makes sense."""
    cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
    if isinstance(given.value, str):
        sheet.write_string(row, column, given.value, styles["input"])
    else:
        sheet.write_number(row, column, given.value, styles["input"])
    book.define_name(given.name, f"={sheet.get_name()}!{cell}")
    sheet.write_comment(row, column, f"{given.name}: {given.meaning}", {"x_scale": 1.6})
    validation = {
        "validate": "custom",
        "value": f"={given.valid.format(cell=cell)}",
        "ignore_blank": False,
        "error_title": given.name,
        "error_message": given.must,
    }
    sheet.data_validation(row, column, row, column, validation)


def changed(summary: CaptureSummary) -> Formula:
    """A line that shows when a cell differs from the report: findings and their savings do not follow."""
    differs = ",".join(f"{given.name}<>{_literal(given.value)}" for given in inputs(summary))
    was = "; ".join(f"{given.name} {_word(given.value)}" for given in inputs(summary))
    text = f"Changed: figures and flags follow the input cells; findings and savings are still those of {was}."
    return Formula(f'=HYPERLINK("#\'Hotspots\'!A1",IF(OR({differs}),"{text}",""))', "")


def _literal(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(float(value))


def _word(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
