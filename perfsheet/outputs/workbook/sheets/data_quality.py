"""Sheet Data Quality: what was used, what was left out, and what to distrust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Check
from perfsheet.outputs.workbook.marks import mark_word
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Data Quality"

FIELDS: tuple[Field[Check], ...] = (
    Field("CHECK", lambda check: check.label, width=24),
    Field("VERDICT", formats.verdict, width=9),
    Field("COUNT", lambda check: check.count, "count", 10),
    Field("DETAIL", lambda check: check.detail, "wrap", 110),
    Field("ID", lambda check: check.id, "quiet", 22),
)


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write every check and the row counts, those first that want a look."""
    after = write_table_sheet(sheet, styles, FIELDS, analysis.verdict)
    mark_word(sheet, styles, "look", 1, 1, after - 1)
