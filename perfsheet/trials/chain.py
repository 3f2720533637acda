"""Ops of a capture that are tried as one: what can take their place, built in one go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from perfsheet.analysis.results import RowRef
from perfsheet.graph_report.model import DeviceOp
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.chain_code import ChainCode
from perfsheet.trials.code import Code
from perfsheet.trials.results import BECOMES, Built, Trial, l1_peak
from perfsheet.trials.session import Outcome


@dataclass(frozen=True)
class Proposal:
    """What may take the place of a chain, in a few words, and its Python.

    `becomes`: patterns of the device ops that it must become, in order, of which the one at `place` is the op in
    question. `fewer_ops`: how many device ops of the capture it does without. `moved`: tensors that lie elsewhere than
    recorded; each costs a reshard unless its maker or reader follows. `most`: of each op how many cores can have work
    (None = unknown, and of all where it is empty). `exact`: its values are as exact as those of the chain.
    """

    label: str
    code: Code | ChainCode
    becomes: tuple[str, ...]
    fewer_ops: int
    moved: int = 0
    place: int = 0
    most: tuple[int | None, ...] = ()
    exact: bool = True


@dataclass(frozen=True)
class Answer:
    """A proposal and what TTNN says of it; `cores` of its device ops, in order (None = unknown)."""

    proposal: Proposal
    built: Built
    cores: tuple[int | None, ...] = ()

    @property
    def own_cores(self) -> int | None:
        """The cores of the op in question; None = unknown."""
        return self.cores[self.proposal.place] if self.proposal.place < len(self.cores) else None


@dataclass(frozen=True)
class ChainTrial:
    """A chain of ops that was tried as one: `rows` and `positions` of one instance, of which there are `count`.

    `ops` are those of them that are covered, each as recorded. `answers` are what TTNN says, in the order of the
    proposals. `problem` says why nothing was tried, blank if it was. `readers_known`: whether a graph report tells what
    else reads the tensors between them. `first`: the label of the way that comes first, blank = by its gain.
    """

    title: str
    rows: tuple[RowRef, ...]
    positions: tuple[int, ...]
    count: int
    ops: tuple[Trial, ...]
    answers: tuple[Answer, ...] = ()
    problem: str = ""
    readers_known: bool = True
    first: str = ""

    @cached_property
    def accepted(self) -> tuple[Answer, ...]:
        """What TTNN accepts: most ops less first (a tensor that moves may bring one back), then most cores."""
        found = [one for one in self.answers if one.built.accepted]
        best: dict[str, Answer] = {}
        for one in sorted(found, key=self._rank):
            best.setdefault(one.proposal.label, one)
        return tuple(best.values())

    def _rank(self, one: Answer) -> tuple[bool, int, int]:
        net = one.proposal.moved - one.proposal.fewer_ops
        return one.proposal.label != self.first, net, -_fewest(one)

    @property
    def refused(self) -> tuple[Answer, ...]:
        """What TTNN refuses."""
        return tuple(one for one in self.answers if not one.built.accepted)


def _fewest(answer: Answer) -> int:
    return min((count for count in answer.cores if count is not None), default=0)


def answer(proposal: Proposal, outcome: Outcome) -> Answer:
    """What came of a proposal: other device ops than those that it must become are a reason against it."""
    if outcome.reason or outcome.report is None:
        return Answer(proposal, Built(outcome.reason or "TTNN wrote no graph of it"))
    made = outcome.report.device_ops
    if not _are(made, proposal.becomes):
        return Answer(proposal, Built(f"{BECOMES} {', '.join(op.name for op in made) or 'no device op'}"))
    most = proposal.most or (None,) * len(made)
    cores = tuple(_at_most(op.cores, limit) for op, limit in zip(made, most, strict=True))
    return Answer(
        proposal,
        Built(
            "",
            min((n for n in cores if n is not None), default=None),
            (),
            l1_peak(outcome.report),
            outcome.report.l1_bank_bytes,
        ),
        cores,
    )


def _at_most(cores: int | None, limit: int | None) -> int | None:
    return cores if cores is None or limit is None else min(cores, limit)


def _are(made: Sequence[DeviceOp], patterns: Sequence[str]) -> bool:
    return len(made) == len(patterns) and all(
        re.fullmatch(pattern, op.name) for op, pattern in zip(made, patterns, strict=True)
    )
