"""The comparison of two captures: what each op became, and what that cost or saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.kinds import kind, label
from perfsheet.analysis.repeats import NOISY_PCT
from perfsheet.capture.planned import PlanHead
from perfsheet.capture.table import IntArray
from perfsheet.comparison import groups
from perfsheet.comparison.changes import Change, Describing, changes
from perfsheet.comparison.findings import finding_changes
from perfsheet.comparison.headline import figures, host_changes, notes
from perfsheet.comparison.lines import line_changes
from perfsheet.comparison.pairing import Pairing, pairings
from perfsheet.comparison.results import (
    ADDED,
    CHANGED,
    FUSED,
    REMOVED,
    SAME,
    SPLIT,
    STATUSES,
    ChangeGroup,
    ComparedOp,
    Figure,
    FindingChanges,
    HostChange,
    LineChange,
    OpTypeChange,
    Span,
    Times,
)
from perfsheet.comparison.sides import like_for_like, slots
from perfsheet.comparison.slots import Slots, outside_of_passes
from perfsheet.comparison.times import Clock, Noise
from perfsheet.light_dataclass import dataclass


def compare(base: Analysis, new: Analysis, assumed_noise_pct: float = NOISY_PCT) -> Comparison:
    """Compare two analyses op by op.

    `assumed_noise_pct`: without repeats, a difference above this percentage counts. Repeats are those of the analyses
    (`Analysis.repeats`), or three or more passes. `base` and `new` of the result may be of other ops than the
    arguments: what is compared must correspond (`like_for_like`).
    """
    base, new = like_for_like(base, new)
    sides = slots(base, new)
    describing = Describing.of(base.ops, new.ops)
    paired = pairings(*sides, describing)
    pairs = [(slot, other) for pairing in paired for slot in pairing.base for other in pairing.new]
    clock = Clock(*sides, outside_of_passes(*sides, pairs), assumed_noise_pct)
    return Comparison(base, new, sides, describing, paired, clock)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result; everything is computed once, on first use. Deltas are new − base."""

    base: Analysis
    new: Analysis
    _sides: tuple[Slots, Slots]
    _describing: Describing
    _pairings: list[Pairing]
    _clock: Clock

    def __repr__(self) -> str:
        return f"<Comparison of {len(self.base.ops):,} with {len(self.new.ops):,} device ops>"

    def _repr_html_(self) -> str:
        """What a notebook shows: both times, and the largest changes."""
        from perfsheet.tables.notebook import comparison_html

        return comparison_html(self)

    @property
    def noise(self) -> Noise:
        """The noise that decides whether a difference counts."""
        return self._clock.noise

    @cached_property
    def total(self) -> Times:
        """Kernel time of the windows."""
        return self._clock.total()

    @property
    def plan(self) -> PlanHead | None:
        """The plan now, if both sides are plans: all times are least times then."""
        return self.new.plan if self.base.plan is not None else None

    @property
    def of_plan_and_capture(self) -> bool:
        """Whether one side is a plan and the other one was measured."""
        return (self.base.plan is None) != (self.new.plan is None)

    @property
    def per_pass(self) -> bool:
        """Whether only a mean pass can be compared, since the windows hold different numbers of passes."""
        return self._clock.per_pass

    @property
    def folded(self) -> bool:
        """Whether an op of the result stands for that op in every pass."""
        return max(side.passes for side in self._sides) > 1

    def span(self, times: Times) -> Span:
        """The comparable times: those of a mean pass if `per_pass`, else those of the windows."""
        return self._clock.span(times)

    def gain_ns(self, op: ComparedOp) -> float | None:
        """What an op saves in all passes of the window before; None = unknown."""
        mean = op.times.mean_pass
        if not self.per_pass or not (mean.base_ns or mean.new_ns):  # no passes, or outside of them
            return None if op.times.delta_ns is None else -op.times.delta_ns
        return None if mean.delta_ns is None else -mean.delta_ns * self._sides[0].passes

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The headline figures of both captures."""
        return figures(self.base, self.new, self.total.mean_pass)

    @cached_property
    def ops(self) -> tuple[ComparedOp, ...]:
        """Every op of both sides exactly once, in execution order, device by device."""
        times = self._clock.times(*self._places, len(self._pairings))
        changes_of: dict[tuple[object, ...], tuple[Change, ...]] = {}
        return tuple(
            self._compared(pairing, taken, changes_of) for pairing, taken in zip(self._pairings, times, strict=True)
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """Ops by status, those that became one op or several together by the status of that change."""
        status = [op.status for op in self.ops]
        for group in self.groups:
            for member in group.members:
                status[member] = group.status
        counted = Counter(status)
        return {name: counted[name] for name in STATUSES}

    @cached_property
    def groups(self) -> tuple[ChangeGroup, ...]:
        """What changed, with equal changes grouped, largest time difference first."""
        return groups.change_groups(self.ops, *self._sides, self._places, self._clock)

    @property
    def gains(self) -> list[ChangeGroup]:
        """Changes that saved time, largest first."""
        return [group for group in self.groups if (self.span(group.times).delta_ns or 0) < 0]

    @property
    def losses(self) -> list[ChangeGroup]:
        """Changes that cost time, largest first."""
        return [group for group in self.groups if (self.span(group.times).delta_ns or 0) > 0]

    @property
    def other_changes(self) -> list[ChangeGroup]:
        """Changes without a time difference, or with an unknown one."""
        return [group for group in self.groups if not self.span(group.times).delta_ns]

    @cached_property
    def op_types(self) -> tuple[OpTypeChange, ...]:
        """Kernel time by op type, whatever the builds call it."""
        return groups.op_types(*self._sides, self._clock)

    @cached_property
    def lines(self) -> tuple[LineChange, ...]:
        """The lines of the source, largest difference first; none unless both sides have a graph report."""
        return line_changes(self.ops, *self._sides, self._places, self._clock)

    @property
    def lines_changed(self) -> list[LineChange]:
        """Lines whose time differs, or whose number of ops."""
        return [
            change for change in self.lines if self.span(change.times).delta_ns or change.base_count != change.new_count
        ]

    @cached_property
    def host_ops(self) -> tuple[HostChange, ...]:
        """Host ops between device ops."""
        return host_changes(self.base, self.new)

    @property
    def op_types_changed(self) -> list[OpTypeChange]:
        """Op types whose time or number differs."""
        return [
            op_type
            for op_type in self.op_types
            if self.span(op_type.times).delta_ns or op_type.base_count != op_type.new_count
        ]

    @property
    def host_ops_changed(self) -> list[HostChange]:
        """Host ops whose number differs."""
        return [host_op for host_op in self.host_ops if host_op.base_count != host_op.new_count]

    @property
    def replayed(self) -> bool:
        """Whether either side is a recorded capture, not a run."""
        return any(side.summary.provenance.replayed for side in (self.base, self.new))

    @cached_property
    def findings(self) -> FindingChanges:
        """Findings that are fixed, new, or remaining; by the captures alone unless both have a graph report."""
        base, new = self.base, self.new
        if base.graph is None or new.graph is None:
            base, new = base.without_graph(), new.without_graph()
        return finding_changes(base.findings, new.findings, self.ops)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """In what the captures differ beyond their ops, and what data is missing."""
        return tuple(notes(*self._sides, self._describing))

    @cached_property
    def without_counterpart_ns(self) -> tuple[float, float]:
        """Time before of ops whose time now is unknown, and vice versa: it is in the sum of one side only."""
        half = [op.times for op in self.ops if op.base and op.new and op.times.delta_ns is None]
        return sum(times.base_ns or 0.0 for times in half), sum(times.new_ns or 0.0 for times in half)

    @property
    def known_on_both(self) -> tuple[int, float, float]:
        """How many ops have a known time on both sides, and Σ of their times before and now, in ns."""
        spans = [self.span(op.times) for op in self.ops if op.base and op.new and op.times.delta_ns is not None]
        return len(spans), sum(span.base_ns or 0.0 for span in spans), sum(span.new_ns or 0.0 for span in spans)

    @property
    def nothing_changed(self) -> bool:
        """Whether ops, host ops and findings are the same, and times the same within the noise."""
        findings = not (self.findings.fixed or self.findings.new)
        return (
            self.counts[SAME] == len(self.ops)
            and not self.host_ops_changed
            and findings
            and not self.total.beyond_noise
        )

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        """For each slot of either side the index of its pairing."""
        base, new = (np.full(len(side), -1, dtype=np.int64) for side in self._sides)
        for place, pairing in enumerate(self._pairings):
            base[list(pairing.base)] = place
            new[list(pairing.new)] = place
        return base, new

    def _compared(
        self, pairing: Pairing, times: Times, changes_of: dict[tuple[object, ...], tuple[Change, ...]]
    ) -> ComparedOp:
        base, new = self._sides
        key = (
            *(number for slot in pairing.base for number in base.descriptions(slot)),
            *(base.cores[slot] for slot in pairing.base),
            None,
            *(number for slot in pairing.new for number in new.descriptions(slot)),
            *(new.cores[slot] for slot in pairing.new),
        )
        if key not in changes_of:
            changes_of[key] = _changes(base, new, pairing, self._describing)
        codes = [_codes(side, slots) for side, slots in ((base, pairing.base), (new, pairing.new))]
        return ComparedOp(
            status=_status(pairing, bool(changes_of[key]) or times.beyond_noise),
            op_code=_shown(pairing, codes),
            base_code=" + ".join(codes[0]),
            new_code=" + ".join(codes[1]),
            base=_positions(base, pairing.base),
            new=_positions(new, pairing.new),
            times=times,
            changes=changes_of[key],
        )


def _status(pairing: Pairing, differs: bool) -> str:
    if not pairing.new:
        return REMOVED
    if not pairing.base:
        return ADDED
    if len(pairing.base) > 1:
        return FUSED
    if len(pairing.new) > 1:
        return SPLIT
    return CHANGED if differs else SAME


def _shown(pairing: Pairing, codes: Sequence[list[str]]) -> str:
    """The name to show: the single op of a fusion or split, the current name of a renamed op."""
    if len(pairing.base) > 1 or not pairing.base:
        return codes[1][0]
    if len(pairing.new) > 1 or not pairing.new:
        return codes[0][0]
    both = (codes[0][0], codes[1][0])
    return label(both) if kind(both[0]) == kind(both[1]) else both[1]


def _codes(side: Slots, slots: tuple[int, ...]) -> list[str]:
    return [side.variant(slot).op_code for slot in slots]


def _positions(side: Slots, slots: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(position) for slot in slots for position in side.members[slot])


def _changes(base: Slots, new: Slots, pairing: Pairing, describing: Describing) -> tuple[Change, ...]:
    if not (pairing.base and pairing.new):
        return ()
    several = len(pairing.base) + len(pairing.new) > 2
    composed = [
        " + ".join(short_code(code) for code in _codes(side, slots))
        for side, slots in ((base, pairing.base), (new, pairing.new))
    ]
    pair = next(
        ((was, now) for was in pairing.base for now in pairing.new if not several or base.kind(was) == new.kind(now)),
        None,
    )
    op_changes = _of_pair(base, new, *pair, describing) if pair else ()
    return (*((Change("op_code", *composed),) if several else ()), *op_changes)


def _of_pair(base: Slots, new: Slots, slot: int, other: int, describing: Describing) -> tuple[Change, ...]:
    """What differs in any pass; passes are paired from the last one backwards."""
    before, now = base.descriptions(slot), new.descriptions(other)
    # One description stands for all passes.
    before = before * len(now) if len(before) == 1 else before
    now = now * len(before) if len(now) == 1 else now
    variants = (base.analysis.ops.variants.all, new.analysis.ops.variants.all)
    by_name: dict[str, Change] = {}
    for was, got in dict.fromkeys(zip(reversed(before), reversed(now), strict=False)):
        cores = (base.cores[slot], new.cores[other])
        for change in changes(variants[0][was], variants[1][got], cores, describing):
            by_name.setdefault(change.name, change)
    return tuple(by_name.values())
