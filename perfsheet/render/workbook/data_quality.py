"""Sheet Data Quality: what was used, what was left out, and what to distrust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.result import Check
from perfsheet.render.workbook.sheet import Field, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Data Quality"

FIELDS: tuple[Field[Check], ...] = (
    Field("CHECK", lambda check: check.label, width=24),
    Field("VERDICT", lambda check: "ok" if check.ok else "look", width=9),
    Field("COUNT", lambda check: check.count, "count", 10),
    Field("DETAIL", lambda check: check.detail, "wrap", 110),
    Field("ID", lambda check: check.id, "quiet", 22),
)


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write every check and the row counts, those first that want a look."""
    checks = sorted([*analysis.checks, *_counts(analysis)], key=lambda check: check.ok)
    after = write_table_sheet(sheet, styles, FIELDS, checks)
    sheet.conditional_format(
        1, 1, after - 1, 1, {"type": "cell", "criteria": "==", "value": '"look"', "format": styles["amber"]}
    )


def _counts(analysis: Analysis) -> list[Check]:
    summary = analysis.summary
    counts = (
        ("device-rows", summary.device_rows, "device rows in the window; all figures cover these"),
        ("timed-rows", summary.timed_rows, "of them with a usable kernel duration: ranked and summed"),
        ("host-rows", summary.host_rows, "host and python-fallback rows, not part of any figure"),
        ("signpost-rows", summary.signpost_rows, "signposts, not part of any figure"),
    )
    kept = [Check(name, "Rows", True, count, detail) for name, count, detail in counts]
    dropped = summary.dropped_rows
    return [*kept, Check("dropped-rows", "Rows", not dropped, dropped, "rows dropped while reading")]
