"""Sheet Evidence: the rows behind every finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import Finding
from perfsheet.analysis.statistics import known
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Evidence"
_ROWS_PER_FINDING = 200
_MOST_ROWS = 5000


@dataclass(frozen=True)
class _Row:
    """One row behind a finding: where its op stands, and what mending would save of it (NaN = unknown)."""

    finding: Finding
    position: int
    saving_ns: float


def listed(analysis: Analysis) -> set[str]:
    """The ids of the findings whose rows are here."""
    return {row.finding.id for row in _rows(analysis)}


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the slowest ops of each finding, in the order of sheet Hotspots."""
    rows = list(_rows(analysis))
    fields = _fields(analysis)
    after = write_table_sheet(sheet, styles, fields, rows, freeze=3)
    data_bar(sheet, [field.header for field in fields].index("KERNEL [ns]"), 1, after - 1)
    if len(rows) < sum(len(finding.positions) for finding in analysis.findings):
        note = (
            f"At most {_ROWS_PER_FINDING} rows of a finding, {_MOST_ROWS:,} in all; "
            "column FINDINGS of All Ops has every one."
        )
        sheet.write_string(after + 1, 1, note, styles["quiet"])


def _rows(analysis: Analysis) -> Iterator[_Row]:
    left = _MOST_ROWS
    for finding in analysis.findings:
        room = min(_ROWS_PER_FINDING, left)
        kernel = np.nan_to_num(analysis.ops.kernel_ns[finding.positions])
        for place in np.argsort(-kernel, kind="stable")[:room].tolist():
            yield _Row(finding, int(finding.positions[place]), float(finding.savings[place]))
        left -= min(room, len(finding.positions))


def _fields(analysis: Analysis) -> list[Field[_Row]]:
    ops, calls = analysis.ops, analysis.ops.number("global_call_count")
    return [
        Field("FINDING", lambda row: row.finding.id, width=9),
        Field("RULE", lambda row: row.finding.rule.title, width=24),
        Field("OP CODE", lambda row: ops.codes[row.position], width=34),
        Field("SHAPE", lambda row: shape_of(ops, row.position).shape, width=30),
        Field("DEVICE ID", lambda row: int(ops.device[row.position]), "plain_number", 8),
        Field("CORES", lambda row: known(ops.cores[row.position]), "count", 8),
        Field("WORKER CORES", lambda row: known(ops.worker_cores[row.position]), "count", 9),
        Field("KERNEL [ns]", lambda row: known(ops.kernel_ns[row.position]), "ns", 16),
        Field("SAVES AT MOST [ns]", lambda row: known(row.saving_ns), "ns", 16),
        Field("FILE ROW", lambda row: all_ops.link_to(analysis, row.position), "link_number", 9),
        *all_ops.file_fields(analysis, lambda row: row.position),
        Field("GLOBAL CALL COUNT", lambda row: known(calls[row.position]), "plain_number", 14),
    ]
