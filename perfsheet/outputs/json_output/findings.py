"""Findings, the totals of every rule, and what mending would leave."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.analysis.statistics import known
from perfsheet.outputs.json_output.parts import Json, number, percent, row


def hotspots(analysis: Analysis, count: int | None) -> Json:
    """Totals of every rule, the first `count` findings (None = all), and what mending them would leave."""
    return {
        "totals": {
            total.rule.id: {
                "rows": total.rows,
                "kernel_duration_ns": number(total.kernel_ns),
                "share_pct": percent(total.share),
            }
            for total in analysis.rule_totals
        },
        "reshard_pairs": analysis.reshard_pairs,
        "findings": [_finding(analysis, finding) for finding in analysis.findings[:count]],
        "what_if": [
            {
                "findings": one.findings,
                "saving_ns": number(one.saving_ns),
                "saving_pct": percent(known(one.share)),
                "kernel_duration_ns": number(one.left_ns),
                "gap_saving_ns": number(one.gap_saving_ns),
                "fps": one.fps,
                "fps_per_pass": one.fps_per_pass,
            }
            for one in analysis.what_if
        ],
    }


def _finding(analysis: Analysis, finding: Finding) -> Json:
    return {
        "id": finding.id,
        "rule": finding.rule.id,
        "op_code": finding.signature.op_code,
        "signature": finding.signature.text,
        "count": finding.count,
        "kernel_duration_ns": number(finding.kernel_ns),
        "share_pct": percent(finding.share),
        "core_count": finding.cores[0] if finding.cores else None,
        "cores": list(finding.cores),
        "worker_cores": finding.worker_cores,
        "saving_ns": number(finding.saving_ns),
        "added_saving_ns": number(finding.added_ns),
        "part_of": finding.part_of,
        "saving_of": "gaps" if finding.rule.waits else "kernel",
        "saving_formula": finding.rule.saving_formula,
        "rows": [row(analysis.table_ref(place)) for place in finding.rows.tolist()],
        "advice": finding.advice,
        "caveat": finding.rule.caveat,
        "evidence": {
            name: number(value) if isinstance(value, float) else value for name, value in finding.evidence.items()
        },
    }
