"""What fixing the ops of a finding is expected to save, op by op."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.expectation.best_seen_table import BY_CATEGORY, BY_KIND
from perfsheet.analysis.expectation.grounds import Expectation, Ground, GroundKind
from perfsheet.analysis.expectation.records import RECORDS, Record
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.rules.base import Group, Hits, Rule
from perfsheet.analysis.siblings import Sibling
from perfsheet.capture.table import FloatArray, IntArray

_NEARLY = 0.9
_LEAST_NS = 1500.0
"""About the shortest kernel with work of its own in real captures: no speed of light tells what a shorter one takes."""


def expect(facts: Facts, rule: Rule, hits: Hits, group: Group, bounds: FloatArray, indices: list[int]) -> Expectation:
    """What a fix of a group's ops is expected to save, each within its bound; `indices` are those of its hits."""
    if hits.rows is not None:
        return Expectation(np.full(len(bounds), np.nan), None)
    positions = group.positions
    unknown = np.full(len(positions), np.nan)
    record = _record(facts, rule, group)
    by_record = unknown if record is None else bounds * record.factor
    if hits.unlike_record is not None:
        by_record = np.where(hits.unlike_record[indices], np.nan, by_record)
    by_sibling, by_best = unknown, unknown
    order = (GroundKind.SIBLING, GroundKind.BEST_SEEN, GroundKind.RECORD)
    if not rule.saves_gaps:
        kernel = facts.ops.kernel_ns[positions]
        by_sibling = np.clip(kernel - facts.sibling_ns[positions], 0, bounds)
        if hits.floor_ns is not None:
            # The rule says itself what is left to do; what saved so much before tells more about that.
            order = (GroundKind.SIBLING, GroundKind.RECORD, GroundKind.BEST_SEEN)
            by_best = _down_to(facts, positions, hits.floor_ns[indices], bounds, least=_LEAST_NS)
        elif rule.keeps_work:
            by_best = _down_to(facts, positions, facts.speed_of_light.min_kernel_ns[positions], bounds)
        if not rule.keeps_work:
            # A fix that removes the op may be worth more than one that makes it as fast as its sibling.
            by_sibling = np.where(by_sibling >= _NEARLY * np.nan_to_num(by_record), by_sibling, np.nan)
    if record is not None and not record.factor:
        order = (GroundKind.SIBLING, GroundKind.RECORD, GroundKind.BEST_SEEN)  # its fixes have never saved anything
    by_kind = {GroundKind.SIBLING: by_sibling, GroundKind.BEST_SEEN: by_best, GroundKind.RECORD: by_record}
    choices = {of: by_kind[of] for of in order}
    savings = unknown
    taken = np.full(len(positions), -1, dtype=np.int64)
    for number, choice in enumerate(choices.values()):
        use = np.isnan(savings) & np.isfinite(choice)
        savings, taken = np.where(use, choice, savings), np.where(use, number, taken)
    if (taken < 0).all():
        return Expectation(savings, None)
    by_ground = np.bincount(taken[taken >= 0], np.nan_to_num(savings)[taken >= 0], minlength=len(choices))
    main = int(np.argmax(by_ground)) if by_ground.any() else int(taken[taken >= 0][0])
    of_main = positions[taken == main]
    if list(choices)[main] is GroundKind.BEST_SEEN:  # ops that go say nothing about what is reached
        remaining = np.isfinite(_best_shares(facts.ops)[of_main])
        of_main, savings_of_main = of_main[remaining], savings[taken == main][remaining]
    else:
        savings_of_main = savings[taken == main]
    if not len(of_main):
        return Expectation(savings, Ground(GroundKind.BEST_SEEN, "the ops go"))
    largest = int(of_main[np.argmax(np.nan_to_num(savings_of_main))])
    return Expectation(savings, _ground(facts, record, list(choices)[main], largest))


def _ground(facts: Facts, record: Record | None, of: GroundKind, position: int) -> Ground:
    if of is GroundKind.SIBLING:
        sibling = facts.siblings[int(facts.ops.variants.of[position])]
        assert sibling is not None
        return Ground(of, _sibling_text(facts, sibling))
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
    changes = ", ".join(f"{name} {here} → {there}" for name, here, there in sibling.differences)
    return f"row {facts.sibling_row(sibling)} {where}is the same op and takes {_time(sibling.kernel_ns)}: {changes}"


def _time(ns: float) -> str:
    return f"{ns / 1e6:.3f} ms" if ns >= 1e6 else f"{ns / 1e3:.1f} µs"


def _down_to(
    facts: Facts, positions: IntArray, limit_ns: FloatArray, bounds: FloatArray, least: float = np.nan
) -> FloatArray:
    """What is saved by getting as near to a limit as others of the op's kind get to the speed of light; NaN = unknown.

    Where the limit is 0 the op goes. Below the time of the shortest kernels no limit tells what an op takes: `least`.
    """
    target = limit_ns / _best_shares(facts.ops)[positions]
    target = np.where(target < _LEAST_NS, least, target)
    return np.asarray(np.clip(facts.ops.kernel_ns[positions] - np.where(limit_ns == 0, 0, target), 0, bounds))


@once
def _best_shares(ops: Ops) -> FloatArray:
    found = [_best_seen(variant.op_code) for variant in ops.variants.all]
    shares = [np.nan if item is None else item[0] for item in found]
    return np.array(shares, dtype=np.float64)[ops.variants.of]


def _best_seen(op_code: str) -> tuple[float, int, int] | None:
    """The figures of the op's kind, else of its category; None without figures."""
    return BY_KIND.get(kind(op_code)) or BY_CATEGORY.get(category(op_code))
