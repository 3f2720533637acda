"""The head of Summary: what was measured, the headline figures, and the input cell that every utilization reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.analysis import Analysis
from perfsheet.analysis.capture_summary import CaptureSummary
from perfsheet.analysis.numbers import known
from perfsheet.render import words
from perfsheet.render.workbook import utilization
from perfsheet.render.workbook.sheet import Cell, write_cell
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_LABELS, _VALUES = 4, 5
_EXPLAINED = (
    "UTILIZATION everywhere is {formula} and follows this cell. 108 is the documented reference; the word grid takes "
    "each op's own worker grid."
)


def write(
    book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis, sheet_title: str, last_column: int
) -> None:
    """Write rows 1 to 7 of the sheet, from top to bottom."""
    _write_title(sheet, styles, analysis.summary, last_column)
    tiles = _tiles(analysis)
    sheet.set_row(_LABELS, 26)
    sheet.set_row(_VALUES, 26)
    for column, (label, _, _) in enumerate(tiles):
        sheet.write_string(_LABELS, column, label, styles["tile_label"])
    for column, (_, value, style) in enumerate(tiles):
        write_cell(sheet, _VALUES, column, "–" if value is None else value, styles[style], styles["link"])
    _declare_input(book, sheet, styles, analysis.summary, (sheet_title, len(tiles) - 1))


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary, last_column: int) -> None:
    names = ", ".join(Path(path).name for path in summary.paths)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, words.clean(f"Perf sheet · {names}", 200), styles["title"])
    arch = summary.arch or "arch not stated"
    facts = (arch, words.worker_cores(summary), words.device_ops(summary), summary.window)
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
        *([("FPS a pass", summary.passes.fps_per_pass, "tile_rate")] if summary.passes.count > 1 else []),
        ("FPS, matmul + conv alone", summary.fps.matmul_conv, "tile_rate"),
        ("FPS, the rest alone", summary.fps.other, "tile_rate"),
        (f"time on ≤ {summary.low_cores_pct:g} % of the grid", shares["low-core-count"], "tile_percent"),
        ("time in reshards", shares["reshard"], "tile_percent"),
        ("time in ops with a model", summary.modelled_share, "tile_percent"),
        ("of the speed of light", summary.light.sol, "tile_percent"),
        ("reference cores (input: N, or grid)", summary.ref_cores, "input"),
    )


def _declare_input(
    book: Workbook, sheet: Worksheet, styles: Styles, summary: CaptureSummary, place: tuple[str, int]
) -> None:
    """Name the input cell, say what it does, take only what makes sense, and tell when it differs from the report's."""
    sheet_title, column = place
    cell = xl_rowcol_to_cell(_VALUES, column, row_abs=True, col_abs=True)
    book.define_name(utilization.REF_CORES, f"={sheet_title}!{cell}")
    sheet.write_comment(_VALUES, column, _EXPLAINED.format(formula=words.formula(summary)), {"x_scale": 2})
    validation = {
        "validate": "custom",
        "value": utilization.VALID.format(cell=cell),
        "ignore_blank": False,
        "error_title": "reference cores",
        "error_message": "Give a core count above 0, or the word grid.",
    }
    sheet.data_validation(_VALUES, column, _VALUES, column, validation)
    reported = f'"{summary.ref_cores}"' if isinstance(summary.ref_cores, str) else f"{summary.ref_cores:g}"
    note, at = _VALUES + 1, 0
    was = words.ref_cores(summary)
    text = f"Changed: UTILIZATION follows the input cell; FLAGS and texts are still those of {was}."
    sheet.write_string(note, at, text, styles["hidden_note"])
    rule = {"type": "formula", "criteria": f"={cell}<>{reported}", "format": styles["shown_note"]}
    sheet.conditional_format(note, at, note, at, rule)
