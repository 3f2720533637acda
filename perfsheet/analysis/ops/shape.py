"""Shapes and layouts of an op as engineers write them: M × K × N, a convolution's window, memory in → out."""

from __future__ import annotations

import math

from perfsheet.analysis.ops.attributes import attribute, is_set, key_numbers, list_numbers, positive
from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL, category
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.tensors import Extents, Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.light_dataclass import dataclass

UNKNOWN = "?"


@dataclass(frozen=True)
class Shape:
    """`shape` and `layout` of an op on one line each, blank if the capture has no tensors.

    `memory_in` and `memory_out` are the memories of its first input and output (`L1_BLOCK_SHARDED`), `?` = unknown.
    """

    shape: str
    layout: str
    memory_in: str
    memory_out: str


@once
def shapes(ops: Ops) -> tuple[Shape, ...]:
    """The shape of each distinct description among the ops (indexed by `ops.variants.of`)."""
    return tuple(_shape(variant) for variant in ops.variants.all)


def shape_of(ops: Ops, position: int) -> Shape:
    """The shape of one op."""
    return shapes(ops)[int(ops.variants.of[position])]


def _shape(variant: Variant) -> Shape:
    given, put = _first(variant.inputs), _first(variant.outputs)
    return Shape(
        shape=_MODELS.get(category(variant.op_code), _windowed)(variant),
        layout=_layout(given, put),
        memory_in=_memory(given),
        memory_out=_memory(put),
    )


def _first(tensors: tuple[Tensor, ...]) -> Tensor | None:
    return tensors[0] if tensors else None


def _memory(tensor: Tensor | None) -> str:
    return (tensor.memory if tensor else "") or UNKNOWN


def _layout(given: Tensor | None, put: Tensor | None) -> str:
    """`DRAM_INTERLEAVED → L1_BLOCK_SHARDED, TILE → ROW_MAJOR`; a single name if it does not change."""
    if given is None and put is None:
        return ""
    memory = _change(_memory(given), _memory(put))
    tiles = (given.layout if given else "", put.layout if put else "")
    return f"{memory}, {_change(*tiles)}" if all(tiles) and tiles[0] != tiles[1] else memory


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


@dataclass(frozen=True)
class MatmulSizes:
    """A batch of matrix products, each of `m` × `k` by `k` × `n`.

    A sparse matmul (mixture of experts) has `pairs` of matrices to choose from, and multiplies nnz of them: `batch`.
    """

    batch: int
    m: int
    k: int
    n: int
    pairs: int | None = None


SPARSE_MATMUL = "sparse matmul: how many blocks are non-zero (nnz) is not in the capture"


def is_sparse_matmul(variant: Variant) -> bool:
    """Whether it is ttnn.sparse_matmul."""
    return category(variant.op_code) == MATMUL and "sparse" in variant.op_code.lower()


def matmul_sizes(variant: Variant) -> MatmulSizes | str:
    """M, K and N from the logical shapes, or why they are unknown.

    A matmul that is fused with an all-gather multiplies the gathered input: its K is the height of the weights.
    """
    if len(variant.inputs) < 2:
        return "a matmul of fewer than two inputs"
    left, right, *_ = variant.inputs
    if left.logical is None or right.logical is None:
        return "its shapes are not readable"
    m, k = _matrix(left.logical, is_set(variant.attributes, "transpose_a"))
    height, n = _matrix(right.logical, is_set(variant.attributes, "transpose_b"))
    if "AllGather" in variant.op_code and k and height % k == 0:
        k = height
    if not _same_k(left, right, k, height, variant.attributes):
        return "the shapes of its inputs don't fit a matmul"
    if is_sparse_matmul(variant):
        nnz, pairs = _nnz(variant, left.logical), _pairs(variant, left.logical, right.logical)
        if nnz is None:
            return SPARSE_MATMUL
        if nnz > pairs:
            return "nnz is more than its inputs have matrices"
        return MatmulSizes(nnz, m, k, n, pairs)
    batch = math.prod(max(a, b) for a, b in zip(left.logical[:2], right.logical[:2], strict=True))
    return MatmulSizes(batch, m, k, n)


def _pairs(variant: Variant, left: Extents, right: Extents) -> int:
    """Every input matrix with every expert, or (`is_input_a_sparse`) each input matrix with its own expert."""
    batches = math.prod(left[:2]), math.prod(right[:2])
    return max(batches) if is_set(variant.attributes, "is_input_a_sparse") else math.prod(batches)


