"""Run the rules over the ops, and put hits about one subject together into one finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from perfsheet.analysis.categories import category
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.numbers import known, known_ints, ratio
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import Finding, RuleTotal
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.analysis.rules.base import Group, Hits
from perfsheet.analysis.savings import added
from perfsheet.analysis.signature import Signature, signatures
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

AllHits = dict[str, Hits]


def hits(facts: Facts, rules: tuple[Rule, ...] = RULES) -> AllHits:
    """What each rule finds, by its id."""
    return {rule.id: rule.find(facts) for rule in rules}


def masks(ops: Ops, found: AllHits) -> dict[str, BoolArray]:
    """For each rule which ops it hit."""
    hit = {name: np.zeros(len(ops), dtype=np.bool_) for name in found}
    for name, own in found.items():
        hit[name][own.positions] = True
    return hit


def totals(ops: Ops, found: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[RuleTotal, ...]:
    """Rows and time of each rule."""
    counts = {name: len(own.positions if own.rows is None else own.rows) for name, own in found.items()}
    times = {name: float(np.nansum(ops.kernel_ns[np.unique(own.positions)])) for name, own in found.items()}
    return tuple(
        RuleTotal(rule, counts[rule.id], times[rule.id], ratio(times[rule.id], ops.total_ns)) for rule in rules
    )


def findings(facts: Facts, found: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Hits of one rule about one subject together, largest saving first; those of unknown saving come last."""
    unordered = [finding for rule in rules for finding in _grouped(facts, rule, found[rule.id])]
    ranked = sorted(
        unordered, key=lambda one: (-1.0 if one.saving_ns is None else one.saving_ns, one.kernel_ns), reverse=True
    )
    named = [replace(finding, id=f"H{number}") for number, finding in enumerate(ranked, start=1)]
    return tuple(
        replace(finding, added_ns=more, part_of=None if around is None else named[around].id)
        for finding, (more, around) in zip(named, added(facts, named), strict=True)
    )


def _grouped(facts: Facts, rule: Rule, own: Hits) -> Iterable[Finding]:
    ops = facts.ops
    for subject, indices in _by_subject(ops, own).items():
        positions = own.positions[indices] if own.rows is None else own.positions
        rows = ops.rows[positions] if own.rows is None else own.rows[indices]
        grids = known_ints(ops.worker_cores[positions])
        group = Group(
            signature=subject,
            category=category(subject.op_code),
            positions=positions,
            rows=rows,
            cores=known_ints(ops.cores[positions]),
            worker_cores=grids[0] if grids else None,
        )
        kernel_ns = float(np.nansum(ops.kernel_ns[positions]))
        savings = own.saving_ns[indices]
        yield Finding(
            id="",
            rule=rule,
            signature=subject,
            positions=positions,
            rows=rows,
            kernel_ns=kernel_ns,
            share=ratio(kernel_ns, ops.total_ns),
            cores=group.cores,
            worker_cores=group.worker_cores,
            saving_ns=known(float(np.nansum(savings))) if np.isfinite(savings).any() else None,
            savings=savings,
            floors=_floors(facts, rule, own, indices, positions),
            added_ns=0.0,
            part_of=None,
            advice=rule.advice(facts, group),
            evidence=rule.evidence(facts, group),
        )


def _floors(facts: Facts, rule: Rule, own: Hits, indices: list[int], positions: IntArray) -> FloatArray:
    """What each op takes at the least once it is mended."""
    if own.floor_ns is not None:
        return np.nan_to_num(own.floor_ns[indices])
    return np.nan_to_num(facts.light.light_ns[positions]) if rule.keeps_work else np.zeros(len(positions))


def _by_subject(ops: Ops, own: Hits) -> dict[Signature, list[int]]:
    subjects: Sequence[Signature] = (
        own.subjects if own.subjects is not None else signatures(ops, own.positions.tolist())
    )
    members: dict[Signature, list[int]] = {}
    for index, subject in enumerate(subjects):
        members.setdefault(subject, []).append(index)
    return members
