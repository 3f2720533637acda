"""What a finding rule consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

import numpy as np

from perfsheet.accuracy import text as pcc_text
from perfsheet.analysis.expectation.fused import FusedOp
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.signature import Signature
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

Evidence = dict[str, float | int | str]
"""Figures by the name they have in the outputs, with the unit in it: `dram_pct`, `worker_cores`."""


@dataclass(frozen=True, eq=False)
class Hits:
    """The ops that a rule hit: `positions` among the window's ops, and for each an upper bound of the saving in ns.

    A saving is NaN when unknown. `subjects` says what each hit is about when that is not the op itself (a chain of ops,
    say); hits with the same subject become one finding. `rows` are rows of the table, for hits that are not device ops:
    `positions` is empty then, and `saving_ns` and `subjects` are parallel to `rows`. `floor_ns` is the least time that
    each op takes once it is fixed, where that is neither the speed of light nor zero (see `Rule.keeps_work`).
    `unlike_record`: ops unlike those whose fixes made the rule's record (analysis/expectation/records.py).
    `no_more_pieces`: ops whose work is in no more pieces than they use cores, so that more cores cannot share it.
    `fused`: the op that can replace each chain, with `chains`, which tells the chains of the hits apart; the sum of its
    `floor_ns` is the time of that op at the speed of light.
    """

    positions: IntArray
    saving_ns: FloatArray
    subjects: Sequence[Signature] | None = None
    rows: IntArray | None = None
    floor_ns: FloatArray | None = None
    unlike_record: BoolArray | None = None
    no_more_pieces: BoolArray | None = None
    fused: FusedOp | None = None
    chains: IntArray | None = None

    def only(self, keep: IntArray) -> Hits:
        """Those of its ops at these indices."""
        arrays = ("positions", "saving_ns", "floor_ns", "unlike_record", "no_more_pieces", "chains")
        kept = {name: values[keep] for name in arrays if (values := getattr(self, name)) is not None}
        subjects = None if self.subjects is None else [self.subjects[index] for index in keep.tolist()]
        return replace(self, subjects=subjects, **kept)


NO_HITS = Hits(np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class Group:
    """All hits of one rule on one subject: what advice and evidence are written from.

    `cores` are the distinct core counts in ascending order, `worker_cores` the smallest worker grid among them (None =
    unknown), `rows` the rows of the table. `chains` tells apart the chains that the ops are of (see `Hits`).
    """

    signature: Signature
    category: str
    positions: IntArray
    rows: IntArray
    cores: tuple[int, ...]
    worker_cores: int | None
    chains: IntArray | None = None

    @property
    def first_chain(self) -> list[int]:
        """The ops of its first chain; of a rule without chains its first op."""
        if self.chains is None or not len(self.positions):
            return list(self.positions[:1].tolist())
        return list(self.positions[self.chains == self.chains[0]].tolist())

    @property
    def chain_count(self) -> int:
        """How many chains it has; of a rule without chains how many ops."""
        return len(self.positions) if self.chains is None else len(set(self.chains.tolist()))


def no_evidence(facts: Facts, group: Group) -> Evidence:
    """For rules that need no further evidence."""
    return {}


def cores_and_grid(facts: Facts, group: Group) -> Evidence:
    """The lowest core count, and the grid."""
    return {"core_count": group.cores[0], "worker_cores": group.worker_cores or 0}


def time_of_idle_cores(facts: Facts, positions: IntArray) -> FloatArray:
    """Kernel duration × (1 − core count / worker grid): what ops save if all cores share their work."""
    ops = facts.ops
    return np.asarray(ops.kernel_ns[positions] * (1 - ops.cores[positions] / ops.worker_cores[positions]))


def op_kind(facts: Facts, group: Group) -> str:
    """The root of findings that are fixed op by op: those of one kind of op have the same."""
    return kind(group.signature.op_code)


def one_root(facts: Facts, group: Group) -> str:
    """For rules all of whose findings have the same root."""
    return ""


class Stage(Enum):
    """The stages of optimisation, as the bring-up guide for TT-NN has them: what has to be looked at for a fix."""

    OP = "op"
    MODULE = "module"
    MODEL = "model"


@dataclass(frozen=True)
class Rule:
    """A finding rule: which ops it hits, how much could be saved at most, and what to try.

    `id` is the title in kebab-case; it appears in JSON and in flags. `mark` (1 to 3 characters, by default the initials
    of the id) stands for the rule in narrow tables. Rules are listed by `order`. `former_id`, its id in
    earlier versions, stays a key of `totals` in JSON.

    `detects` says in one line what the rule hits, `saving_formula` how `Hits.saving_ns` is computed, `caveat` what may
    speak against the advice: of every op that the rule hits, or a function of the finding's. `evidence` returns the
    figures that prove a finding.

    `root` tells apart what has different roots: findings of one rule with the same root are one cause.

    `saves_gaps`: the savings are op-to-op gaps, not kernel time. `keeps_work`: a fixed op still does its work, so it
    saves down to the speed of light at most; False for rules whose fix removes ops or changes what they compute or
    read. `columns` names the capture columns that the rule reads in addition to those of `Ops`, its tensors and
    attributes. `needs_times`: it compares measured times, so it says nothing of a plan. `settings`: what the fix
    changes (None = anything, or with `keeps_work=False` the op itself); an op that ran faster with the same of these is
    no ground for what to expect (`Sibling.differs_in`). `stage`: whether a fix takes the op alone, its neighbours, or
    the whole model and its host.
    """

    id: str
    title: str
    detects: str
    saving_formula: str
    find: Callable[[Facts], Hits]
    advice: Callable[[Facts, Group], str]
    caveat: str | Callable[[Facts, Group], str] = "The saving is an upper bound."
    evidence: Callable[[Facts, Group], Evidence] = no_evidence
    root: Callable[[Facts, Group], str] = op_kind
    saves_gaps: bool = False
    keeps_work: bool = True
    columns: frozenset[str] = frozenset()
    settings: tuple[str, ...] | None = None
    needs_times: bool = False
    stage: Stage = Stage.OP
    order: int = 1000
    mark: str = ""
    former_id: str = ""

    def __post_init__(self) -> None:
        if not self.mark:
            object.__setattr__(self, "mark", initials(self.id))

    @property
    def title_in_sentence(self) -> str:
        """The title inside a sentence: `low core count`, `RISC bound`."""
        return self.title if self.title[:2].isupper() else self.title[0].lower() + self.title[1:]


def hits_of(facts: Facts, rule: Rule) -> Hits:
    """What a rule hits; other rules may ask for it, and it is found only once."""
    if rule.id not in facts.found:
        facts.found[rule.id] = rule.find(facts)
    hits: Hits = facts.found[rule.id]
    return hits


def initials(rule_id: str) -> str:
    """The default mark: `low-core-count` gives LCC; at most three letters."""
    return "".join(word[0] for word in rule_id.split("-"))[:3].upper()


def pcc_today(facts: Facts, group: Group) -> str:
    """What advice that costs accuracy says of it: ` PCC of these ops today: 0.9971 to 0.9998 (limit 0.999).`

    Each op's own PCC, and the limit that TTNN compared with; blank where none of the ops was compared.
    """
    if facts.graph is None:
        return ""
    accuracy = facts.graph.accuracy
    compared = group.positions[np.isfinite(accuracy.alone[group.positions])]
    if not compared.size:
        return ""
    values, limits = accuracy.alone[compared], accuracy.desired[compared]
    span = " to ".join(dict.fromkeys((pcc_text(values.min()), pcc_text(values.max()))))
    limit = f" (limit {pcc_text(np.nanmax(limits))})" if np.isfinite(limits).any() else ""
    count = len(group.positions)
    some = "" if len(compared) == count else f"{len(compared):,} of "
    return f" PCC of {some}{'these ops' if count > 1 else 'this op'} today: {span}{limit}."


WAITS_FOR_DRAM = 0.4
"""An op at this share of the DRAM peak or more gets faster about as its bytes get fewer."""


def fewer_bytes_hits(facts: Facts, positions: IntArray, bytes_saved: FloatArray) -> Hits:
    """Hits for ops that would read `bytes_saved` fewer bytes (one figure per position) from DRAM.

    Time shrinks with the bytes, down to what is left of the bounds: the compute bound stays, the DRAM bound shrinks.
    """
    speed_of_light, kernel = facts.speed_of_light, facts.ops.kernel_ns[positions]
    part = bytes_saved / speed_of_light.dram_bytes[positions]
    # Planned ops stay on the cores that they were placed on.
    bound = speed_of_light.compute_used_cores if facts.ops.planned else speed_of_light.compute
    compute = np.nan_to_num(bound[positions])
    share = speed_of_light.dram[positions]
    floor = kernel * np.fmax(share * (1 - part), compute)
    waits = share >= WAITS_FOR_DRAM
    return Hits(positions, np.minimum(kernel * part, kernel - floor), floor_ns=floor, unlike_record=~waits)


def free_of_l1(facts: Facts, positions: IntArray, free: FloatArray) -> str:
    """The caveat of a rule that puts tensors into L1: how much of it is free, by the graph report (NaN = unknown)."""
    if facts.graph is None or np.isnan(free).all():
        return "The capture does not say what else is in L1 then."
    known = facts.graph.flow.rooms_known(positions)
    less = "" if known else ", less circular buffers that the graph report lacks"
    return f"By the graph report {int(np.nanmin(free)):,} bytes of each L1 bank are free then{less}."
