"""Chains: several ops in a row that one finding is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.signature import Signature
from perfsheet.capture.table import BoolArray, IntArray


def chain(facts: Facts, positions: Sequence[int]) -> Signature:
    """What a chain is known by: its ops, the inputs of the first and the outputs of the last; a single op by itself."""
    signatures = [facts.signature(position) for position in positions]
    if len(signatures) == 1:
        return signatures[0]
    codes = [_short(one.op_code) for one in signatures]
    runs = [(code, len(list(same))) for code, same in groupby(codes)]
    text = " → ".join(code if times == 1 else f"{times} × {code}" for code, times in runs)
    return Signature(text, signatures[0].inputs, signatures[-1].outputs, "", "")


def runs(mask: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """Runs of consecutive ops of one device (positions `here`) for which the mask holds."""
    for holds, members in groupby(here.tolist(), key=lambda position: bool(mask[position])):
        if holds:
            yield list(members)


def _short(op_code: str) -> str:
    return op_code.removesuffix("DeviceOperation") or op_code
