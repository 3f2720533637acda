"""What fixing the ops of a finding is expected to save, op by op."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.expectation.best_seen_table import BY_CATEGORY, BY_KIND
from perfsheet.analysis.expectation.fused import FusedOp
from perfsheet.analysis.expectation.grounds import Expectation, Ground, GroundKind
from perfsheet.analysis.expectation.records import RECORDS, Record
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.kinds import same_work
from perfsheet.analysis.ops.pieces import pieces
from perfsheet.analysis.rules.base import Group, Hits, Rule
from perfsheet.analysis.siblings import Sibling
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

_QUARTER = 0.25
"""Part of the grid: ops with fewer pieces of work than that are unlike those whose best was measured."""
_LEAST_NS = 1500.0
"""About the shortest kernel with work of its own in real captures: no speed of light tells what a shorter one takes."""


def expect(facts: Facts, rule: Rule, hits: Hits, group: Group, bounds: FloatArray, indices: list[int]) -> Expectation:
    """What a fix of a group's ops is expected to save, each within its bound; `indices` are those of its hits."""
    if hits.rows is not None:
        return nothing(bounds)
    positions, record = group.positions, _record(facts, rule, group)
    by_record = _by_record(facts, rule, hits, positions, bounds, indices, record)
    by_best = np.full(len(positions), np.nan)
    if not rule.saves_gaps:
        by_best = _by_best_seen(facts, rule, hits, group, bounds, indices)
    choices = {
        GroundKind.SIBLING: _by_sibling(facts, rule, positions, bounds),
        GroundKind.NO_MORE_PIECES: _by_pieces(hits, indices),
    }
    # Where the rule says itself what is left to do, what saved so much before tells more about that.
    if (hits.floor_ns is not None and hits.fused is None) or (record is not None and not record.factor):
        choices |= {GroundKind.RECORD: by_record, GroundKind.BEST_SEEN: by_best}
    else:
        choices |= {GroundKind.BEST_SEEN: by_best, GroundKind.RECORD: by_record}
    savings = np.full(len(positions), np.nan)
    taken = np.full(len(positions), -1, dtype=np.int64)
    for number, choice in enumerate(choices.values()):
        use = np.isnan(savings) & np.isfinite(choice)
        savings, taken = np.where(use, choice, savings), np.where(use, number, taken)
    if (taken < 0).all():
        return Expectation(savings, None)
    by_ground = np.bincount(taken[taken >= 0], np.nan_to_num(savings)[taken >= 0], minlength=len(choices))
    main = int(np.argmax(by_ground)) if by_ground.any() else int(taken[taken >= 0][0])
    of_main = taken == main
    ground = _ground_of(facts, hits, record, list(choices)[main], positions[of_main], savings[of_main])
    return Expectation(savings, ground)


def nothing(bounds: FloatArray) -> Expectation:
    """No expectation of any op."""
    return Expectation(np.full(len(bounds), np.nan), None)


def _ground_of(
    facts: Facts, hits: Hits, record: Record | None, of: GroundKind, positions: IntArray, savings: FloatArray
) -> Ground:
    """The ground in the words of the op that it saves most of."""
    if of is GroundKind.BEST_SEEN:
        if hits.fused is not None:
            return Ground(of, hits.fused.text)
        remaining = np.isfinite(best_shares(facts.ops)[positions])  # ops that go say nothing about what is reached
        positions, savings = positions[remaining], savings[remaining]
    if not len(positions):
        return Ground(of, "the ops go")
    return _ground(facts, record, of, int(positions[np.argmax(np.nan_to_num(savings))]))


def _by_sibling(facts: Facts, rule: Rule, positions: IntArray, bounds: FloatArray) -> FloatArray:
    """By siblings that differ in what the fix changes; a fix that takes the op away has none."""
    if rule.saves_gaps or (not rule.keeps_work and rule.settings is None):
        return np.full(len(positions), np.nan)
    of, indices = np.unique(facts.ops.variants.of[positions], return_inverse=True)
    siblings = [facts.siblings[index] for index in of.tolist()]
    differs = [sibling is not None and sibling.differs_in(rule.settings) for sibling in siblings]
    faster = np.clip(facts.ops.kernel_ns[positions] - facts.sibling_ns[positions], 0, bounds)
    return np.where(np.array(differs, dtype=np.bool_)[indices], faster, np.nan)


def _by_pieces(hits: Hits, indices: list[int]) -> FloatArray:
    """Nothing for ops that more cores cannot share."""
    if hits.no_more_pieces is None:
        return np.full(len(indices), np.nan)
    return np.where(hits.no_more_pieces[indices], 0.0, np.nan)


