"""What two ops have in common, and what that is worth in the alignment."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np

from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL, RESHARD, category
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.comparison.changes import Describing
from perfsheet.light_dataclass import dataclass

# What each property in common is worth. An optimised op keeps its kind and shapes; its memory and configuration change.
_SAME_KIND = 2
_WORTH = {"elements": 2, "outputs": 2, "inputs": 4, "storage": 2, "settings": 2, "program_hash": 2}
# An op of another kind but the same category with as many output elements may have replaced the other one (reshards and
# layout ops: only with the same memory and layout).
_TAKES_ITS_PLACE = 3
_MAY_TAKE_ITS_PLACE = 2
_STORAGE_OPS = {RESHARD, "layout"}
_WORK = {MATMUL, CONV, ATTENTION, "normalisation", "softmax", "elementwise", "reduction", "pooling"}


@dataclass(frozen=True)
class Traits:
    """What is compared of an op. None equals nothing, not even another None."""

    kind: str
    category: str
    elements: int | None
    stored: tuple[str, str] | None
    outputs: tuple[object, ...]
    inputs: tuple[object, ...]
    storage: tuple[object, ...]
    settings: tuple[str, str]
    program_hash: str | None

    @property
    def work(self) -> tuple[object, ...]:
        """What it computes, independent of memory and configuration."""
        return self.kind, self.inputs, self.outputs


def traits(variant: Variant, program_hash: str, describing: Describing) -> Traits:
    """The traits of an op with this description."""
    made = variant.outputs[0].elements if variant.outputs else None
    return Traits(
        kind=kind(variant.op_code),
        category=category(variant.op_code),
        elements=made,
        stored=(variant.outputs[0].layout, variant.outputs[0].memory) if variant.outputs else None,
        outputs=tuple(describing.extents(tensor) for tensor in variant.outputs),
        inputs=tuple(describing.extents(tensor) for tensor in variant.inputs),
        storage=tuple(_storage(tensor) for tensor in (*variant.inputs, None, *variant.outputs)),
        settings=(variant.math_fidelity, variant.attributes),
        program_hash=program_hash.strip() or None,
    )


def _storage(tensor: Tensor | None) -> tuple[str, str, str] | None:
    return None if tensor is None else (tensor.layout, tensor.datatype, tensor.memory)


class Likeness:
    """What pairs of ops are worth; a token is an index in the list of traits given."""

    def __init__(self, all_traits: Iterable[Traits]) -> None:
        listed = list(all_traits)
        self._columns = {
            name: _coded(getattr(op, name) for op in listed) for name in ("kind", "category", "stored", *_WORTH)
        }
        work = np.array([op.category in _WORK for op in listed], dtype=np.bool_)
        storage_only = np.array([op.category in _STORAGE_OPS for op in listed], dtype=np.bool_)
        self._place = np.where(work, _TAKES_ITS_PLACE, np.where(storage_only, _MAY_TAKE_ITS_PLACE, 0))
        self._work = work

    def __call__(self, base: IntArray, new: IntArray) -> IntArray:
        """The worth of every pair of these tokens."""
        same = {name: _equal(codes[base], codes[new]) for name, codes in self._columns.items()}
        total = np.full((len(base), len(new)), _SAME_KIND, dtype=np.int64)
        for name, value in _WORTH.items():
            total += value * same[name]
        fits = same["category"] & same["elements"] & (same["stored"] | self._work[base][:, np.newaxis])
        other = self._place[base][:, np.newaxis] * fits
        return np.where(same["kind"], total, other)


def _coded(values: Iterable[Hashable]) -> IntArray:
    """Numbers for values: equal ones get the same, None gets -1."""
    numbers: dict[Hashable, int] = {}
    return np.array(
        [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64
    )


def _equal(base: IntArray, new: IntArray) -> BoolArray:
    return np.equal(base[:, np.newaxis], new[np.newaxis, :]) & (base >= 0)[:, np.newaxis]
