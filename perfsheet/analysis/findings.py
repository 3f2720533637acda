"""Run the rules over the ops, and put hits of one configuration together into one finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from perfsheet.analysis.categories import category
from perfsheet.analysis.numbers import known_ints, ratio
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import Finding, RuleTotal
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.analysis.rules.base import Group, Hits
from perfsheet.analysis.signature import Signature, signatures
from perfsheet.capture.table import BoolArray


@dataclass(frozen=True, eq=False)
class Findings:
    """All findings, longest kernel time first; the totals of each rule; which ops each rule hit."""

    findings: tuple[Finding, ...]
    totals: tuple[RuleTotal, ...]
    hit: dict[str, BoolArray]


def find(ops: Ops, rules: tuple[Rule, ...] = RULES) -> Findings:
    """Apply every rule."""
    findings: list[Finding] = []
    totals: list[RuleTotal] = []
    hit: dict[str, BoolArray] = {}
    for rule in rules:
        hits = rule.find(ops)
        kernel_ns = float(ops.kernel_ns[hits.positions].sum())
        totals.append(RuleTotal(rule, len(hits.positions), kernel_ns, ratio(kernel_ns, ops.total_ns)))
        hit[rule.id] = np.zeros(len(ops), dtype=np.bool_)
        hit[rule.id][hits.positions] = True
        findings += _grouped(ops, rule, hits)
    findings.sort(key=lambda finding: -finding.kernel_ns)
    numbered = (replace(finding, id=f"H{number}") for number, finding in enumerate(findings, start=1))
    return Findings(tuple(numbered), tuple(totals), hit)


def _grouped(ops: Ops, rule: Rule, hits: Hits) -> Iterable[Finding]:
    members: dict[Signature, list[int]] = {}
    for index, signature in enumerate(signatures(ops, hits.positions.tolist())):
        members.setdefault(signature, []).append(index)
    for signature, indices in members.items():
        positions = hits.positions[indices]
        grids = known_ints(ops.worker_cores[positions])
        group = Group(
            signature=signature,
            category=category(signature.op_code),
            positions=positions,
            cores=known_ints(ops.cores[positions]),
            worker_cores=grids[0] if grids else None,
        )
        kernel_ns = float(ops.kernel_ns[positions].sum())
        yield Finding(
            id="",
            rule=rule,
            signature=signature,
            positions=positions,
            kernel_ns=kernel_ns,
            share=ratio(kernel_ns, ops.total_ns),
            cores=group.cores,
            worker_cores=group.worker_cores,
            saving_ns=float(hits.saving_ns[indices].sum()),
            advice=rule.advice(ops, group),
        )
