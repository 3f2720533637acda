"""Causes: findings of one root as one thing to fix, with its cures and what fixing it is expected to save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perfsheet.analysis.expectation.grounds import CAUTIOUS, Ground, GroundKind
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.results import Cause, Finding
from perfsheet.analysis.rules import faster_sibling
from perfsheet.analysis.savings import best, best_of_all, sum_of_known
from perfsheet.analysis.statistics import known_ints, ratio
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import FloatArray, IntArray

_MOSTLY = 0.5
"""A finding with more than this part of its weight on the ops of an earlier cause belongs to it."""
_NAMED = 3


def causes(facts: Facts, findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """The causes behind these findings, largest expected saving first."""
    found: list[list[Finding]] = []
    owners = {gaps: np.full(len(facts.ops), -1, dtype=np.int64) for gaps in (False, True)}
    for candidates in _roots(findings):
        free = []
        for finding in candidates:
            owner = _owner(finding, owners[finding.rule.saves_gaps])
            if owner is None:
                free.append(finding)
            else:
                found[owner].append(finding)
        if free:
            for finding in free:
                taken = owners[finding.rule.saves_gaps]
                taken[finding.positions[taken[finding.positions] < 0]] = len(found)
            found.append(free)
    owned = {gaps: _by_owner(taken) for gaps, taken in owners.items()}
    nothing = np.empty(0, dtype=np.int64)
    built = [
        _cause(facts, members, owned[members[0].rule.saves_gaps].get(number, nothing))
        for number, members in enumerate(found)
    ]
    return tuple(_numbered(facts, sorted(built, key=_rank, reverse=True)))


_MUCH = 0.1
"""Part of the kernel time from which ops without a finding are named."""


def without_cause(facts: Facts, found: Sequence[Cause]) -> tuple[tuple[str, float], ...]:
    """Op codes whose ops without a cause take a tenth of the kernel time or more, and their share, longest first."""
    ops = facts.ops
    left = np.nan_to_num(ops.counted_ns)
    for cause in found:
        if not cause.saves_gaps:
            left[cause.positions] = 0
    shares = np.bincount(ops.codes.codes, left, len(ops.codes.values)) / (ops.total_ns or 1.0)
    order = [index for index in np.argsort(-shares, kind="stable").tolist() if shares[index] >= _MUCH]
    return tuple((ops.codes.values[index], float(shares[index])) for index in order)


def _by_owner(owners: IntArray) -> dict[int, IntArray]:
    """The positions of each owner, ascending."""
    order = np.argsort(owners, kind="stable")
    edges = np.flatnonzero(np.diff(owners[order])) + 1
    return {int(owners[part[0]]): part for part in np.split(order, edges) if len(part)}


def _roots(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings of the same rule and root, those first that are expected to save most together."""
    same: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        same.setdefault((finding.rule.id, finding.rule.root(finding.facts, finding.group)), []).append(finding)
    return sorted(same.values(), key=lambda members: -sum(float(member.weights.sum()) for member in members))


def _owner(finding: Finding, owners: IntArray) -> int | None:
    """The cause that has most of the finding's ops, if that is most of its weight."""
    own = owners[finding.positions]
    if len(own) != len(finding.savings) or not (own >= 0).any():
        return None
    weights = finding.weights
    if not weights.any():
        weights = np.ones(len(own))
    by_owner = np.bincount(own[own >= 0], weights[own >= 0])
    return int(np.argmax(by_owner)) if by_owner.sum() > _MOSTLY * weights.sum() else None


def _cause(facts: Facts, findings: Sequence[Finding], positions: IntArray) -> Cause:
    ops = facts.ops
    unknown = _is_mostly_unknown(findings, positions)
    members = _by_rule(findings, by_weight=unknown)
    leading = members[0]
    rows = ops.rows[positions] if positions.size else distinct(np.concatenate([member.rows for member in members]))
    grids = known_ints(ops.worker_cores[positions])
    expected = np.full(len(positions), np.nan)
    if not unknown:
        expected = _best([(member, member.expectation.savings) for member in members], positions)
    savings = [(member.positions, member.savings) for member in members]
    bounds = best_of_all(savings, positions)
    if ops.planned:
        bounds[: len(positions)] = _together(savings, positions, ops.kernel_ns)
    return Cause(
        id="",
        title=leading.rule.title,
        subject=_subject(members),
        members=tuple(members),
        positions=positions,
        expected=expected,
        rows=rows,
        shapes=len({member.signature for member in members if member.rule.id == leading.rule.id}),
        cores=known_ints(ops.cores[positions]),
        worker_cores=grids[0] if grids else None,
        kernel_ns=float(np.nansum(ops.kernel_ns[positions])),
        share=ratio(float(np.nansum(ops.counted_ns[positions])), ops.total_ns),
        expected_saving_ns=sum_of_known(expected),
        bound_ns=sum_of_known(bounds),
        ground=None if unknown else _ground(members, expected, positions),
        saves_gaps=leading.rule.saves_gaps,
        left_ns=ops.total_ns,
    )


_FAR_MORE = 2
"""Times what is expected: unknown cures that weigh more decide."""


