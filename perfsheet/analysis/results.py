"""The results of an analysis, which renderers only lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from perfsheet.analysis.expectation.grounds import CAUTIOUS, Expectation, Ground
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.rules.base import Evidence, Group, Rule, Stage
from perfsheet.analysis.savings import best_of_all, sum_of_known
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass


class RowRef(NamedTuple):
    """Where a row is in its capture; `row` numbers records as a spreadsheet does (the header is row 1).

    `position` is that of its op among all that were selected, None for other rows. `several_files`: the analysis reads
    several files, so that a row needs its file's name.
    """

    file: str
    row: int
    device_id: int | None
    global_call_count: int | None
    replay_session: int | None
    position: int | None = None
    several_files: bool = False


@dataclass(frozen=True)
class RankedOp:
    """One op of the ranking. Shares and utilizations are fractions; None = unknown (or no model).

    `compute`, `compute_used_cores`, `dram` and `sol` are fractions of peaks (analysis/speed_of_light); `bound` is
    compute, dram, neither or unknown. `shape` and `layout` are as engineers write them (analysis/ops/shape.py), blank
    where unknown.
    """

    rank: int
    position: int
    row: RowRef
    op_code: str
    shape: str
    layout: str
    device: int
    core_count: int | None
    worker_cores: int | None
    kernel_ns: float
    share: float
    cumulative: float
    pm_ideal_ns: float | None
    utilization: float | None
    utilization_grid: float | None
    utilization_corrected: float | None
    flops: float | None
    dram_bytes: float | None
    compute: float | None
    compute_used_cores: float | None
    dram: float | None
    sol: float | None
    sol_unknown_reason: str | None
    bound: str
    flags: tuple[str, ...]
    not_physical_reason: str | None


@dataclass(frozen=True, eq=False)
class OpGroup:
    """Identical ops (one signature) together; `kernel_ns` is their sum, `median_ns` the median of one."""

    rank: int
    signature: Signature
    positions: IntArray
    kernel_ns: float
    median_ns: float
    share: float
    cumulative: float
    cores: tuple[int, ...]

    @property
    def count(self) -> int:
        """Ops in the group."""
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Finding:
    """One (rule, subject) with all its ops.

    `saving_ns` is an upper bound, None = unknown; `savings` are its parts, op by op (NaN = unknown). `expectation`:
    what a fix is expected to save, by which findings are ranked. `cause_id`: its cause. `added_ns` is what it adds to
    the findings before it; these sum up to at most the kernel time (for rules with `saves_gaps`, the gaps). `part_of`:
    the id of the earlier finding that has most of its ops, if it adds little to that. `floors`: what each op takes at
    the least once it is fixed. `rows` are positions in the table, also of findings about host rows, which have no ops.
    """

    id: str
    rule: Rule
    group: Group
    facts: Facts = field(repr=False)
    kernel_ns: float
    share: float
    saving_ns: float | None
    savings: FloatArray
    floors: FloatArray
    added_ns: float
    part_of: str | None
    expectation: Expectation
    cause_id: str = ""

    @property
    def expected_saving_ns(self) -> float | None:
        """What a fix is expected to save, at most `saving_ns`; None = unknown."""
        known = self.expectation.savings[np.isfinite(self.expectation.savings)]
        return float(known.sum()) if known.size else None

    @property
    def ground(self) -> Ground | None:
        """Why that is expected."""
        return self.expectation.ground

    @cached_property
    def weights(self) -> FloatArray:
        """What ranks it, op by op: the expected saving, else a cautious share of the bound; 0 = unknown."""
        expected = self.expectation.savings
        weights = np.where(np.isfinite(expected), expected, CAUTIOUS * self.savings)
        return np.where(np.isfinite(weights), weights, 0.0)

    @property
    def signature(self) -> Signature:
        """What the finding is about."""
        return self.group.signature

    @property
    def positions(self) -> IntArray:
        """Its ops among those of the window."""
        return self.group.positions

    @property
    def rows(self) -> IntArray:
        """Its rows of the table."""
        return self.group.rows

    @property
    def cores(self) -> tuple[int, ...]:
        """The distinct core counts of its ops."""
        return self.group.cores

    @property
    def worker_cores(self) -> int | None:
        """The smallest worker grid of its ops; None = unknown."""
        return self.group.worker_cores

    @property
    def count(self) -> int:
        """Ops (or host rows) behind the finding."""
        return len(self.rows)

    @cached_property
    def advice(self) -> str:
        """What to try, in a sentence or two."""
        return self.rule.advice(self.facts, self.group)

    @cached_property
    def caveat(self) -> str:
        """What speaks against it."""
        caveat = self.rule.caveat
        return caveat if isinstance(caveat, str) else caveat(self.facts, self.group)

    @cached_property
    def evidence(self) -> Evidence:
        """The figures that prove it."""
        return self.rule.evidence(self.facts, self.group)


_MINOR = 0.001
"""Part of the kernel time: less is not worth a line on the first screen."""


@dataclass(frozen=True)
class Cure:
    """One way to fix a cause: what to try, for which rule, and what that is expected to save (None = unknown)."""

    rule: Rule
    advice: str
    finding_id: str
    expected_saving_ns: float | None
    bound_ns: float | None


@dataclass(frozen=True, eq=False)
class Cause:
    """Findings of one root: the same rule and cure over shapes, layers and devices, or several rules on the same ops.

    `members` are its findings, rule by rule, most expected saving first. `positions` are its ops, and `expected` what
    each should save (NaN = unknown). An op belongs to one cause: neither `expected_saving_ns` nor `bound_ns` counts any
    time twice, and both sum up to at most the kernel time (`saves_gaps`: the gaps); None = unknown. `left_ns`: the
    kernel time that should be left once this cause and all before it are fixed.
    """

    id: str
    title: str
    subject: str
    members: tuple[Finding, ...]
    positions: IntArray
    expected: FloatArray
    rows: IntArray
    shapes: int
    cores: tuple[int, ...]
    worker_cores: int | None
    kernel_ns: float
    share: float
    expected_saving_ns: float | None
    bound_ns: float | None
    ground: Ground | None
    saves_gaps: bool
    left_ns: float

    @property
    def count(self) -> int:
        """Ops (or host rows) of the cause."""
        return len(self.rows)

    @property
    def stage(self) -> Stage:
        """The stage of optimisation that its first cure belongs to."""
        return self.members[0].rule.stage

    @property
    def planned(self) -> bool:
        """Whether its ops are those of a plan, so that its times are least times."""
        return self.members[0].facts.ops.planned

    @property
    def is_minor(self) -> bool:
        """Whether fixing it is expected to save less than a thousandth of the kernel time."""
        whole = self.members[0].facts.ops.total_ns
        return self.expected_saving_ns is not None and self.expected_saving_ns < _MINOR * whole

    @cached_property
    def cures(self) -> tuple[Cure, ...]:
        """What its findings advise, most expected saving first: for each rule the advice that has most weight, and what
        it saves of the ops of this cause."""
        by_rule: dict[str, list[Finding]] = {}
        for member in self.members:
            by_rule.setdefault(member.rule.id, []).append(member)
        return tuple(
            Cure(
                rule=same[0].rule,
                advice=(first := _heaviest(same[:_LOOKED_AT])).advice,
                finding_id=first.id,
                expected_saving_ns=self._saved([(one, one.expectation.savings) for one in same]),
                bound_ns=self._saved([(one, one.savings) for one in same]),
            )
            for same in by_rule.values()
        )

    def _saved(self, parts: Sequence[tuple[Finding, FloatArray]]) -> float | None:
        """Σ of what findings save, of this cause's ops the most that one of them does."""
        return sum_of_known(best_of_all([(finding.positions, savings) for finding, savings in parts], self.positions))


