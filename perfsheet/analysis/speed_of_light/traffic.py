"""The least bytes that an op moves between DRAM and its cores: every input once, every output once.

The table below has the ops that read or write only a part of a tensor, and which part.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from perfsheet.analysis.ops.attributes import attribute, is_set
from perfsheet.analysis.ops.categories import without_number
from perfsheet.analysis.ops.shape import matmul_sizes
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light.attention import POSITION_UNKNOWN, keys_of_decode
from perfsheet.analysis.speed_of_light.flops import Work, unknown
from perfsheet.light_dataclass import dataclass

# Each tensor with the number of its elements that are read or written (None = unknown).
_Touched = Iterable[tuple[Tensor, int | None]]
_ALL = -1

_UNKNOWN_PART = "which part of its tensors this op touches is not in the capture"


@dataclass(frozen=True)
class Traffic(Work):
    """DRAM bytes, and `in_l1`: the fraction of all the bytes that the op touches, in DRAM or L1, that is in L1."""

    in_l1: float = 0.0


def dram_bytes(variant: Variant) -> Work:
    """The DRAM bytes of an op (as Traffic where they are known); 0 if every tensor is in L1."""
    if not variant.inputs and not variant.outputs:
        return unknown("the capture describes no tensor of this op")
    touch = _touch(without_number(variant.op_code))
    if not variant.inputs and touch is not _outputs:
        return unknown("the capture describes no input of this op")
    touched = touch(variant)
    if isinstance(touched, Work):
        return touched
    total = in_l1 = 0.0
    for tensor, elements in touched:
        if not tensor.placed:
            return unknown("the memory of a tensor is not in the capture")
        size = tensor.size if elements is _ALL else tensor.part(elements)
        if tensor.in_dram:
            if size is None:
                return unknown("the shape or data type of a tensor in DRAM is not readable")
            total += size
        elif tensor.in_l1:
            in_l1 += size or 0.0
    return Traffic(total, in_l1=in_l1 / (total + in_l1) if in_l1 else 0.0)


def _whole(tensors: Iterable[Tensor]) -> _Touched:
    return [(tensor, _ALL) for tensor in tensors]


def _everything(variant: Variant) -> _Touched:
    return _whole((*variant.inputs, *variant.outputs))


def _first(count: int) -> Callable[[Variant], _Touched]:
    """Ops with this many operands; further inputs are preallocated outputs, which are not read."""
    return lambda variant: _whole((*variant.inputs[:count], *variant.outputs[:1]))


def _binary(variant: Variant) -> _Touched:
    """Two operands, or one and a scalar: then a second input can only be the preallocated output."""
    operands = 1 if "'scalar': '" in variant.attributes and "'scalar': 'std::nullopt'" not in variant.attributes else 2
    return _first(operands)(variant)


def _outputs(variant: Variant) -> _Touched:
    return _whole(variant.outputs)


def _collective(variant: Variant) -> _Touched:
    """Reads the device's own part and writes the result (the last output; others are buffers)."""
    return _whole((*variant.inputs[:1], *variant.outputs[-1:]))


def _slice(variant: Variant) -> _Touched:
    """Reads as much of the input as the output has."""
    return [(variant.inputs[0], _elements(variant.outputs)), *_whole(variant.outputs)]


def _write_into(variant: Variant) -> _Touched:
    """Writes the first input into a part of the output of the same size."""
    source = variant.inputs[0]
    return [(source, _ALL), *((target, source.elements) for target in variant.outputs[:1])]


def _update_cache(variant: Variant) -> _Touched:
    """Writes the second input into a part of the first of the same size; fused updates have two such pairs."""
    count = 4 if "fused" in variant.op_code.lower() else 2
    pairs = zip(variant.inputs[0:count:2], variant.inputs[1:count:2], strict=False)
    return [part for cache, update in pairs for part in ((update, update.elements), (cache, update.elements))]


def _embedding(variant: Variant) -> _Touched:
    """The indices, one row of the table for each, and the output."""
    indices, *rest = variant.inputs
    return [(indices, _ALL), *((table, _elements(variant.outputs)) for table in rest[:1]), *_whole(variant.outputs)]


def _grid_sample(variant: Variant) -> _Touched:
    """The grid and the output; which pixels are read depends on the values of the grid."""
    return _whole((*variant.inputs[1:2], *variant.outputs))


def _gather(variant: Variant) -> _Touched:
    """The index, and as much of the input as the output has."""
    return [(variant.inputs[0], _elements(variant.outputs)), *_whole((*variant.inputs[1:2], *variant.outputs))]


def _of_rows(variant: Variant) -> _Touched:
    """Ops that select rows of tiles: logical elements only."""
    return [(tensor, tensor.elements) for tensor in (*variant.inputs, *variant.outputs)]


def _attention(variant: Variant) -> _Touched | Work:
    """Q, K, V and the output; unknown for a paged cache, of which only the pages up to the chunk are read."""
    if attribute(variant.attributes, "chunk_start_idx", "chunk_start_idx_tensor"):
        return unknown(_UNKNOWN_PART)
    return _whole((*variant.inputs[:3], *variant.outputs[:1]))


