"""Chains: several ops in a row that one finding is about."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.signature import Signature
from perfsheet.capture.table import BoolArray, IntArray

_LINKS = 8


def chain(facts: Facts, positions: Sequence[int]) -> Signature:
    """What a chain is known by: its ops, the inputs of the first and the outputs of the last; a single op by itself."""
    signatures = [facts.signature(position) for position in positions]
    if len(signatures) == 1:
        return signatures[0]
    codes = [short_code(one.op_code) for one in signatures]
    runs = [(code, len(list(same))) for code, same in groupby(codes)]
    links = [code if times == 1 else f"{times} × {code}" for code, times in runs]
    if len(links) <= _LINKS:
        return Signature(" → ".join(links), signatures[0].inputs, signatures[-1].outputs, "", "")
    # Long chains are told apart by what is left out of their names.
    middle = zlib.crc32(" → ".join(links[_LINKS - 1 : -1]).encode())
    text = " → ".join([*links[: _LINKS - 1], "…", links[-1]])
    return Signature(f"{text} ({len(codes):,} ops, {middle:08x})", signatures[0].inputs, signatures[-1].outputs, "", "")


def runs(mask: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """Runs of consecutive ops of one device (positions `here`) for which the mask holds."""
    for holds, members in groupby(here.tolist(), key=lambda position: bool(mask[position])):
        if holds:
            yield list(members)


def flows(facts: Facts, before: int, after: int) -> bool:
    """Whether what one op puts out can be what the other takes: as many elements, in the same memory.

    Ops that say nothing of their tensors may.
    """
    given, taken = facts.variant(before).outputs, facts.variant(after).inputs
    if not given or not taken:
        return True
    return any(
        one.memory == other.memory and one.stored_elements == other.stored_elements for one in given for other in taken
    ) or any(one.memory == other.memory and one.elements == other.elements for one in given for other in taken)


def linked(facts: Facts, members: Sequence[int]) -> Iterator[list[int]]:
    """A run of ops, parted where the next op does not take what the one before put out."""
    part: list[int] = []
    for position in members:
        if part and not flows(facts, part[-1], position):
            yield part
            part = []
        part.append(position)
    if part:
        yield part
