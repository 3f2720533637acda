"""The table of evidence: the ops behind every finding."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.capture.table import FloatArray
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Table
from perfsheet.tables.kinds import LABEL, NS
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS

OPS_PER_FINDING = 200
MOST_OPS = 5000


@dataclass(frozen=True, eq=False)
class EvidenceRows(OpRows):
    """Ops, each with the finding that it is behind and what a fix would save of it (NaN = unknown)."""

    findings: list[Finding]
    savings_ns: FloatArray


def evidence(analysis: Analysis) -> EvidenceRows:
    """The slowest ops of each finding, in the order of the findings: at most 200 of a finding, 5,000 in all."""
    findings: list[Finding] = []
    positions, savings = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    left = MOST_OPS
    for finding in analysis.findings:
        kernel = np.nan_to_num(analysis.ops.kernel_ns[finding.positions])
        slowest = np.argsort(-kernel, kind="stable")[: min(OPS_PER_FINDING, left)]
        findings += [finding] * len(slowest)
        positions.append(finding.positions[slowest])
        savings.append(finding.savings[slowest])
        left -= min(OPS_PER_FINDING, left, len(finding.positions))
    return EvidenceRows(analysis, np.concatenate(positions), findings, np.concatenate(savings))


# fmt: off
EVIDENCE: Table[EvidenceRows] = Table(
    "evidence",
    "Evidence",
    "The ops behind every finding: sheet Evidence.",
    (
        Column("finding_id", "Finding", LABEL, lambda rows: [finding.id for finding in rows.findings],
            "the finding of sheet Hotspots", "docs/rules.md", outputs=In.SHEET, width=9),
        Column("title", "Rule", LABEL, lambda rows: [finding.rule.title for finding in rows.findings], "what was found",
            "docs/rules.md", outputs=In.SHEET),
        *OPS.pick("op_code", "shape", "device_id", "core_count", "worker_cores", "kernel_duration_ns"),
        Column("saving_ns", "Saves at most", NS, lambda rows: rows.savings_ns,
            "upper bound of what a fix could save of this op; empty = unknown", "docs/rules.md", outputs=In.SHEET),
        *OPS.pick("row", "file", "global_call_count"),
    ),
    outputs=In.SHEET,
)