def _is_mostly_unknown(findings: Sequence[Finding], positions: IntArray) -> bool:
    """Whether the cures of which nothing is known may save far more than is expected of the others."""
    known = np.nansum(_best([(finding, finding.expectation.savings) for finding in findings], positions))
    weight = np.nansum(_best([(finding, finding.weights) for finding in findings], positions))
    return bool(weight > _FAR_MORE * known)


def _by_rule(findings: Sequence[Finding], by_weight: bool) -> list[Finding]:
    """Rule by rule, most expected saving first (`by_weight`: most weight); within each rule the largest first.

    A rule with a sibling as its ground comes before those that promise up to twice as much on another, unless these
    take the op away.
    """
    of_rules: dict[str, list[Finding]] = {}
    for finding in findings:
        of_rules.setdefault(finding.rule.id, []).append(finding)
    expected = {name: sum(one.expected_saving_ns or 0.0 for one in same) for name, same in of_rules.items()}
    weight = {name: sum(float(one.weights.sum()) for one in same) for name, same in of_rules.items()}
    order = sorted(of_rules, key=lambda name: (0.0 if by_weight else -expected[name], -weight[name], name))
    if not by_weight and of_rules[order[0]][0].rule.keeps_work and expected[order[0]]:
        much = [name for name in order if expected[name] >= _MOSTLY * expected[order[0]]]
        proven = [name for name in much if any(_has_sibling(one) for one in of_rules[name])]
        # That a sibling is faster says less than a rule that knows what to change.
        first = next((name for name in proven if name != faster_sibling.RULE.id), next(iter(proven), order[0]))
        order = [first, *(name for name in order if name != first)]
    return [one for name in order for one in sorted(of_rules[name], key=lambda one: -float(one.weights.sum()))]


def _has_sibling(finding: Finding) -> bool:
    return finding.ground is not None and finding.ground.kind is GroundKind.SIBLING


_NEARLY = 0.9
"""Part of what is expected from which the ground of the first rule stands for all of it."""


def _ground(members: Sequence[Finding], expected: FloatArray, positions: IntArray) -> Ground | None:
    """Why that is expected: as the first rule says where that expects nearly as much, else the ground of most of it."""
    leading = [member for member in members if member.rule is members[0].rule]
    own = np.nansum(_best([(member, member.expectation.savings) for member in leading], positions))
    if own >= _NEARLY * np.nansum(expected):
        return _largest([(member.ground, member.expected_saving_ns or 0.0) for member in leading])
    parts, left = [], np.nan_to_num(expected)
    for member in members:
        savings = np.nan_to_num(_best([(member, member.expectation.savings)], positions))
        decides = (savings > 0) & (savings >= left)
        parts.append((member.ground, float(savings[decides].sum())))
        left[decides] = np.inf  # an op counts for the first of those that say the same
    return _largest(parts)


def _largest(parts: Sequence[tuple[Ground | None, float]]) -> Ground | None:
    """The ground of most of the savings."""
    total: dict[Ground, float] = {}
    for ground, saving in parts:
        if ground is not None:
            total[ground] = total.get(ground, 0.0) + saving
    return max(total, key=lambda ground: total[ground], default=None)


def _subject(members: Sequence[Finding]) -> str:
    """The ops, or the chain of ops, that most of the members of the leading rule are about; up to three ops."""
    names: dict[str, float] = {}
    for member in members:
        if member.rule.id == members[0].rule.id:
            name = short_code(member.signature.op_code)
            names[name] = names.get(name, 0.0) + float(member.weights.sum())
    most = sorted(names, key=lambda name: -names[name])
    if any(" → " in name for name in most):
        return most[0]
    return ", ".join(most[:_NAMED]) + (", …" if len(most) > _NAMED else "")


def _best(parts: Sequence[tuple[Finding, FloatArray]], positions: IntArray) -> FloatArray:
    """The largest saving of each of these ops (ascending), NaN where none is known."""
    return best([(finding.positions, savings) for finding, savings in parts], positions)


def _together(parts: Sequence[tuple[IntArray, FloatArray]], positions: IntArray, kernel_ns: FloatArray) -> FloatArray:
    """What all of them save of each of these ops (ascending), at most its time; NaN where none is known."""
    known = best(parts, positions)
    total = np.zeros(len(positions))
    for part in parts:
        total += np.nan_to_num(best([part], positions))
    return np.where(np.isnan(known), np.nan, np.fmin(total, kernel_ns[positions]))


def _rank(cause: Cause) -> tuple[float, float, float]:
    bound = cause.bound_ns or 0.0
    weight = CAUTIOUS * bound if cause.expected_saving_ns is None else cause.expected_saving_ns
    return weight, bound, cause.kernel_ns


def _numbered(facts: Facts, ranked: Sequence[Cause]) -> list[Cause]:
    left, numbered = facts.ops.total_ns, []
    for number, cause in enumerate(ranked, start=1):
        left -= 0.0 if cause.saves_gaps else cause.expected_saving_ns or 0.0
        name = f"C{number}"
        members = tuple(replace(member, cause_id=name) for member in cause.members)
        numbered.append(replace(cause, id=name, members=members, left_ns=left))
    return numbered
