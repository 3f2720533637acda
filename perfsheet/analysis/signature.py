"""What makes two ops the same: op, shapes, data types, memory, math fidelity and program config."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from perfsheet.analysis.ops import Ops
from perfsheet.capture.cells import logical_extent, memory_name, padded_extent
from perfsheet.capture.columns import TENSOR_DIMS

# Matmul, norm, softmax and SDPA call it program_config, MinimalMatmul config; convolutions split it in two.
_PROGRAM_CONFIG = re.compile(r"'(?:program_config|config|parallelization_config|block_config)': '([^']*)'")
_TENSOR = re.compile(r"(input|output)_(\d+)_w")
_Tensors = tuple[tuple[str, ...], ...]
_NO_CONFIG = {"std::nullopt", "nullopt", "None", ""}


@dataclass(frozen=True)
class Signature:
    """One configuration of an op. `inputs` and `outputs` read like `1×1×384×768 BFLOAT16 L1_BLOCK_SHARDED`."""

    op_code: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    math_fidelity: str
    program_config: str

    @property
    def has_tensors(self) -> bool:
        """Whether the capture says anything about tensors of this op."""
        return bool(self.inputs or self.outputs)

    @property
    def tensors(self) -> str:
        """Inputs → outputs, on one line."""
        return f"{', '.join(self.inputs) or '–'} → {', '.join(self.outputs) or '–'}"

    @property
    def text(self) -> str:
        """The whole signature on one line."""
        parts = (self.op_code, self.tensors, self.math_fidelity, self.program_config)
        return " | ".join(part for part in parts if part)


def signatures(ops: Ops, positions: Iterable[int]) -> list[Signature]:
    """The signature of each of these ops. Cells that only differ in spelling (64 and 64.0, DEV_0_… and dev_1_…)
    give equal signatures."""
    at = list(positions)
    rows = ops.rows[at].tolist()
    inputs = _tensor_cells(ops, rows, "input")
    outputs = _tensor_cells(ops, rows, "output")
    fidelity, attributes = ops.table.text("math_fidelity"), ops.table.text("attributes")
    known: dict[tuple[str, _Tensors, _Tensors, str, str], Signature] = {}
    found: list[Signature] = []
    for index, (position, row) in enumerate(zip(at, rows, strict=True)):
        config = _program_config(attributes[row])
        key = (ops.codes[position], inputs[index], outputs[index], fidelity[row], config)
        signature = known.get(key)
        if signature is None:
            signature = Signature(
                ops.codes[position], _describe(inputs[index]), _describe(outputs[index]), fidelity[row].strip(), config
            )
            known[key] = signature
        found.append(signature)
    return found


def by_signature(ops: Ops, positions: list[int]) -> dict[Signature, list[int]]:
    """For each signature among these ops the places in `positions` that have it, in their order."""
    members: dict[Signature, list[int]] = {}
    for place, signature in enumerate(signatures(ops, positions)):
        members.setdefault(signature, []).append(place)
    return members


def _tensor_cells(ops: Ops, rows: list[int], side: str) -> list[_Tensors]:
    """For each row the raw cells (w, z, y, x, datatype, memory) of each tensor of that side."""
    numbers = sorted(
        int(match[2]) for name in ops.table.headers if (match := _TENSOR.fullmatch(name)) and match[1] == side
    )
    tensors: list[list[tuple[str, ...]]] = []
    for number in numbers:
        columns = [ops.table.text(f"{side}_{number}_{field}") for field in (*TENSOR_DIMS, "datatype", "memory")]
        tensors.append([tuple(column[row] for column in columns) for row in rows])
    return list(zip(*tensors, strict=True)) if tensors else [()] * len(rows)


def _describe(tensors: _Tensors) -> tuple[str, ...]:
    return tuple(text for cells in tensors if (text := tensor_text(*cells)))


@lru_cache(maxsize=65536)
def tensor_text(w: str, z: str, y: str, x: str, datatype: str, memory: str) -> str:
    """A tensor as engineers write it; blank when there is none."""
    shape = shape_text(w, z, y, x)
    return " ".join(part for part in (shape, datatype.strip().upper(), memory_name(memory)) if part)


def shape_text(*extents: str) -> str:
    """`1×1×384×768`; where padding differs from the logical extent, `1×1×32[19]×768`."""
    if not any(extents):
        return ""
    return "×".join(_extent(cell) for cell in extents)


def _extent(cell: str) -> str:
    padded, logical = padded_extent(cell), logical_extent(cell)
    return (padded if padded == logical else f"{padded}[{logical}]") or "?"


@lru_cache(maxsize=65536)
def _program_config(attributes: str) -> str:
    return "; ".join(found for found in _PROGRAM_CONFIG.findall(attributes) if found not in _NO_CONFIG)
