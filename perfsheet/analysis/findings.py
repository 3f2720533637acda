"""From the hits of the rules to ranked findings, and what they save together without counting any time twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import Signature, signatures
from perfsheet.analysis.results import Finding, RuleTotal, WhatIf
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.analysis.rules.base import NO_HITS, Group, Hits, hits_of
from perfsheet.analysis.statistics import known_ints, ratio
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray

STEPS = (1, 3, 5, 10)


LITTLE = 0.2
"""A finding that adds less than this part of its saving to the findings before it is part of one of these."""

_NEGLIGIBLE_NS = 1e-3
_ROUNDING_NS = 1.0
"""Least times are whole ns."""


def added(facts: Facts, ranked: Sequence[Finding]) -> Iterator[tuple[float, int | None]]:
    """The saving in ns that each finding adds to those before it, and the finding that it is part of if it adds little.

    All savings of an op add up to at most its kernel duration; those of findings that leave the op its work to at most
    the time above the speed of light. Savings of gaps are limited by the gap before the op in the same way. Host rows
    do not overlap.
    """
    ops = facts.ops
    left = {False: np.nan_to_num(ops.counted_ns), True: np.nan_to_num(ops.gap_ns)}
    owner = np.full(len(ops), -1, dtype=np.int64)
    for index, finding in enumerate(ranked):
        if len(finding.positions) != len(finding.savings):
            yield finding.saving_ns or 0.0, None
            continue
        at = finding.positions
        more = float(_take(finding, left[finding.rule.saves_gaps]).sum())
        around = None
        if finding.saving_ns and more < LITTLE * finding.saving_ns and (owner[at] >= 0).any():
            weight = np.bincount(owner[at][owner[at] >= 0], np.nan_to_num(finding.savings)[owner[at] >= 0])
            around = int(np.argmax(weight))
        elif not finding.rule.saves_gaps:
            owner[at[owner[at] < 0]] = index
        yield more, around


def _take(finding: Finding, pool: FloatArray) -> FloatArray:
    """Subtract the savings of a finding from the time that is left of its ops; returns what was subtracted."""
    at = finding.positions
    # Bounds of a plan follow from bytes and cores alone, and add up; measured ops that keep their work have a floor.
    floors = 0.0 if finding.facts.ops.planned else finding.floors
    taken = np.fmin(finding.savings, pool[at] - floors)
    taken[np.isnan(finding.savings)] = 0
    taken[taken < _NEGLIGIBLE_NS] = 0
    pool[at] -= taken
    return taken


def what_if(facts: Facts, ranked: Sequence[Finding]) -> tuple[WhatIf, ...]:
    """What is left when the first 1, 3, 5, 10 and all findings are fixed."""
    counts = sorted({*(step for step in STEPS if step < len(ranked)), len(ranked)} - {0})
    return tuple(_after(facts, ranked[:count], of=len(ranked)) for count in counts)


def _after(facts: Facts, fixed: Sequence[Finding], of: int) -> WhatIf:
    ops = facts.ops
    left = np.nan_to_num(ops.counted_ns)
    # The largest first: a cure that leaves an op its work must not stop at what a smaller one would have removed.
    for finding in sorted(fixed, key=lambda finding: -(finding.saving_ns or 0.0)):
        if not finding.rule.saves_gaps:
            _take(finding, left)
    saving = ops.total_ns - float(left.sum())
    # With `per_device`, another device may be the busiest after the fixes.
    time = facts.inference_ns(left)
    return WhatIf(
        findings=len(fixed),
        all=len(fixed) == of,
        saving_ns=saving,
        share=ratio(saving, ops.total_ns),
        left_ns=ops.total_ns - saving,
        gap_saving_ns=float(sum(finding.added_ns for finding in fixed if finding.rule.saves_gaps)),
        fps=ops.fps(time) if ops.nearly_all_timed else None,
    )


AllHits = dict[str, Hits]


def hits(facts: Facts, rules: tuple[Rule, ...] = RULES) -> AllHits:
    """The hits of each rule, by its id; without ops that longer ones hide, since speeding these up saves nothing."""
    hidden = facts.ops.hidden
    planned = facts.ops.planned
    return {
        rule.id: NO_HITS if planned and rule.needs_times else _without(hits_of(facts, rule), hidden) for rule in rules
    }


def _without(own: Hits, hidden: BoolArray) -> Hits:
    keep = np.flatnonzero(~hidden[own.positions])
    if own.rows is not None or len(keep) == len(own.positions):
        return own
    return own.only(keep)


def masks(ops: Ops, all_hits: AllHits) -> dict[str, BoolArray]:
    """For each rule the ops that it hit."""
    hit = {name: np.zeros(len(ops), dtype=np.bool_) for name in all_hits}
    for name, own in all_hits.items():
        hit[name][own.positions] = True
    return hit


def totals(ops: Ops, all_hits: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[RuleTotal, ...]:
    """Rows and time of each rule."""
    counts = {name: len(own.positions if own.rows is None else own.rows) for name, own in all_hits.items()}
    hit = {name: distinct(own.positions) for name, own in all_hits.items()}
    times = {name: float(np.nansum(ops.kernel_ns[positions])) for name, positions in hit.items()}
    exposed = {name: float(np.nansum(ops.counted_ns[positions])) for name, positions in hit.items()}
    return tuple(
        RuleTotal(rule, counts[rule.id], times[rule.id], ratio(exposed[rule.id], ops.total_ns)) for rule in rules
    )


def _rank(finding: Finding) -> tuple[float, float, float]:
    weight = -1.0 if finding.saving_ns is None else float(finding.weights.sum())
    return weight, finding.saving_ns or 0.0, finding.kernel_ns


def findings(facts: Facts, all_hits: AllHits, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Hits of the same rule and subject as one finding, largest expected saving first, unknown savings last.

    Findings without an expected saving are ranked by a cautious share of their bound.
    """
    unordered = [finding for rule in rules for finding in _grouped(facts, rule, all_hits[rule.id])]
    ranked = sorted(unordered, key=_rank, reverse=True)
    named = [replace(finding, id=f"H{number}") for number, finding in enumerate(ranked, start=1)]
    return tuple(
        replace(finding, added_ns=more, part_of=None if around is None else named[around].id)
        for finding, (more, around) in zip(named, added(facts, named), strict=True)
    )


