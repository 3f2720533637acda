"""The live utilization formula."""

from __future__ import annotations

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.render.workbook.sheet import Formula

REF_CORES = "ref_cores"
"""Defined name of the input cell on Summary: a core count, or `grid` for each op's own worker grid."""
VALID = '=OR(AND(ISNUMBER({cell}),{cell}>0),{cell}="grid")'
"""What the input cell takes."""


def formula(row: int, columns: tuple[int, int, int, int], value: float | None) -> Formula | None:
    """(PM IDEAL / kernel duration) × (ref_cores / core count) of a row, from the cells of `columns`.

    `columns`: those of PM IDEAL, kernel duration, core count and worker cores. None where the value is unknown.
    The SUM around it tells our formulas from text of a capture that turned into one, for linters of workbooks.
    """
    if value is None:
        return None
    ideal, kernel, cores, grid = (xl_rowcol_to_cell(row, column) for column in columns)
    reference = f'IF(ISNUMBER({REF_CORES}),{REF_CORES},IF({grid}="",NA(),{grid}))'
    return Formula(f"=SUM(({ideal}/{kernel})*({reference}/{cores}))", value)
