"""Findings of one rule."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding


def findings_of(analysis: Analysis, rule: str) -> list[Finding]:
    return [finding for finding in analysis.findings if finding.rule.id == rule]


def only_finding(analysis: Analysis, rule: str) -> Finding:
    (finding,) = findings_of(analysis, rule)
    return finding
