"""Findings, the totals of every rule, and what fixes would leave."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.statistics import known
from perfsheet.outputs.json_output.parts import Json, number, percent
from perfsheet.tables.findings import FINDINGS, RULE_TOTALS, findings


def hotspots(analysis: Analysis, count: int | None) -> Json:
    """Totals of every rule, the first `count` findings (None = all), and what fixing them would leave."""
    return {
        "totals": {
            total.rule.id: record
            for total, record in zip(analysis.rule_totals, RULE_TOTALS.records(analysis.rule_totals), strict=True)
        },
        "reshard_pairs": analysis.reshard_pairs,
        "findings": FINDINGS.records(findings(analysis, count)),
        "what_if": [
            {
                "findings": estimate.findings,
                "saving_ns": number(estimate.saving_ns),
                "saving_pct": percent(known(estimate.share)),
                "kernel_duration_ns": number(estimate.left_ns),
                "gap_saving_ns": number(estimate.gap_saving_ns),
                "fps": estimate.fps,
                "fps_per_pass": estimate.fps_per_pass,
            }
            for estimate in analysis.what_if
        ],
    }
