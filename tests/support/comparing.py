"""Comparisons of rows, and what must hold of every one of them."""

from __future__ import annotations

from collections.abc import Iterable

from perfsheet import Selection
from perfsheet.analysis import Analysis
from perfsheet.comparison import Comparison, compare
from perfsheet.comparison.results import FindingChange

ALL_PASSES = {"selection": Selection(which_pass="all")}
EVERYTHING = {**ALL_PASSES, "per_device": True}
"""Analysis options: every pass, and every device."""


def assert_complete(found: Comparison) -> None:
    """Every op of both sides is there once, and the times add up to those of the windows."""
    for side, analysis in (("base", found.base), ("new", found.new)):
        positions = [position for op in found.ops for position in getattr(op, side)]
        assert sorted(positions) == list(range(len(analysis.ops)))
        total = sum(getattr(op.times, f"{side}_ns") or 0 for op in found.ops)
        assert total == analysis.ops.total_ns
        assert sum(getattr(one.times, f"{side}_ns") or 0 for one in found.op_types) == analysis.ops.total_ns
        assert sum(getattr(one, f"{side}_count") for one in found.op_types) == len(analysis.ops)
    listed = [place for group in found.groups for place in group.members]
    assert sorted(listed) == [place for place, op in enumerate(found.ops) if op.status != "same"]


def mirrored(status: str) -> str:
    swaps = {"added": "removed", "removed": "added", "fused": "split", "split": "fused"}
    return swaps.get(status, status)


def assert_mirrors(base: Analysis, new: Analysis) -> None:
    """Swapping the sides swaps the pairs, negates every delta, and turns fixed findings into new ones."""
    there, back = compare(base, new), compare(new, base)
    assert_complete(there)
    assert_complete(back)

    def ops(found: Comparison, swap: bool) -> list[tuple[object, ...]]:
        return sorted(
            (
                (mirrored(op.status), op.new, op.base, tuple((c.name, c.after, c.before) for c in op.changes))
                if swap
                else (op.status, op.base, op.new, tuple((c.name, c.before, c.after) for c in op.changes))
            )
            + (op.times.beyond_noise,)
            for op in found.ops
        )

    assert ops(there, swap=False) == ops(back, swap=True)
    deltas = {(op.base, op.new): op.times.delta_ns for op in there.ops}
    for op in back.ops:
        forth = deltas[op.new, op.base]
        assert op.times.delta_ns == (None if forth is None else -forth)
    assert there.total.delta_ns == -(back.total.delta_ns or 0)
    types = {one.op_type: one.times.delta_ns for one in there.op_types}
    assert {one.op_type: one.times.delta_ns and -one.times.delta_ns for one in back.op_types} == types
    assert [one.delta for one in there.figures] == [one.delta and -one.delta for one in back.figures]
    assert findings(there.findings.fixed) == findings(back.findings.new)
    assert findings(there.findings.new) == findings(back.findings.fixed)
    assert len(there.findings.remaining) == len(back.findings.remaining)


def findings(changes: Iterable[FindingChange]) -> list[tuple[str, float]]:
    return sorted((change.finding.rule.id, change.finding.kernel_ns) for change in changes)


def assert_nothing_changed(found: Comparison) -> None:
    assert_complete(found)
    assert found.nothing_changed
    assert found.counts["same"] == len(found.ops)
    assert found.groups == ()
    assert not found.total.beyond_noise
    assert {one.delta for one in found.figures} <= {0, None}
    assert all(not one.times.delta_ns for one in (*found.ops, *found.op_types))
    assert not found.findings.fixed
    assert not found.findings.new
    assert all("without a usable kernel duration" in note for note in found.notes)