def _by_record(
    facts: Facts,
    rule: Rule,
    hits: Hits,
    positions: IntArray,
    bounds: FloatArray,
    indices: list[int],
    record: Record | None,
) -> FloatArray:
    if record is None:
        return np.full(len(bounds), np.nan)
    savings = bounds * record.factor
    if rule.keeps_work and not rule.saves_gaps:
        most = facts.ops.kernel_ns[positions] - _LEAST_NS
        savings = np.where(most > 0, np.minimum(savings, most), np.nan)
    return np.where(_unlike(hits, indices), np.nan, savings)


def _by_best_seen(
    facts: Facts, rule: Rule, hits: Hits, group: Group, bounds: FloatArray, indices: list[int]
) -> FloatArray:
    positions = group.positions
    if hits.fused is not None and hits.floor_ns is not None and hits.chains is not None:
        savings = _by_fused_op(facts, hits.fused, positions, hits.floor_ns[indices], hits.chains[indices], bounds)
        return np.where(_unlike(hits, indices), np.nan, savings)
    if hits.floor_ns is not None:
        savings = _down_to(facts, positions, hits.floor_ns[indices], bounds, least=_LEAST_NS)
        return np.where(_unlike(hits, indices), np.nan, savings)
    if rule.keeps_work:
        return _down_to(facts, positions, facts.speed_of_light.min_kernel_ns[positions], bounds)
    return np.full(len(positions), np.nan)


def _unlike(hits: Hits, indices: list[int]) -> BoolArray:
    return np.zeros(len(indices), dtype=np.bool_) if hits.unlike_record is None else hits.unlike_record[indices]


def _by_fused_op(
    facts: Facts, fused: FusedOp, positions: IntArray, floors: FloatArray, chains: IntArray, bounds: FloatArray
) -> FloatArray:
    """Each chain down to what the op that replaces it takes."""
    kernel = facts.ops.kernel_ns[positions]
    _, of = np.unique(chains, return_inverse=True)
    before = np.bincount(of, kernel)
    after = np.minimum(np.fmax(np.bincount(of, floors) / fused.share, fused.least_ns), before)
    left = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    return np.asarray(np.clip(kernel * (1 - left)[of], 0, bounds))


def _ground(facts: Facts, record: Record | None, of: GroundKind, position: int) -> Ground:
    if of is GroundKind.SIBLING:
        sibling = facts.siblings[int(facts.ops.variants.of[position])]
        assert sibling is not None
        brief = _sibling_text(facts, sibling)
        return Ground(of, f"{brief}: {sibling.told(', ')}", brief)
    if of is GroundKind.NO_MORE_PIECES:
        return Ground(of, "its work is in no more pieces than it has cores")
    if of is GroundKind.BEST_SEEN:
        found = _best_seen(facts.variant(position).op_code)
        assert found is not None
        share, ops, _ = found
        return Ground(of, f"a quarter of {ops} such ops reach {100 * share:.3g} % of speed of light")
    assert record is not None
    cases = "one case" if record.cases == 1 else f"{record.cases} cases"
    return Ground(of, f"such fixes saved {100 * record.factor:.0f} % of the bound ({cases})")


def _record(facts: Facts, rule: Rule, group: Group) -> Record | None:
    return RECORDS.get(f"{rule.id}/{rule.root(facts, group)}") or RECORDS.get(rule.id)


def _sibling_text(facts: Facts, sibling: Sibling) -> str:
    where = "of the reference " if sibling.in_reference else ""
    return f"row {facts.sibling_row(sibling)} {where}does the same in {_time(sibling.kernel_ns)}"


def _time(ns: float) -> str:
    return f"{ns / 1e6:.3f} ms" if ns >= 1e6 else f"{ns / 1e3:.1f} µs"


def _down_to(
    facts: Facts, positions: IntArray, limit_ns: FloatArray, bounds: FloatArray, least: float = np.nan
) -> FloatArray:
    """What is saved by getting as near to a limit as others of the op's kind get to the speed of light; NaN = unknown.

    Those have work for the grid: of an op in fewer pieces than a quarter of its cores nothing is known. Where the limit
    is 0 the op goes. Below the time of the shortest kernels no limit tells what an op takes: `least`.
    """
    ops = facts.ops
    few = pieces(ops)[positions] < _QUARTER * ops.worker_cores[positions]
    target = np.where(few, np.nan, limit_ns / best_shares(ops)[positions])
    target = np.where(target < _LEAST_NS, least, target)
    return np.asarray(np.clip(ops.kernel_ns[positions] - np.where(limit_ns == 0, 0, target), 0, bounds))


@once
def best_shares(ops: Ops) -> FloatArray:
    """For each op the part of the speed of light that a quarter of such ops reach in real captures; NaN = unknown."""
    found = [_best_seen(variant.op_code) for variant in ops.variants.all]
    shares = [np.nan if item is None else item[0] for item in found]
    return np.array(shares, dtype=np.float64)[ops.variants.of]


def _best_seen(op_code: str) -> tuple[float, int, int] | None:
    """The figures of the op's kind, else of its category; None without figures."""
    return BY_KIND.get(same_work(op_code)) or BY_CATEGORY.get(category(op_code))
