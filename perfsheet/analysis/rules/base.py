"""What a finding rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perfsheet.analysis.ops import Ops
from perfsheet.analysis.signature import Signature
from perfsheet.capture.table import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Hits:
    """The ops that a rule found: positions among the window's ops, and for each an upper bound of the saving in ns."""

    positions: IntArray
    saving_ns: FloatArray


@dataclass(frozen=True, eq=False)
class Group:
    """Hits of one rule that share a signature: what a rule words its advice from.

    `cores` are the distinct core counts (ascending), `worker_cores` the least worker grid among them, None = unknown.
    """

    signature: Signature
    category: str
    positions: IntArray
    cores: tuple[int, ...]
    worker_cores: int | None


@dataclass(frozen=True)
class Rule:
    """A finding rule: which ops, how much could be saved at most, and what to try.

    `id` is a word that never changes (it stands in JSON and flags), `letter` marks it in narrow tables;
    `saving_formula` is the formula behind `Hits.saving_ns`, for people. `columns` names the columns of the capture that
    `find` reads beyond the fields of `Ops`.
    """

    id: str
    letter: str
    title: str
    saving_formula: str
    find: Callable[[Ops], Hits]
    advice: Callable[[Ops, Group], str]
    columns: frozenset[str] = frozenset()
