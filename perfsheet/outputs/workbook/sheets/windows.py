"""Sheets Passes, Signposts and Devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.analysis.windows.devices import widest_steps
from perfsheet.analysis.windows.passes import Pass
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Formula
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.passes import LAYERS, PASS_OPS, PASSES, most_variable
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.tables.totals import DEVICES, STEPS
from perfsheet.text import formats, sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet


_PASS_WIDTHS = (40, 12, 16, 16, 16, 14, 12, 14, 14, 14, 12)
_MOST_PASSES, _MOST_OPS = 1000, 1000


def write_passes(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet Passes: the passes, the layers of a pass, and how much its ops vary between passes."""
    summary = analysis.summary.passes
    links = all_ops.row_links(analysis)
    set_up_sections(sheet, styles, _PASS_WIDTHS)
    note = sentences.passes(analysis.summary) or "the window is one pass"
    row = write_section(sheet, styles, 0, len(_PASS_WIDTHS), PASSES.title, note)
    passes = summary.all[:_MOST_PASSES]
    rates = {"fps": lambda layout: [_fps(analysis.summary, run) for run in passes]}
    row = 1 + write_table(sheet, styles, PASSES.columns_in(In.SHEET), passes, Placement(row), rates).after
    if summary.layers:
        note = "ops that repeat in a row inside the pass"
        row = write_section(sheet, styles, row, len(_PASS_WIDTHS), LAYERS.title, note)
        layers, placement = Rows(analysis, summary.layers), Placement(row, spans={"ops": 5})
        columns = LAYERS.columns_in(In.SHEET)
        row = 1 + write_table(sheet, styles, columns, layers, placement, row_link=links).after
    if (variation := analysis.facts.variation) is not None:
        order = "the most variable of at least 0.1 % of a pass first"
        note = f"every op of a pass over all passes, {order}; {_MOST_OPS:,} at most"
        row = write_section(sheet, styles, row, len(_PASS_WIDTHS), PASS_OPS.title, note)
        ops = most_variable(analysis, variation, _MOST_OPS)
        write_table(sheet, styles, PASS_OPS.columns_in(In.SHEET, ops), ops, Placement(row), row_link=links)


def _fps(summary: CaptureSummary, run: Pass) -> Formula | None:
    return None if run.fps is None else live.fps(round(1e9 * summary.batch / run.fps, 6), run.fps)


_SIGNPOST_WIDTHS = (50, 10, 10, 10, 18, 18, 10, 10)
_MOST_SIGNPOSTS = 10_000


def write_signposts(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet Signposts: the regions as a tree, then every signpost."""
    signposts = analysis.signposts
    set_up_sections(sheet, styles, _SIGNPOST_WIDTHS)
    row = 0
    if signposts.regions:
        outside = f"{formats.whole(signposts.outside_ns)} ns in {signposts.outside_ops:,} ops are outside all regions"
        note = f"SELF: ops in no inner region; {outside}"
        row = write_section(sheet, styles, 0, len(_SIGNPOST_WIDTHS), "Regions", note)
        regions = signposts.regions[:_MOST_SIGNPOSTS]
        row = 1 + write_table(sheet, styles, REGIONS.columns_in(In.SHEET, regions), regions, Placement(row)).after
    note = "OPS and KERNEL DURATION: device ops up to the next signpost"
    row = write_section(sheet, styles, row, len(_SIGNPOST_WIDTHS), "Signposts", note)
    listed = signposts.signposts[:_MOST_SIGNPOSTS]
    write_table(sheet, styles, SIGNPOSTS.columns_in(In.SHEET, listed), listed, Placement(row))


_DEVICE_WIDTHS = (40, 14, 18, 18, 16, 24, 18, 12)


def write_devices(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet Devices: the totals of each device, then the steps at which devices differ most."""
    set_up_sections(sheet, styles, _DEVICE_WIDTHS)
    row = write_section(sheet, styles, 0, len(_DEVICE_WIDTHS), DEVICES.title, sentences.device_totals(analysis.summary))
    totals = analysis.summary.device_totals
    row = 1 + write_table(sheet, styles, DEVICES.columns_in(In.SHEET), totals, Placement(row)).after
    devices = analysis.facts.devices
    note = devices.problem or "the same op on several devices, the largest excess over the mean first"
    row = write_section(sheet, styles, row, len(_DEVICE_WIDTHS), STEPS.title, note)
    steps = Rows(analysis, widest_steps(devices, analysis.facts.scope.every.kernel_ns[analysis.facts.scope.within]))
    if len(steps):
        links = all_ops.row_links(analysis)
        write_table(sheet, styles, STEPS.columns_in(In.SHEET), steps, Placement(row), row_link=links)
