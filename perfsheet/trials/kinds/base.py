"""What every kind of op has in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from perfsheet.light_dataclass import dataclass
from perfsheet.trials.code import Code
from perfsheet.trials.memory import DRAM, L1
from perfsheet.trials.recorded import Recorded

What = Literal["cores", "memory", "data type", "fidelity", "blocks", "fused", "function", "DRAM-sharded", "sibling"]
"""What a variant changes: the cores (with the shards), where tensors lie, how much is done in a step, …"""


@dataclass(frozen=True)
class Variant:
    """Another way to build an op: what is different, in a few words, and its Python.

    `what` it changes. `exact`: its values are as exact as those of the op as recorded. `moved`: how many tensors it
    moves, where the code does not show it. `makes`: a pattern of the device op that it becomes, if that is another one.
    """

    label: str
    code: Code
    what: What
    exact: bool = True
    moved: int | None = None
    makes: str = ""


NOT_FIT = (ArithmeticError, LookupError, ValueError)
"""What reading numbers raises that are none, or of which nothing can be made: cells may have anything."""
Build = Callable[[Recorded], Code | None]
Variants = Callable[[Recorded, Code], Iterator[Variant]]


def nothing(op: Recorded, code: Code) -> Iterator[Variant]:
    """No other way."""
    yield from ()


def in_l1(op: Recorded, code: Code) -> Iterator[Variant]:
    """The first tensor and the output in L1 instead of DRAM, interleaved."""
    name, first = next(iter(code.tensors.items()))
    of_input = first.memory == DRAM
    of_output = op.output_memory == DRAM
    moved = code.reading(**{name: replace(first, memory=L1)}) if of_input else code
    if of_input:
        yield Variant("input in L1", moved, "memory")
    if of_output:
        yield Variant("output in L1", code.put(L1), "memory")
    if of_input and of_output:
        yield Variant("input and output in L1", moved.put(L1), "memory")


@dataclass(frozen=True)
class Kind:
    """How ops of some names are built: `build` gives the Python of one, None where its record does not tell enough.

    `makes` is a pattern of the device op that the call becomes, by default that of `ops`. `variants`: other ways to
    build it, those first that are worth most; `not_tried`: what they leave out. `on_shards`: an op with a sharded
    output works where its shards lie, whatever cores it starts on. `brings_others`: the call brings other device ops
    along, such as a halo. `pieces`: into how many pieces its work is cut, where that is not by the tiles of its output.
    """

    title: str
    ops: str
    build: Build
    makes: str = ""
    variants: Variants = in_l1
    not_tried: str = "sharded inputs and outputs"
    on_shards: bool = False
    brings_others: bool = False
    pieces: Callable[[Recorded], int | None] | None = None

    def has(self, op_code: str) -> bool:
        """Whether an op is of this kind."""
        return re.fullmatch(self.ops, op_code) is not None

    def made(self, op_code: str, instead: str = "") -> bool:
        """Whether a device op is the one that the call is about; `instead`: the pattern of another one."""
        return re.fullmatch(instead or self.makes or self.ops, op_code) is not None


def divisors(number: int, most: int) -> list[int]:
    """The divisors up to `most`, largest first."""
    return [one for one in range(min(number, most), 0, -1) if number % one == 0]
