"""Findings, the totals of every rule, and what mending would leave."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.statistics import known
from perfsheet.outputs.json_output.parts import Json, number, percent
from perfsheet.tables.findings import FINDINGS, RULE_TOTALS, findings


def hotspots(analysis: Analysis, count: int | None) -> Json:
    """Totals of every rule, the first `count` findings (None = all), and what mending them would leave."""
    return {
        "totals": {
            total.rule.id: record
            for total, record in zip(analysis.rule_totals, RULE_TOTALS.records(analysis.rule_totals), strict=True)
        },
        "reshard_pairs": analysis.reshard_pairs,
        "findings": FINDINGS.records(findings(analysis, count)),
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
