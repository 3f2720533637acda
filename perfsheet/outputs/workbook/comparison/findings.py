"""Sheet Findings of a comparison: fixed, new, remaining."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis.results import Finding
from perfsheet.compare import Comparison
from perfsheet.compare.results import FindingChange
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Findings"
Entry = tuple[str, FindingChange]


def write(sheet: Worksheet, styles: Styles, found: Comparison) -> None:
    """Write the table: new ones first, then fixed ones, then what remains."""
    changes = found.findings
    entries: list[Entry] = [
        *(("new", one) for one in changes.new),
        *(("fixed", one) for one in changes.fixed),
        *(("remaining", one) for one in changes.remaining),
    ]
    after = write_table_sheet(sheet, styles, _FIELDS, entries, freeze=2)
    if not entries:
        sheet.write_string(after, 1, "No rule found anything on either side.", styles["text"])


def _figure(finding: Finding | None, name: str) -> Cell:
    """A figure of one side; nothing where that side has no such finding."""
    value = getattr(finding, name) if finding else None
    return value if isinstance(value, int | float) else None


_FIELDS: tuple[Field[Entry], ...] = (
    Field("STATUS", lambda entry: entry[0], width=11),
    Field("RULE", lambda entry: entry[1].one.rule.title, width=26),
    Field("OP CODE", lambda entry: entry[1].one.signature.op_code, "wrap", 36),
    Field("OPS BEFORE", lambda entry: _figure(entry[1].base, "count"), "count", 9),
    Field("OPS NOW", lambda entry: _figure(entry[1].new, "count"), "count", 9),
    Field("KERNEL BEFORE [ns]", lambda entry: _figure(entry[1].base, "kernel_ns"), "ns", 15),
    Field("KERNEL NOW [ns]", lambda entry: _figure(entry[1].new, "kernel_ns"), "ns", 15),
    Field("SAVES AT MOST BEFORE [ns]", lambda entry: _figure(entry[1].base, "saving_ns"), "ns", 15),
    Field("SAVES AT MOST NOW [ns]", lambda entry: _figure(entry[1].new, "saving_ns"), "ns", 15),
    Field("ADVICE", lambda entry: entry[1].one.advice, "wrap", 70),
    Field("TENSORS", lambda entry: entry[1].one.signature.tensors, "wrap", 60),
)
