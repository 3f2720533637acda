"""The distinct op descriptions among the rows of a capture, so that work is done once per description, not per row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.tensors import Tensor, tensor
from perfsheet.capture.columns import TENSOR_DIMS, TENSOR_FIELDS
from perfsheet.capture.table import IntArray, OpsTable
from perfsheet.capture.texts import Texts, combinations

_TENSOR = re.compile(rf"(input|output)_(\d+)_(?:{'|'.join(TENSOR_FIELDS)})")


@dataclass(frozen=True, eq=False)
class Variant:
    """The description of an op: everything in the capture except when, where and how long it ran.

    `input_cells` and `output_cells` are the raw cells (w, z, y, x, layout, datatype, memory) of each tensor block.
    """

    op_code: str
    input_cells: tuple[tuple[str, ...], ...]
    output_cells: tuple[tuple[str, ...], ...]
    math_fidelity: str
    attributes: str

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """The input tensors."""
        return _tensors(self.input_cells)

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """The output tensors."""
        return _tensors(self.output_cells)


@dataclass(frozen=True, eq=False)
class Variants:
    """`of` gives for each row its index in `all`; `first` the position of the first row of each."""

    of: IntArray
    first: IntArray
    all: tuple[Variant, ...]

    def take(self, positions: IntArray) -> Variants:
        """Those of some of the rows."""
        present, first, of = np.unique(self.of[positions], return_index=True, return_inverse=True)
        return Variants(of.reshape(-1), first, tuple(self.all[index] for index in present.tolist()))


def variants(table: OpsTable, rows: IntArray, codes: Texts) -> Variants:
    """Describe these rows of the table; `codes` are their op codes."""
    blocks = {side: tensor_numbers(table, side) for side in ("input", "output")}
    names = [f"{side}_{number}_{field}" for side in blocks for number in blocks[side] for field in TENSOR_FIELDS]
    columns = [table.text(name).take(rows) for name in (*names, "math_fidelity", "attributes")]
    of, first = combinations([codes, *columns], len(rows))
    table_rows = rows[first].tolist()
    return Variants(
        of,
        first,
        tuple(
            Variant(
                op_code=codes[position],
                input_cells=_cells(table, "input", blocks["input"], row),
                output_cells=_cells(table, "output", blocks["output"], row),
                math_fidelity=table.text("math_fidelity")[row].strip(),
                attributes=table.text("attributes")[row],
            )
            for position, row in zip(first.tolist(), table_rows, strict=True)
        ),
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
