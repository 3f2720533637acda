"""What TTNN accepts for a cause: of all that was tried the way that is its cure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from perfsheet.light_dataclass import dataclass
from perfsheet.trials.chain import Answer, ChainTrial
from perfsheet.trials.kinds.base import What
from perfsheet.trials.results import Trial, Tried
from perfsheet.trials.session import Session

_CORES: tuple[What, ...] = ("cores", "function")
WANTED: dict[str, tuple[What, ...]] = {
    "low-core-count": _CORES,
    "program-config-grid": ("cores", "blocks"),
    "core-imbalance": _CORES,
    "multicore-off": _CORES,
    "matmul-program-config": ("cores", "blocks"),
    "matmul-not-dram-sharded": ("DRAM-sharded",),
    "input-in-dram": ("memory",),
    "dram-round-trip": ("memory",),
    "weights-dtype": ("data type",),
    "math-fidelity": ("fidelity",),
    "faster-sibling": ("sibling", "function", "cores", "blocks"),
    "far-from-speed-of-light": ("blocks", "function", "cores"),
    "risc-bound": ("blocks", "cores", "function"),
}
"""What the cure of a rule changes, most to the point first."""
RESHARDS = ("reshard", "reshard-round-trip", "shard-scheme-changes", "back-to-back-reshards")
"""Rules about reshards: the ops around them are tried."""
MORE_CORES = ("low-core-count", "program-config-grid", "core-imbalance", "multicore-off")
"""Rules whose cure is more cores than now."""


@dataclass(frozen=True)
class Way:
    """Something that TTNN accepts: in a few words, its cores (of each op of a chain), what it takes, and its Python.

    `fewer_ops`: device ops of the capture that it does without. `moved`: tensors that lie elsewhere than recorded.
    `exact`: whether its values are as exact as now.
    """

    label: str
    cores: tuple[int | None, ...]
    l1_bytes: int | None
    of_bank: float | None
    fewer_ops: int
    moved: int
    exact: bool
    code: str


def _of_variant(tried: Tried) -> Way:
    built, variant = tried.built, tried.variant
    text = variant.code.text
    return Way(variant.label, (tried.cores,), built.l1_bytes, built.of_bank, 0, tried.moved, variant.exact, text)


def _of_answer(one: Answer) -> Way:
    built, proposal = one.built, one.proposal
    fewer, moved = proposal.fewer_ops, proposal.moved
    return Way(
        proposal.label, one.cores, built.l1_bytes, built.of_bank, fewer, moved, proposal.exact, proposal.code.text
    )


@dataclass(frozen=True)
class TriedCauses:
    """The causes of an analysis that were tried on a board, by their ids."""

    board: Session
    by_id: Mapping[str, CauseTrial]


@dataclass(frozen=True)
class CauseTrial:
    """What TTNN says of the cure of a cause: of its longest `op`, of its `chain` as a fused op, and of the op and its
    neighbours `together` in one shard scheme; each None where it has none."""

    cause_id: str
    rule_id: str
    finding_id: str
    op: Trial | None
    chain: ChainTrial | None = None
    together: ChainTrial | None = None

    @cached_property
    def best(self) -> Way | None:
        """What comes first of that which TTNN accepts: what the cure says, and for it most ops less or most cores."""
        found = self._best
        return None if found is None else _of_answer(found) if isinstance(found, Answer) else _of_variant(found)

    @property
    def of_reshards(self) -> bool:
        """Whether reshards are to go, of which none can be built otherwise."""
        return self.rule_id in RESHARDS

    @property
    def refused(self) -> int:
        """How many ways TTNN refuses."""
        return sum(len(one.refused) for one in (self.op, self.chain, self.together) if one is not None)

    @property
    def problem(self) -> Trial | str:
        """Why nothing is claimed: in words, or the op that does not come out as recorded; blank if something was."""
        if self.chain is not None:
            return self.chain.problem
        if self.op is None:
            return ""
        if self.op.problem:
            return self.op.problem
        return "" if self.op.reproduced or self.op.again is None else self.op

    @property
    def _best(self) -> Tried | Answer | None:
        if self.chain is not None:
            return next(iter(self.chain.accepted), None)
        if self.of_reshards:
            found = () if self.together is None else self.together.accepted
            return next((one for one in found if one.proposal.fewer_ops > one.proposal.moved), None)
        return self._best_of_op

    @property
    def _best_of_op(self) -> Tried | Answer | None:
        """The best variant of the op, with its neighbours where these go along on as many cores."""
        best = None if self.op is None else _best_of(self.op, self.rule_id)
        if best is None or self.together is None or self.rule_id not in MORE_CORES:
            return best
        along = [one for one in self.together.accepted if (one.own_cores or 0) >= (best.cores or 0)]
        return min(along, key=lambda one: (one.proposal.moved - one.proposal.fewer_ops, -len(one.cores)), default=best)


def _best_of(trial: Trial, rule_id: str) -> Tried | None:
    """The first accepted variant that changes what the cure is about, on no fewer cores than now."""
    for what in WANTED.get(rule_id, ()):
        for one in trial.accepted:
            if one.variant.what == what and _is_gain(trial, one, rule_id in MORE_CORES):
                return one
    return None


def _is_gain(trial: Trial, tried: Tried, more: bool) -> bool:
    """Whether it has as many working cores as now, or `more`; DRAM-sharded matmuls do with a few."""
    now = trial.cores_at_work
    if tried.variant.what == "DRAM-sharded":
        return True
    return tried.cores is not None and now is not None and (tried.cores > now if more else tried.cores >= now)
