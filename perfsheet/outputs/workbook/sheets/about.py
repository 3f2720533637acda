"""Sheet About: every column explained, the input cells, the rules, and where the formulas are proved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.capture.columns import BY_NAME, tensor_field
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_section, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import glossary
from perfsheet.text.glossary import Term

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "About"
_WIDTHS = (40, 14, 100, 26)
_TENSORS = "of a tensor: padded[logical] extents W, Z, Y, X, layout, data type, memory"

_TERMS: tuple[Field[Term], ...] = (
    Field("NAME", lambda term: term.name),
    Field("UNIT", lambda term: term.unit),
    Field("MEANING", lambda term: term.meaning, "wrap", 100),
    Field("MORE IN", lambda term: term.page, "quiet"),
)
_RULES: tuple[Field[Rule], ...] = (
    Field("RULE", lambda rule: rule.title),
    Field("MARK", lambda rule: rule.mark),
    Field("A SAVING IS AT MOST", lambda rule: rule.saving_formula, "wrap", 100),
    Field("FLAG", lambda rule: rule.id, "quiet"),
)


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the tables one below the other."""
    set_up_sections(sheet, styles, _WIDTHS)
    row = 0
    for title, note, terms in (
        ("Input cells on Summary", "change them: utilization, flags and FPS follow on every sheet", glossary.INPUTS),
        ("Headline", "", glossary.FIGURES),
        ("Ops", "columns of Top Ops, Op Groups, All Ops and Evidence", glossary.OPS),
        ("Findings", "columns of Hotspots", glossary.FINDINGS),
        ("Columns of the capture", f"schema {analysis.summary.schema}; on All Ops", tuple(_captured(analysis))),
    ):
        row = write_section(sheet, styles, row, len(_WIDTHS), title, note)
        row = write_table(sheet, styles, _TERMS, terms, top=row) + 1
    row = write_section(sheet, styles, row, len(_WIDTHS), "Rules", "what Hotspots looks for")
    row = write_table(sheet, styles, _RULES, RULES, top=row) + 1
    sheet.write_string(row, 0, f"perfsheet {__version__}. Pages named here are in its repository.", styles["quiet"])


def _captured(analysis: Analysis) -> Iterator[Term]:
    """The capture's own columns in their order, tensors in one line each."""
    told: set[str] = set()
    for name, header in analysis.ops.table.headers.items():
        column = BY_NAME.get(name)
        if tensor_field(name) is not None:
            tensor = "_".join(name.split("_")[:2]).upper()
            if tensor not in told:
                told.add(tensor)
                yield Term(f"{tensor}_…", "", _TENSORS)
        elif column is not None:
            yield Term(header, column.unit, column.meaning)
        else:
            yield Term(header, "", "as the capture has it")