def _decode(variant: Variant) -> _Touched | Work:
    """Q, the keys and values that the positions reach, and the output."""
    if len(variant.inputs) < 3 or variant.inputs[1].logical is None or variant.inputs[2].logical is None:
        return unknown(_UNKNOWN_PART)
    keys = keys_of_decode(variant)
    if keys is None:
        return unknown(POSITION_UNKNOWN)
    query, *caches = variant.inputs[:3]
    parts = [(cache, keys * cache.logical[1] * cache.logical[3]) for cache in caches if cache.logical is not None]
    return [(query, query.elements), *parts, *((output, output.elements) for output in variant.outputs[:1])]


def _matmul(variant: Variant) -> _Touched | Work:
    if is_set(variant.attributes, "gather_in0"):
        return unknown("a ring matmul shares its inputs with other ops")
    given = variant.outputs[0] if variant.outputs else None
    # A bias may follow the two operands; an input that equals the output is the preallocated output.
    further = [tensor for tensor in variant.inputs[2:] if tensor != given]
    return _whole((*variant.inputs[:2], *further, *variant.outputs))


def _sparse_matmul(variant: Variant) -> _Touched | Work:
    """The fewest input matrices and experts that nnz pairs can have, nnz output matrices, the sparsity or the indices.

    The rest of the output is zeroed by an op before it.
    """
    sizes = matmul_sizes(variant)
    if isinstance(sizes, str):
        return unknown(sizes)
    nnz, pairs = sizes.batch, sizes.pairs or 1
    operands = [(tensor, _matrices(tensor, -(-nnz * _batch(tensor) // pairs))) for tensor in variant.inputs[:2]]
    chosen_by = 3 if is_set(variant.attributes, "use_indices") else 2
    written = [(tensor, _matrices(tensor, nnz)) for tensor in variant.outputs[:1]]
    return [*operands, *_whole(variant.inputs[chosen_by : chosen_by + 1]), *written]


def _batch(tensor: Tensor) -> int:
    return math.prod(tensor.padded[:2]) if tensor.padded else 0


def _matrices(tensor: Tensor, count: int) -> int | None:
    """Stored elements of this many of its matrices."""
    batch, stored = _batch(tensor), tensor.stored_elements
    return None if stored is None or not batch else stored // batch * count


def _fused_collective(variant: Variant) -> _Touched:
    """The device's own part of the input, the weights, and the result (the last output)."""
    return _whole((*variant.inputs[:2], *variant.outputs[-1:]))


def _unknown(_: Variant) -> Work:
    return unknown(_UNKNOWN_PART)


_TABLE: tuple[tuple[str, Callable[[Variant], _Touched | Work]], ...] = (
    ("sparse_?matmul", _sparse_matmul),
    (
        "sparse|moe|expert|dispatch|combine|all_?to_?all|point_?to_?point|barrier|mesh_?partition|send|recv",
        _unknown,
    ),
    ("all_?gather.*matmul|matmul.*reduce_?scatter|matmul.*all_?reduce", _fused_collective),
    ("matmul|linear|bmm", _matmul),
    ("decode.*(?:sdpa|attention|mla)|(?:sdpa|attention|mla).*decode", _decode),
    ("sdpa|scaled_?dot_?product|flash_?mla|ring.*attention", _attention),
    ("all_?gather|reduce_?scatter|all_?reduce|broadcast", _collective),
    ("fill_?cache|update_?(?:kv_?)?cache|kv_?cache|paged", _update_cache),
    ("rotary", _everything),
    ("embedding", _embedding),
    ("grid_?sample", _grid_sample),
    ("slice_?write|sharded_?to_?interleaved_?partial", _write_into),
    ("slice|interleaved_?to_?sharded_?partial|unpad(?!ding)|narrow|chunk", _slice),
    ("index_?fill|scatter|topk|sampling|non_?zero|fold", _unknown),
    ("gather", _gather),
    ("fill_?pad", _first(1)),
    ("^(?:full|fill|zeros|ones|arange|rand|uniform|empty)", _outputs),
    ("heads.*decode", _of_rows),
    ("halo|pool|upsample", _unknown),
    ("where|ternary", _first(3)),
    ("binary|^add|^mul|^sub", _binary),
    ("unary|typecast|move|copy|clone|tilize|transpose|permute|reshape|pad|softmax|repeat|reshard|sharded", _first(1)),
)
_COMPILED = tuple((re.compile(pattern), touch) for pattern, touch in _TABLE)


@lru_cache(maxsize=1 << 16)
def _touch(op_code: str) -> Callable[[Variant], _Touched | Work]:
    """What an op reads and writes: by the first pattern that occurs in its code, by default all of its tensors."""
    in_lower_case = op_code.lower()  # patterns that ignore case take twice as long to compile
    return next((touch for pattern, touch in _COMPILED if pattern.search(in_lower_case)), _everything)


def _elements(tensors: Sequence[Tensor]) -> int | None:
    counts = [tensor.elements for tensor in tensors if tensor.elements is not None]
    return sum(counts) if counts and len(counts) == len(tensors) else None
