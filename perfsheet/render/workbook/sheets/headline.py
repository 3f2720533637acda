"""The head of Summary: what was measured, the headline figures, and the input cells that formulas read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.capture_summary import CaptureSummary
from perfsheet.analysis.numbers import known
from perfsheet.render import words
from perfsheet.render.workbook import live
from perfsheet.render.workbook.inputs import changed, declare, inputs
from perfsheet.render.workbook.sheet import Cell, Formula, write_cell
from perfsheet.render.workbook.sheets import all_ops
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

COLUMNS = 13
"""As many as there can be tiles and input cells."""
_LABELS, _VALUES = 3, 4


def write(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> int:
    """Write title, tiles and input cells; the row after them."""
    _write_title(sheet, styles, analysis.summary)
    tiles, cells = _tiles(analysis), inputs(analysis.summary)
    sheet.set_row(_LABELS, 38)
    sheet.set_row(_VALUES, 26)
    for column, label in enumerate([label for label, _, _ in tiles] + [one.label for one in cells]):
        sheet.write_string(_LABELS, column, label, styles["tile_label"])
    for column, (_, value, style) in enumerate(tiles):
        write_cell(sheet, _VALUES, column, "–" if value is None else value, styles[style], styles["link"])
    for column, one in enumerate(cells, start=len(tiles)):
        declare(book, sheet, styles, one, _VALUES, column)
    write_cell(sheet, _VALUES + 1, 0, changed(analysis.summary), styles["attention"], styles["link"])
    return _VALUES + 2


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary) -> None:
    names = ", ".join(Path(path).name for path in summary.paths)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, words.clean(f"Perf sheet · {names}", 200), styles["title"])
    arch = summary.arch or "arch not stated"
    facts = (arch, words.worker_cores(summary), words.device_ops(summary), summary.window)
    sheet.write_string(1, 0, words.clean(" · ".join(facts)), styles["quiet"])
    if summary.provenance.replayed:
        sheet.write_string(2, 0, words.REPLAYED[0].upper() + words.REPLAYED[1:], styles["banner"])
        for column in range(1, COLUMNS):
            sheet.write_blank(2, column, None, styles["banner"])
    else:
        sheet.set_row(2, 6)


def _tiles(analysis: Analysis) -> list[tuple[str, Cell, str]]:
    """Label, value and style of each tile."""
    summary = analysis.summary
    shares = {total.rule.id: known(total.share) for total in analysis.rule_totals}
    few = shares["low-core-count"]
    return [
        *_times(summary),
        *_rates(summary),
        ("time on few cores", None if few is None else Formula(all_ops.few_cores_share(analysis), few), "tile_percent"),
        ("time in reshards", shares["reshard"], "tile_percent"),
        ("time in ops with a model", summary.modelled_share, "tile_percent"),
        ("of the speed of light", summary.light.sol, "tile_percent"),
    ]


def _times(summary: CaptureSummary) -> list[tuple[str, Cell, str]]:
    total, unit = words.in_unit(summary.kernel_ns)
    whole = (f"kernel time [{unit}]", total, "tile_time")
    if summary.passes.count < 2:
        return [whole]
    mean = sum(one.kernel_ns for one in summary.passes.all) / summary.passes.count
    each, unit = words.in_unit(mean)
    return [whole, (f"kernel time a pass [{unit}]", each, "tile_time")]


def _rates(summary: CaptureSummary) -> list[tuple[str, Cell, str]]:
    """Frames a second; each follows the batch."""

    def rate(label: str, value: float | None) -> tuple[str, Cell, str]:
        # Back from the rate to the time behind it: the formula shows that time.
        return label, live.fps(round(1e9 * summary.batch / value, 6), value) if value else None, "tile_rate"

    return [
        rate("FPS", summary.fps.all),
        *([rate("FPS a pass", summary.passes.fps_per_pass)] if summary.passes.count > 1 else []),
        rate("FPS, matmul + conv alone", summary.fps.matmul_conv),
        rate("FPS, the rest alone", summary.fps.other),
    ]
