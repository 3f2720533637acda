"""How well the advice about a capture foretold what its optimisation brought: predicted beside realised gains."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from perfsheet.analysis.expectation.records import RECORDS
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.results import Cause, Finding, OpGroup
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.comparison.compare import Comparison
from perfsheet.comparison.results import ADDED, FUSED, SPLIT
from perfsheet.light_dataclass import dataclass

_MOSTLY = 0.5
FIRST = 5
"""Findings, or groups of identical ops, that are compared with what was realised."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was foretold of some ops of the capture before, and what came of it; times in ns, None = unknown.

    `acted_on`: the part of their kernel time in ops whose configuration changed, or that went. `acted_expected_ns` and
    `acted_realised_ns` are of these ops only.
    """

    subject: Cause | Finding
    kernel_ns: float
    bound_ns: float | None
    expected_ns: float | None
    realised_ns: float
    acted_on: float
    acted_expected_ns: float | None
    acted_realised_ns: float


@dataclass(frozen=True)
class RuleRecord:
    """All findings of one rule that were acted on: saved / saved at most, the median and the sums in ns.

    `rule` is its id, with its root behind it where that has a record of its own.
    """

    rule: str
    cases: int
    factor: float
    bound_ns: float
    realised_ns: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """The comparison of a capture with the one after its optimisation, read as a test of the advice."""

    comparison: Comparison

    @cached_property
    def gain_ns(self) -> FloatArray:
        """What each op of the capture before saved, negative if it got slower.

        In all passes of the window before. What replaced an op counts as its time now. New ops without a counterpart
        are charged to the ops of their kind, by what these saved: one op that became several saved what is left of its
        time.
        """
        ops = self.comparison.base.ops
        gain = np.zeros(len(ops))
        for compared in self.comparison.ops:
            saved = self.comparison.gain_ns(compared)
            if compared.base and saved is not None:
                here = list(compared.base)
                weights = np.nan_to_num(ops.counted_ns[here])
                total = float(weights.sum())
                parts = weights / total if total else np.full(len(here), 1 / len(here))
                gain[here] += saved * parts
        return self._charged(gain)

    def _charged(self, gain: FloatArray) -> FloatArray:
        ops = self.comparison.base.ops
        kinds = np.array([kind(code) for code in ops.codes.values], dtype=object)[ops.codes.codes]
        added: dict[str, float] = {}
        for compared in self.comparison.ops:
            if compared.status == ADDED:
                name = kind(compared.new_code)
                added[name] = added.get(name, 0.0) - (self.comparison.gain_ns(compared) or 0.0)
        for name, cost in added.items():
            saved = np.where(kinds == name, np.clip(gain, 0, None), 0.0)
            if saved.sum() > 0:
                gain = gain - saved * (cost / float(saved.sum()))
        return gain

    @cached_property
    def changed(self) -> BoolArray:
        """Ops of the capture before whose configuration changed, or that are gone."""
        changed = np.zeros(len(self.comparison.base.ops), dtype=np.bool_)
        for compared in self.comparison.ops:
            is_other = compared.changes or not compared.new or compared.status in (FUSED, SPLIT)
            if compared.base and is_other:
                changed[list(compared.base)] = True
        return changed

    @cached_property
    def realised_ns(self) -> float:
        """Σ what the groups of identical ops that got faster saved."""
        return float(sum(max(self._gain_of(group.positions), 0.0) for group in self.comparison.base.groups))

    def _gain_of(self, positions: IntArray) -> float:
        return float(self.gain_ns[positions].sum())

    @cached_property
    def causes(self) -> tuple[Prediction, ...]:
        """Every cause of the capture before, in its order."""
        return tuple(self._prediction(cause) for cause in self.comparison.base.causes)

    @cached_property
    def findings(self) -> tuple[Prediction, ...]:
        """Every finding of the capture before, in its order."""
        return tuple(self._prediction(finding) for finding in self.comparison.base.findings)

    def _prediction(self, subject: Cause | Finding) -> Prediction:
        counted = np.nan_to_num(self.comparison.base.ops.counted_ns)
        positions = subject.positions
        of_gaps = subject.saves_gaps if isinstance(subject, Cause) else subject.rule.saves_gaps
        acted = self.changed[positions] & (not of_gaps)
        kernel = float(counted[positions].sum())
        of_ops = subject.expected if isinstance(subject, Cause) else subject.expectation.savings
        known = np.isfinite(of_ops) if len(of_ops) == len(positions) else np.zeros(len(positions), dtype=np.bool_)
        return Prediction(
            subject=subject,
            kernel_ns=kernel,
            bound_ns=subject.bound_ns if isinstance(subject, Cause) else subject.saving_ns,
            expected_ns=subject.expected_saving_ns,
            realised_ns=0.0 if of_gaps else self._gain_of(positions),
            acted_on=float(counted[positions[acted]].sum()) / kernel if kernel else 0.0,
            acted_expected_ns=float(of_ops[acted & known].sum()) if (acted & known).any() else None,
            acted_realised_ns=self._gain_of(positions[acted & known]),
        )

    @cached_property
    def hit_rate(self) -> float | None:
        """The share of the realised gain that the first five causes name; None without a gain."""
        return self._share([prediction.subject.positions for prediction in self.causes[:FIRST]])

    @cached_property
    def naive_hit_rate(self) -> float | None:
        """The same for the five groups of identical ops that took most kernel time."""
        return self._share([group.positions for group in self.naive])

    @property
    def naive(self) -> Sequence[OpGroup]:
        """The naive list: the first groups of identical ops by kernel time."""
        return self.comparison.base.groups[:FIRST]

    def _share(self, named: Sequence[IntArray]) -> float | None:
        if not self.realised_ns:
            return None
        marked = np.zeros(len(self.comparison.base.ops), dtype=np.bool_)
        for positions in named:
            marked[positions] = True
        groups = [group.positions for group in self.comparison.base.groups]
        gained = [(self._gain_of(positions), self._gain_of(positions[marked[positions]])) for positions in groups]
        return float(sum(max(named, 0.0) for whole, named in gained if whole > 0)) / self.realised_ns

    @cached_property
    def ratio(self) -> float | None:
        """Σ expected / Σ realised of the ops of the first five causes that were acted on; None without both."""
        first = [p for p in self.causes[:FIRST] if p.acted_expected_ns is not None and p.acted_realised_ns]
        realised = sum(prediction.acted_realised_ns for prediction in first)
        return sum(p.acted_expected_ns or 0.0 for p in first) / realised if realised > 0 else None

    @cached_property
    def aligned(self) -> float | None:
        """The part of the kernel time before that is in ops with a counterpart now; None without kernel time."""
        ops = self.comparison.base.ops
        counted = np.nan_to_num(ops.counted_ns)
        kept = np.zeros(len(ops), dtype=np.bool_)
        for compared in self.comparison.ops:
            if compared.base and compared.new:
                kept[list(compared.base)] = True
        return float(counted[kept].sum() / counted.sum()) if counted.any() else None

    @cached_property
    def rules(self) -> tuple[RuleRecord, ...]:
        """What the findings of each rule that were acted on saved of what they could at most."""
        cases: dict[str, list[Prediction]] = {}
        for prediction in self.findings:
            subject = prediction.subject
            if isinstance(subject, Finding) and prediction.acted_on > _MOSTLY and prediction.bound_ns:
                root = f"{subject.rule.id}/{subject.rule.root(subject.facts, subject.group)}"
                cases.setdefault(root if root in RECORDS else subject.rule.id, []).append(prediction)
        return tuple(_record(name, found) for name, found in cases.items())


def _record(name: str, found: Sequence[Prediction]) -> RuleRecord:
    factors = [prediction.realised_ns / (prediction.bound_ns or 1.0) for prediction in found]
    return RuleRecord(
        rule=name,
        cases=len(found),
        factor=float(np.median(factors)),
        bound_ns=sum(prediction.bound_ns or 0.0 for prediction in found),
        realised_ns=sum(prediction.realised_ns for prediction in found),
    )
