"""What a finding rule is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.signature import Signature
from perfsheet.capture.table import FloatArray, IntArray

Evidence = dict[str, float | int | str]
"""Figures by name, as they stand in the outputs: `saving_share_pct`, `worker_cores`. Units are in the names."""


@dataclass(frozen=True, eq=False)
class Hits:
    """The ops that a rule found: positions among the window's ops, and for each an upper bound of the saving in ns.

    NaN = the saving is unknown. `subjects`: what each hit is about, where that is not its own signature (a chain of
    ops, say); hits of one subject become one finding. `rows`: rows of the table behind hits that are no device ops;
    then there are no positions, and `saving_ns` and `subjects` go with the rows. `floor_ns`: what each op takes at the
    least once it is mended, where that is neither the speed of light nor nothing (see `Rule.keeps_work`).
    """

    positions: IntArray
    saving_ns: FloatArray
    subjects: Sequence[Signature] | None = None
    rows: IntArray | None = None
    floor_ns: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Group:
    """Hits of one rule about one subject: what a rule words its advice from.

    `cores` are the distinct core counts (ascending), `worker_cores` the least worker grid among them, None = unknown.
    `rows` are the rows of the table.
    """

    signature: Signature
    category: str
    positions: IntArray
    rows: IntArray
    cores: tuple[int, ...]
    worker_cores: int | None


def no_evidence(facts: Facts, group: Group) -> Evidence:
    """For rules whose findings say everything already."""
    return {}


@dataclass(frozen=True)
class Rule:
    """A finding rule: which ops, how much could be saved at most, and what to try.

    `id` is a word that never changes (it stands in JSON and flags), `letter` marks it in narrow tables;
    `saving_formula` is the formula behind `Hits.saving_ns`, for people. `caveat` is what is known to speak against the
    advice. `evidence` gives the figures that prove a finding.

    `waits` says that savings are of gaps between kernels, not of kernel time. `keeps_work`: mended ops still do their
    work, so that they save down to the speed of light at most; False for rules whose mending drops ops, or changes what
    they compute or read. `columns` names the columns of the capture that the rule reads beyond those of `Ops`, its
    tensors and attributes.
    """

    id: str
    letter: str
    title: str
    saving_formula: str
    find: Callable[[Facts], Hits]
    advice: Callable[[Facts, Group], str]
    caveat: str = "The saving is an upper bound."
    evidence: Callable[[Facts, Group], Evidence] = no_evidence
    waits: bool = False
    keeps_work: bool = True
    columns: frozenset[str] = frozenset()
