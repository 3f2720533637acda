"""The head of Summary: what was measured, the headline figures, and the input cell that every utilization reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.analysis.result import CaptureSummary
from perfsheet.render import words
from perfsheet.render.workbook import utilization
from perfsheet.render.workbook.sheet import Cell, write_cell
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_LABELS, _VALUES = 4, 5


def write(
    book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis, sheet_title: str, last_column: int
) -> None:
    """Write rows 1 to 6 of the sheet, from top to bottom."""
    _write_title(sheet, styles, analysis.summary, last_column)
    tiles = _tiles(analysis)
    sheet.set_row(_LABELS, 26)
    sheet.set_row(_VALUES, 26)
    for column, (label, _, _) in enumerate(tiles):
        sheet.write_string(_LABELS, column, label, styles["tile_label"])
    for column, (_, value, style) in enumerate(tiles):
        write_cell(sheet, _VALUES, column, "–" if value is None else value, styles[style], styles["link"])
    _declare_input(book, sheet, analysis.summary, sheet_title, len(tiles) - 1)


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary, last_column: int) -> None:
    names = ", ".join(Path(path).name for path in summary.paths)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, words.clean(f"Perf sheet · {names}", 200), styles["title"])
    grid = "worker grid unknown" if summary.worker_cores is None else f"{summary.worker_cores} worker cores"
    facts = (summary.arch or "arch not stated", grid, words.device_ops(summary), summary.window)
    sheet.write_string(1, 0, words.clean(" · ".join(facts)), styles["quiet"])
    if summary.provenance.replayed:
        sheet.write_string(2, 0, words.REPLAYED[0].upper() + words.REPLAYED[1:], styles["banner"])
        for column in range(1, last_column + 1):
            sheet.write_blank(2, column, None, styles["banner"])


def _tiles(analysis: Analysis) -> tuple[tuple[str, Cell, str], ...]:
    """Label, value and style of each tile; the last one is the input cell."""
    summary = analysis.summary
    shares = {total.rule.id: known(total.share) for total in analysis.rule_totals}
    kernel_time, unit = words.in_unit(summary.kernel_ns)
    return (
        (f"kernel time [{unit}]", kernel_time, "tile_time"),
        (f"FPS (batch {summary.batch:g})", summary.fps.all, "tile_rate"),
        ("FPS, matmul + conv alone", summary.fps.matmul_conv, "tile_rate"),
        ("FPS, the rest alone", summary.fps.other, "tile_rate"),
        (f"time on ≤ {summary.low_cores_pct:g} % of the grid", shares["low-core-count"], "tile_percent"),
        ("time in reshards", shares["reshard"], "tile_percent"),
        ("time in ops with a model", summary.modelled_share, "tile_percent"),
        ("reference cores (input: N, or grid)", summary.ref_cores, "input"),
    )


def _declare_input(book: Workbook, sheet: Worksheet, summary: CaptureSummary, sheet_title: str, column: int) -> None:
    sheet.write_comment(
        _VALUES,
        column,
        f"UTILIZATION everywhere is {words.formula(summary)} and follows this cell. 108 is the documented reference; "
        "any text, such as grid, takes each op's own worker grid.",
        {"x_scale": 2},
    )
    cell = xl_rowcol_to_cell(_VALUES, column, row_abs=True, col_abs=True)
    book.define_name(utilization.REF_CORES, f"={sheet_title}!{cell}")
