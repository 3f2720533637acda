"""Sheet Hotspots: the findings, and below them the rows behind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known, known_int
from perfsheet.analysis.result import Finding
from perfsheet.render import phrases, words
from perfsheet.render.workbook import all_ops
from perfsheet.render.workbook.marks import data_bar
from perfsheet.render.workbook.sheet import Field, Link, write_table, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Hotspots"
_ROWS_PER_FINDING = 200
_EVIDENCE_ROWS = 5000


@dataclass(frozen=True)
class _Evidence:
    """One row behind a finding, and where its op stands."""

    finding: Finding
    position: int


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the findings; the link in ROWS leads to a finding's rows below, and from there to All Ops."""
    findings = analysis.findings
    evidence = list(_evidence(findings, analysis))
    # The findings take rows 1 to n + 1, then come a blank row, the title of the evidence and its header.
    title_row = len(findings) + 2
    first_row: dict[str, int] = {}
    for index, entry in enumerate(evidence):
        first_row.setdefault(entry.finding.id, title_row + 2 + index)
    fields = _finding_fields(first_row)
    after = write_table_sheet(sheet, styles, fields, findings, freeze=False)
    if not findings:
        sheet.write_string(1, 1, words.no_finding(analysis.summary), styles["quiet"])
        return
    data_bar(sheet, 6, 1, after - 1)
    sheet.print_area(0, 0, title_row + 1 + len(evidence), [field.header for field in fields].index("INPUTS → OUTPUTS"))
    cut = len(evidence) < sum(finding.count for finding in findings)
    limits = f" (at most {_ROWS_PER_FINDING} each, {_EVIDENCE_ROWS:,} in all; column FINDINGS of All Ops has the rest)"
    title = f"The rows behind each finding, slowest first{limits if cut else ''}"
    sheet.write_string(title_row, 1, title, styles["section"])
    sheet.set_row(title_row + 1, 26)
    write_table(sheet, styles, _evidence_fields(analysis), evidence, top=title_row + 1, left=1)


def link_to(index: int, text: str) -> Link:
    """A link to the finding at that place of the ranking."""
    return Link(f"'{TITLE}'!A{index + 2}", text)


def _evidence(findings: tuple[Finding, ...], analysis: Analysis) -> Iterator[_Evidence]:
    left = _EVIDENCE_ROWS
    for finding in findings:
        slowest = sorted(finding.positions.tolist(), key=lambda at: -analysis.ops.kernel_ns[at])
        for position in slowest[: min(_ROWS_PER_FINDING, left)]:
            yield _Evidence(finding, position)
        left -= min(_ROWS_PER_FINDING, left, finding.count)


def _finding_fields(first_row: dict[str, int]) -> list[Field[Finding]]:
    def rows(finding: Finding) -> Link | str:
        text = f"{finding.count:,} row{'' if finding.count == 1 else 's'} ↓"
        row = first_row.get(finding.id)
        return Link(f"'{TITLE}'!B{row + 1}", text, "Show the rows of this finding") if row is not None else text

    return [
        Field("ID", lambda finding: finding.id, width=6),
        Field("RULE", lambda finding: finding.rule.title, width=27),
        Field("OP CODE", lambda finding: finding.signature.op_code, width=34),
        Field("OPS", lambda finding: finding.count, "count", 10),
        Field("CORES", lambda finding: words.span(finding.cores), "right", 9),
        Field("WORKER CORES", lambda finding: finding.worker_cores, "count", 9),
        Field("SAVES AT MOST [ns]", lambda finding: finding.saving_ns, "ns", 16),
        Field("ADDS [ns]", lambda finding: finding.added_ns, "ns", 14),
        Field("PART OF", lambda finding: finding.part_of, width=9),
        Field("KERNEL [ns]", lambda finding: finding.kernel_ns, "ns", 14),
        Field("SHARE", lambda finding: known(finding.share), "percent", 9),
        Field("ROWS", rows, width=12),
        Field("ADVICE", lambda finding: finding.advice, "wrap", 62),
        Field("INPUTS → OUTPUTS", lambda finding: finding.signature.tensors, "wrap", 56),
        Field("MATH FIDELITY", lambda finding: finding.signature.math_fidelity, width=10),
        Field("PROGRAM CONFIG", lambda finding: finding.signature.program_config, "wrap", 34),
        Field("SAVING IS", lambda finding: finding.rule.saving_formula, "wrap", 28),
        Field("CAVEAT", lambda finding: finding.rule.caveat, "wrap", 44),
        Field("EVIDENCE", phrases.evidence, "wrap", 44),
    ]


def _evidence_fields(analysis: Analysis) -> list[Field[_Evidence]]:
    ops = analysis.ops
    return [
        Field("FINDING", lambda entry: entry.finding.id),
        Field(
            "OP CODE", lambda entry: Link(all_ops.location(entry.position), ops.codes[entry.position], "Go to All Ops")
        ),
        Field("DEVICE ID", lambda entry: int(ops.device[entry.position]), "plain_number"),
        Field("CORES", lambda entry: known_int(ops.cores[entry.position]), "plain_number"),
        Field("WORKER CORES", lambda entry: known(ops.worker_cores[entry.position]), "count"),
        Field("KERNEL [ns]", lambda entry: known(ops.kernel_ns[entry.position]), "ns"),
        Field("FILE ROW", lambda entry: int(ops.table.row[ops.rows[entry.position]]), "plain_number"),
        *all_ops.file_fields(analysis, lambda entry: entry.position),
        Field("GLOBAL CALL COUNT", lambda entry: analysis.row_ref(entry.position).global_call_count, "plain_number"),
    ]
