"""Run the rules over the ops, and put hits of one configuration together into one finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from perfsheet.analysis.categories import category
from perfsheet.analysis.numbers import known_ints, ratio
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import Finding, RuleTotal
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.analysis.rules.base import Group, Hits
from perfsheet.analysis.signature import by_signature
from perfsheet.capture.table import BoolArray

AllHits = dict[str, Hits]


def hits(ops: Ops, rules: tuple[Rule, ...] = RULES) -> AllHits:
    """What each rule finds, by its id."""
    return {rule.id: rule.find(ops) for rule in rules}


def masks(ops: Ops, found: AllHits) -> dict[str, BoolArray]:
    """For each rule which ops it hit."""
    hit = {name: np.zeros(len(ops), dtype=np.bool_) for name in found}
    for name, own in found.items():
        hit[name][own.positions] = True
    return hit


def totals(ops: Ops, found: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[RuleTotal, ...]:
    """Rows and time of each rule."""
    times = {name: float(ops.kernel_ns[own.positions].sum()) for name, own in found.items()}
    return tuple(
        RuleTotal(rule, len(found[rule.id].positions), times[rule.id], ratio(times[rule.id], ops.total_ns))
        for rule in rules
    )


def findings(ops: Ops, found: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Hits of one rule and one configuration together, longest kernel time first."""
    unordered = [finding for rule in rules for finding in _grouped(ops, rule, found[rule.id])]
    ranked = sorted(unordered, key=lambda finding: -finding.kernel_ns)
    return tuple(replace(finding, id=f"H{number}") for number, finding in enumerate(ranked, start=1))


def _grouped(ops: Ops, rule: Rule, own: Hits) -> Iterable[Finding]:
    for signature, indices in by_signature(ops, own.positions.tolist()).items():
        positions = own.positions[indices]
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
            saving_ns=float(own.saving_ns[indices].sum()),
            advice=rule.advice(ops, group),
        )
