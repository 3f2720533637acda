"""What two ops have in common, and what that is worth to the alignment."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL, RESHARD, category
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.compare.changes import Describing
from perfsheet.compare.kinds import kind

# The same op, and what it is worth that more of it is the same. An op keeps its kind and its shapes when it is
# optimised; where its tensors live, and how it is configured, is what changes.
_SAME_KIND = 2
_WORTH = {"elements": 2, "outputs": 2, "inputs": 4, "storage": 2, "settings": 2, "program_hash": 2}
# Another op of the category that makes as many elements (reshards and layout ops: in the same memory and layout): it
# may have taken the place of the other one.
_TAKES_ITS_PLACE = 3
_MAY_TAKE_ITS_PLACE = 2
_GLUE = {RESHARD, "layout"}
_WORK = {MATMUL, CONV, ATTENTION, "normalisation", "softmax", "elementwise", "reduction", "pooling"}


@dataclass(frozen=True)
class Traits:
    """What is compared of an op. None is like nothing, not even another None."""

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
        """What it does, wherever its tensors live and however it is configured."""
        return self.kind, self.inputs, self.outputs


def traits(variant: Variant, program_hash: str, describing: Describing) -> Traits:
    """What is compared of an op with this description."""
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
    """What pairs of ops are worth; tokens are places in the list of traits that it was made of."""

    def __init__(self, all_traits: Iterable[Traits]) -> None:
        listed = list(all_traits)
        self._columns = {
            name: _coded(getattr(op, name) for op in listed) for name in ("kind", "category", "stored", *_WORTH)
        }
        work = np.array([op.category in _WORK for op in listed], dtype=np.bool_)
        glue = np.array([op.category in _GLUE for op in listed], dtype=np.bool_)
        self._place = np.where(work, _TAKES_ITS_PLACE, np.where(glue, _MAY_TAKE_ITS_PLACE, 0))
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
    """Equal values have equal numbers; None has none (-1)."""
    numbers: dict[Hashable, int] = {}
    return np.array(
        [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64
    )


def _equal(base: IntArray, new: IntArray) -> BoolArray:
    return np.equal(base[:, np.newaxis], new[np.newaxis, :]) & (base >= 0)[:, np.newaxis]
