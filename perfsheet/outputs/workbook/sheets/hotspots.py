"""Sheet Hotspots: the findings, largest saving first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.analysis.statistics import known
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Formula
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets import evidence
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats, sentences

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Hotspots"


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write a line per finding; the link in ROWS leads to its rows on sheet Evidence."""
    findings = analysis.findings
    fields = _fields(evidence.listed(analysis))
    after = write_table_sheet(sheet, styles, fields, findings, freeze=3)
    headers = [field.header for field in fields]
    sheet.print_area(0, 0, after + len(analysis.what_if) + 3, headers.index("EVIDENCE"))
    if not findings:
        sheet.write_string(1, 1, formats.no_finding(analysis.summary), styles["quiet"])
        return
    data_bar(sheet, headers.index("SAVES AT MOST [ns]"), 1, after - 1)
    sheet.write_string(after + 1, 1, sentences.upper_bounds(analysis.summary), styles["quiet"])
    sheet.write_string(after + 2, 1, "If they were mended", styles["section"])
    for place, one in enumerate(analysis.what_if):
        text = sentences.what_if(one, analysis.summary.passes.count > 1)
        sheet.write_string(after + 3 + place, 1, text, styles["text"])


def link_to(finding: Finding) -> Formula:
    """The finding's id, as a link to its line here, wherever sorting has put it."""
    return live.link_to_id(TITLE, finding.id, finding.id)


def _fields(listed: set[str]) -> list[Field[Finding]]:
    def rows(finding: Finding) -> Cell:
        text = f"{finding.count:,} row{'' if finding.count == 1 else 's'}"
        return live.link_to_id(evidence.TITLE, finding.id, text) if finding.id in listed else text

    return [
        Field("ID", lambda finding: finding.id, width=6),
        Field("RULE", lambda finding: finding.rule.title, "wrap", 24),
        Field("OP CODE", lambda finding: finding.signature.op_code, "wrap", 34),
        Field("OPS", lambda finding: finding.count, "count", 7),
        Field("CORES", lambda finding: formats.span_cell(finding.cores), "right", 8),
        Field("WORKER CORES", lambda finding: finding.worker_cores, "count", 9),
        Field("SAVES AT MOST [ns]", lambda finding: finding.saving_ns, "ns", 15),
        Field("ADDS [ns]", lambda finding: finding.added_ns, "ns", 13),
        Field("PART OF", lambda finding: finding.part_of, width=7),
        Field("KERNEL [ns]", lambda finding: finding.kernel_ns, "ns", 13),
        Field("SHARE", lambda finding: known(finding.share), "percent", 8),
        Field("ROWS", rows, "link", 12),
        Field("ADVICE", lambda finding: finding.advice, "wrap", 62),
        Field("SAVING IS", lambda finding: finding.rule.saving_formula, "wrap", 28),
        Field("CAVEAT", lambda finding: finding.rule.caveat, "wrap", 48),
        Field("EVIDENCE", sentences.evidence, "wrap", 40),
        Field("INPUTS → OUTPUTS", lambda finding: finding.signature.tensors, width=70),
        Field("MATH FIDELITY", lambda finding: finding.signature.math_fidelity, width=10),
        Field("PROGRAM CONFIG", lambda finding: finding.signature.program_config, width=60),
    ]
