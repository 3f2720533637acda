"""The distinct op descriptions among the rows of a capture, so that work is done once per description, not per row."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np

from perfsheet.analysis.ops.tensors import Tensor, tensor
from perfsheet.capture.columns import TENSOR_DIMS, TENSOR_FIELDS
from perfsheet.capture.table import IntArray, OpsTable
from perfsheet.capture.texts import Texts, combinations
from perfsheet.light_dataclass import dataclass

_TENSOR = re.compile(rf"(input|output)_(\d+)_(?:{'|'.join(TENSOR_FIELDS)})")


T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class TensorSet:
    """The tensors of an op, one object for all descriptions that have the same ones.

    `input_cells` and `output_cells` are the raw cells (w, z, y, x, layout, datatype, memory) of each tensor block.
    """

    input_cells: tuple[tuple[str, ...], ...]
    output_cells: tuple[tuple[str, ...], ...]

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """The input tensors."""
        return _tensors(self.input_cells)

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """The output tensors."""
        return _tensors(self.output_cells)

    @cached_property
    def all(self) -> tuple[Tensor, ...]:
        """Inputs and outputs."""
        return (*self.inputs, *self.outputs)


@dataclass(frozen=True, eq=False)
class Variant:
    """The description of an op: everything in the capture except when, where and how long it ran."""

    op_code: str
    tensors: TensorSet
    math_fidelity: str
    attributes: str

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The input tensors."""
        return self.tensors.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The output tensors."""
        return self.tensors.outputs


@dataclass(frozen=True, eq=False)
class Variants:
    """`of` gives for each row its index in `all`; `first` the position of the first row of each."""

    of: IntArray
    first: IntArray
    all: tuple[Variant, ...]

    def by_tensors(self, function: Callable[[TensorSet], T]) -> list[T]:
        """The result of a function of the tensors for each of `all`, computed once for equal ones."""
        known: dict[TensorSet, T] = {}
        for variant in self.all:
            if variant.tensors not in known:
                known[variant.tensors] = function(variant.tensors)
        return [known[variant.tensors] for variant in self.all]

    def take(self, positions: IntArray) -> Variants:
        """Those of some of the rows."""
        present, first, of = np.unique(self.of[positions], return_index=True, return_inverse=True)
        return Variants(of.reshape(-1), first, tuple(self.all[index] for index in present.tolist()))


def variants(table: OpsTable, rows: IntArray, codes: Texts) -> Variants:
    """Describe these rows of the table; `codes` are their op codes."""
    blocks = {side: tensor_numbers(table, side) for side in ("input", "output")}
    names = [f"{side}_{number}_{field}" for side in blocks for number in blocks[side] for field in TENSOR_FIELDS]
    of_set, set_first = combinations([table.text(name).take(rows) for name in names], len(rows))
    sets = [
        TensorSet(*(_cells(table, side, blocks[side], row) for side in ("input", "output")))
        for row in rows[set_first].tolist()
    ]
    fidelity, attributes = (table.text(name).take(rows) for name in ("math_fidelity", "attributes"))
    # The number of a set of tensors stands for its cells: it follows their order.
    numbered = Texts(of_set, [""] * len(sets))
    of, first = combinations([codes, numbered, fidelity, attributes], len(rows))
    described = zip(
        codes.take(first), of_set[first].tolist(), fidelity.take(first), attributes.take(first), strict=True
    )
    return Variants(
        of, first, tuple(Variant(code, sets[number], math.strip(), text) for code, number, math, text in described)
    )


def tensor_numbers(table: OpsTable, side: str) -> list[int]:
    """Which INPUT_n or OUTPUT_n blocks the capture has."""
    matches = (_TENSOR.fullmatch(name) for name in table.headers)
    return sorted({int(match[2]) for match in matches if match and match[1] == side})


def _cells(table: OpsTable, side: str, numbers: list[int], row: int) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(table.text(f"{side}_{number}_{field}")[row] for field in (*TENSOR_DIMS, "layout", "datatype", "memory"))
        for number in numbers
    )


def _tensors(blocks: tuple[tuple[str, ...], ...]) -> tuple[Tensor, ...]:
    return tuple(parsed for cells in blocks if (parsed := tensor(*cells)))