def _grouped(facts: Facts, rule: Rule, own: Hits) -> Iterable[Finding]:
    from perfsheet.analysis.expectation.expected import expect, nothing

    ops = facts.ops
    kernel_ns, counted_ns = np.nan_to_num(ops.kernel_ns), np.nan_to_num(ops.counted_ns)
    least_ns = np.nan_to_num(facts.speed_of_light.min_kernel_ns) if rule.keeps_work else np.zeros(len(ops))
    for subject, indices in _by_subject(ops, own).items():
        positions = own.positions[indices] if own.rows is None else own.positions
        rows = ops.rows[positions] if own.rows is None else own.rows[indices]
        grids = known_ints(ops.worker_cores[positions])
        savings = own.saving_ns[indices]
        if own.rows is None and not rule.saves_gaps:
            savings = np.minimum(savings, counted_ns[positions])  # NaN stays: unknown
        floors = np.nan_to_num(own.floor_ns[indices]) if own.floor_ns is not None else least_ns[positions]
        if ops.planned:
            savings = _of_least_times(savings, counted_ns[positions] - floors if own.rows is None else savings)
        known_savings = savings[np.isfinite(savings)]
        group = Group(
            signature=subject,
            category=category(subject.op_code),
            positions=positions,
            rows=rows,
            cores=known_ints(ops.cores[positions]),
            worker_cores=grids[0] if grids else None,
            chains=None if own.chains is None else own.chains[indices],
        )
        yield Finding(
            id="",
            rule=rule,
            group=group,
            facts=facts,
            kernel_ns=float(kernel_ns[positions].sum()),
            share=ratio(float(counted_ns[positions].sum()), ops.total_ns),
            saving_ns=float(known_savings.sum()) if known_savings.size else None,
            savings=savings,
            # What each op takes at the least once it is fixed.
            floors=floors,
            added_ns=0.0,
            part_of=None,
            # What is expected rests on measured times.
            expectation=nothing(savings) if ops.planned else expect(facts, rule, own, group, savings, indices),
        )


def _of_least_times(savings: FloatArray, above_floor: FloatArray) -> FloatArray:
    """Savings in least time; one of nothing is unknown, since the least time is of an op without the fault at hand."""
    least = np.minimum(savings, above_floor)
    return np.where(least > _ROUNDING_NS, least, np.nan)


def _by_subject(ops: Ops, own: Hits) -> dict[Signature, list[int]]:
    subjects: Sequence[Signature] = (
        own.subjects if own.subjects is not None else signatures(ops, own.positions.tolist())
    )
    members: dict[Signature, list[int]] = {}
    for index, subject in enumerate(subjects):
        members.setdefault(subject, []).append(index)
    return members
