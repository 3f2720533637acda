"""Sheet Devices: what each device took, and the steps at which they part most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.devices import DeviceTotal, Step, widest_steps
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_section, write_table
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import sentences

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Devices"
_WIDTHS = (40, 14, 18, 18, 16, 24, 18, 12)


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the totals, then the steps."""
    set_up_sections(sheet, styles, _WIDTHS)
    row = write_section(sheet, styles, 0, len(_WIDTHS), "Devices", sentences.device_totals(analysis.summary))
    totals = analysis.summary.device_totals
    most = max(one.kernel_ns for one in totals)
    after = write_table(sheet, styles, _totals(most), totals, top=row)
    data_bar(sheet, 2, row + 1, after - 1)
    found = analysis.facts.devices
    note = found.problem or "the same op on several devices; those that cost most beyond their mean first"
    row = write_section(sheet, styles, after + 1, len(_WIDTHS), "Where devices wait for each other", note)
    steps = widest_steps(analysis.ops, found)
    if steps:
        write_table(sheet, styles, _steps(analysis), steps, top=row)


def _totals(most: float) -> tuple[Field[DeviceTotal], ...]:
    return (
        Field("DEVICE", lambda one: f"device {one.device}"),
        Field("OPS", lambda one: one.ops, "count"),
        Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
        Field("OF THE BUSIEST", lambda one: one.kernel_ns / most if most else None, "percent"),
    )


def _steps(analysis: Analysis) -> tuple[Field[Step], ...]:
    return (
        Field("OP CODE", lambda one: analysis.ops.codes[one.slowest]),
        Field("DEVICES", lambda one: one.devices, "count"),
        Field("SLOWEST [ns]", lambda one: one.longest_ns, "ns"),
        Field("MEAN [ns]", lambda one: one.mean_ns, "ns"),
        Field("FASTEST [ns]", lambda one: one.shortest_ns, "ns"),
        Field("SLOWEST − MEAN [ns]", lambda one: one.longest_ns - one.mean_ns, "ns"),
        Field("SLOWEST DEVICE", lambda one: int(analysis.ops.device[one.slowest]), "plain_number"),
        Field("FILE ROW", lambda one: all_ops.link_to(analysis, one.slowest), "link_number"),
    )