def _nnz(variant: Variant, left: Extents) -> int | None:
    """`nnz`, or the length of the indices tensor; None if the sparsity tensor is counted on the device.

    ttnn refuses an `nnz` of 0, which tt-mlir writes for one that is not known.
    """
    nnz = positive(variant.attributes, "nnz")
    if nnz is not None or not is_set(variant.attributes, "use_indices") or len(variant.inputs) < 4:
        return nnz
    active = variant.inputs[3].elements
    return active and active * (1 if is_set(variant.attributes, "is_input_a_sparse") else math.prod(left[:2]))


def _matrix(shape: Extents, transposed: bool) -> tuple[int, int]:
    return (shape[3], shape[2]) if transposed else (shape[2], shape[3])


def _same_k(left: Tensor, right: Tensor, k: int, height: int, attributes: str) -> bool:
    """Whether K of both sides agrees, in the logical or (weights padded for sharding) in the padded shapes."""
    if k == height or left.padded is None or right.padded is None:
        return k == height
    _, padded_k = _matrix(left.padded, is_set(attributes, "transpose_a"))
    padded_height, _ = _matrix(right.padded, is_set(attributes, "transpose_b"))
    return padded_k == padded_height


def _matmul(variant: Variant) -> str:
    """`384 × 768 × 3072`: M × K × N; with a batch `12 · 384 × 64 × 384`; sparse `nnz 8 of 128 · 32 × 7168 × 4096`."""
    sizes = matmul_sizes(variant)
    if isinstance(sizes, str):
        return _tensors(variant)
    batch = f"{sizes.batch} · " if sizes.batch != 1 else ""
    if sizes.pairs is not None:
        batch = f"nnz {sizes.batch} of {sizes.pairs} · "
    return f"{batch}{sizes.m} × {sizes.k} × {sizes.n}"


def _conv(variant: Variant) -> str:
    """`1×98×1280×3 → 64, 7×7 s2`: input (NHWC), output channels, window, stride, dilation, groups."""
    entry = list_numbers(attribute(variant.attributes, "input_tensor_shape"))
    channels = positive(variant.attributes, "output_channels")
    window = _window(variant)
    if not window or not (entry or variant.inputs):
        return _tensors(variant)
    given = "×".join(map(str, entry)) if entry else _extents(variant.inputs[0].logical)
    groups = positive(variant.attributes, "groups") or 1
    return f"{given}{f' → {channels}' if channels else ''}, {window}{f' g{groups}' if groups > 1 else ''}"


def _attention(variant: Variant) -> str:
    """`1×12×384×64 · 384 keys`."""
    if len(variant.inputs) < 2 or variant.inputs[0].logical is None or variant.inputs[1].logical is None:
        return _tensors(variant)
    return f"{_extents(variant.inputs[0].logical)} · {variant.inputs[1].logical[2]} keys"


def _windowed(variant: Variant) -> str:
    """The tensors, and the window of a pool or halo."""
    return ", ".join(filter(None, (_tensors(variant), _window(variant))))


def _window(variant: Variant) -> str:
    """`3×3 s2 d2`: window, stride and dilation, without those that are 1."""
    config = attribute(variant.attributes, "sliding_window_config")
    size = key_numbers(config, "window_hw") or list_numbers(attribute(variant.attributes, "kernel_size"))
    if len(size) != 2:
        return ""
    parts = [f"{size[0]}×{size[1]}"]
    for letter, key in (("s", "stride_hw"), ("d", "dilation_hw")):
        step = key_numbers(config, key)
        if len(step) == 2 and step != (1, 1):
            parts.append(f"{letter}{step[0]}" if step[0] == step[1] else f"{letter}{step[0]}×{step[1]}")
    return " ".join(parts)


def _tensors(variant: Variant) -> str:
    """`384×768`, or `384×768 → 768×384` if the output has another shape."""
    given, put = (
        _extents(tensor.logical) if tensor else "" for tensor in (_first(variant.inputs), _first(variant.outputs))
    )
    return " → ".join(dict.fromkeys(filter(None, (given, put))))


def _extents(extents: Extents | None) -> str:
    """`1×12×384×64`, without leading ones."""
    if extents is None:
        return ""
    lead = next((place for place in (0, 1) if math.prod(extents[: place + 1]) != 1), 2)
    return "×".join(map(str, extents[lead:]))


_MODELS = {MATMUL: _matmul, CONV: _conv, ATTENTION: _attention}