_LOOKED_AT = 20
"""Findings of a rule, the largest, whose advice may stand for all."""


def _heaviest(findings: Sequence[Finding]) -> Finding:
    """The first of those findings of one rule whose common advice has most weight."""
    weight: dict[str, float] = {}
    for finding in findings:
        weight[finding.advice] = weight.get(finding.advice, 0.0) + float(finding.weights.sum())
    return max(findings, key=lambda finding: weight[finding.advice])


@dataclass(frozen=True)
class WhatIf:
    """The effect of fixing the first `findings` findings, each to its upper bound: what is saved, and what is left.

    Per op no more is saved than it takes, so overlapping findings don't count twice. `fps` follow from what is left of
    an inference.
    """

    findings: int
    all: bool
    saving_ns: float
    share: float
    left_ns: float
    gap_saving_ns: float
    fps: float | None


@dataclass(frozen=True)
class IfFixed:
    """The effect of fixing some causes, each saving what is expected of it: kernel time saved and left, gaps saved.

    `fps` follow from what is left of an inference, None = unknown. `least_ns` is left if each saves its upper bound.
    `unknown`: those of the causes of which nothing can be expected; they save nothing of `left_ns`.
    """

    causes: tuple[str, ...]
    saving_ns: float
    left_ns: float
    least_ns: float
    gap_saving_ns: float
    fps: float | None
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class RuleTotal:
    """All hits of one rule over the window."""

    rule: Rule
    rows: int
    kernel_ns: float
    share: float


@dataclass(frozen=True)
class OpType:
    """All ops of one op code (or of one category, when `op_code` is empty)."""

    op_code: str
    category: str
    count: int
    kernel_ns: float
    share: float
    median_ns: float
    longest_ns: float
    cores_min: int | None
    cores_max: int | None
    low_core_count: int


@dataclass(frozen=True)
class Check:
    """One check of the data quality of a capture. If `ok` is False, `detail` is a warning.

    `repaired`: rows or cells of the capture were repaired or left out, which the option `strict` refuses. `brief` is
    what the verdict in one line says of it; blank for what that leaves out.
    """

    id: str
    label: str
    ok: bool
    count: int
    detail: str
    repaired: bool = False
    brief: str = ""
