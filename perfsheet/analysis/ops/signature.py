"""What makes two ops the same: op, shapes, data types, memory, math fidelity and program config."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from perfsheet.analysis.ops.attributes import UNSET
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.cells import logical_extent, memory_name, padded_extent
from perfsheet.capture.table import IntArray
from perfsheet.light_dataclass import dataclass

# Matmul, norm, softmax and SDPA call it program_config, MinimalMatmul config; convolutions split it in two.
_PROGRAM_CONFIG = re.compile(r"'(?:program_config|config|parallelization_config|block_config)': '([^']*)'")


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
        """Whether the capture has tensors of this op."""
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
    """The signature of each of these ops; cells that differ only in spelling (64 and 64.0, DEV_0_… and dev_1_…) give
    equal ones."""
    distinct = of_variants(ops)
    of = ops.variants.of
    return [distinct[of[position]] for position in positions]


@once
def of_variants(ops: Ops) -> tuple[Signature, ...]:
    """The signature of each distinct description among the ops; equal ones are one object."""
    unique: dict[Signature, Signature] = {}
    all_signatures = (signature(variant) for variant in ops.variants.all)
    return tuple(unique.setdefault(item, item) for item in all_signatures)


def signature(variant: Variant) -> Signature:
    """The signature of one description."""
    return Signature(
        variant.op_code,
        _describe(variant.tensors.input_cells),
        _describe(variant.tensors.output_cells),
        variant.math_fidelity,
        program_config(variant.attributes),
    )


def by_signature(ops: Ops, positions: list[int]) -> dict[Signature, list[int]]:
    """For each signature among these ops the indices in `positions` that have it."""
    members: dict[Signature, list[int]] = {}
    for place, key in enumerate(signatures(ops, positions)):
        members.setdefault(key, []).append(place)
    return members


@once
def numbers(ops: Ops) -> IntArray:
    """For each op a number for its signature; equal numbers are equal signatures."""
    index_of: dict[Signature, int] = {}
    of_variant = np.array([index_of.setdefault(key, len(index_of)) for key in of_variants(ops)], dtype=np.int64)
    return of_variant[ops.variants.of]


@lru_cache(maxsize=65536)
def _describe(tensors: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(
        text for w, z, y, x, _, datatype, memory in tensors if (text := tensor_text(w, z, y, x, datatype, memory))
    )


@lru_cache(maxsize=65536)
def tensor_text(w: str, z: str, y: str, x: str, datatype: str, memory: str) -> str:
    """A tensor as text; blank without one."""
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


def program_config(attributes: str) -> str:
    """The program config in the ATTRIBUTES of an op; blank when it has none."""
    return "; ".join(config for config in _PROGRAM_CONFIG.findall(attributes) if config not in UNSET)
