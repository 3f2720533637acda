"""Splitting and joining heads."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.hardware.data_types import TILE_SIDE, round_up_to_tile
from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Kind, Variant, in_l1
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.recorded import Recorded


def create(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_create_qkv_heads."""
    if not op.inputs:
        return None
    tensors = {"x": op.inputs[0]}
    operands = ["x"]
    if len(op.inputs) > 1:
        tensors["kv"] = op.inputs[1]
        operands.append("kv")
    options = {
        "num_heads": op.get("num_q_heads", "num_heads") or _heads(op, 0, 1),
        "num_kv_heads": op.get("num_kv_heads") or _heads(op, 1, 1),
        "transpose_k_heads": str(op.has("transpose_k_heads") or _is_turned(op)),
        "memory_config": op.whole_memory_code,
    }
    return Code(tensors, "ttnn.experimental.nlp_create_qkv_heads", tuple(operands), options)


def _heads(op: Recorded, output: int, dimension: int) -> str:
    """The heads of an output, for records that lack the attribute, as those of plans; blank without the output."""
    return str(op.outputs[output].shape[dimension]) if len(op.outputs) > output else ""


def _is_turned(op: Recorded) -> bool:
    """Whether K comes out with rows and columns exchanged, beside V."""
    if len(op.outputs) < 3:
        return False
    k, v = op.outputs[1].shape, op.outputs[2].shape
    return k != v and k[-2:] == v[-2:][::-1]


def create_decode(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_create_qkv_heads_decode."""
    if not op.inputs:
        return None
    options = {
        "num_heads": op.get("num_q_heads", "num_heads") or _heads(op, 0, 2),
        "num_kv_heads": op.get("num_kv_heads") or _heads(op, 1, 2),
        "memory_config": "ttnn.L1_HEIGHT_SHARDED_MEMORY_CONFIG",
    }
    name = "ttnn.experimental.nlp_create_qkv_heads_decode"
    return Code({"x": op.inputs[0]}, name, ("x",), options)


def concat(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_concat_heads."""
    if not op.inputs:
        return None
    name = "ttnn.experimental.nlp_concat_heads"
    return Code({"x": op.inputs[0]}, name, ("x",), {"memory_config": op.whole_memory_code})


def concat_decode(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_concat_heads_decode."""
    if not op.inputs:
        return None
    name = "ttnn.experimental.nlp_concat_heads_decode"
    return Code({"x": op.inputs[0]}, name, ("x",), {"num_heads": op.get("num_heads")})


def rows_of_tiles(op: Recorded) -> int | None:
    """Rows of tiles of a batch: heads are split and joined a row of tiles at a time, all heads of it."""
    if not op.inputs or len(op.inputs[0].shape) != 4:
        return None
    batch, _, rows, _ = op.inputs[0].shape
    return batch * round_up_to_tile(rows) // TILE_SIDE


def by_width(op: Recorded, code: Code) -> Iterator[Variant]:
    """Heads to be split in blocks of rows and whole heads, a part to a core; else in L1."""
    x = code.tensors["x"]
    for grid in grids(x, op.grid, ("BLOCK_SHARDED", "HEIGHT_SHARDED")):
        yield Variant(grid.label, code.reading(x=grid.of(x)).given(memory_config=_HEIGHT), "cores", moved=2)
    yield from in_l1(op, code)


_HEIGHT = "ttnn.L1_HEIGHT_SHARDED_MEMORY_CONFIG"
_NOT_TRIED = "other shard schemes, K and V as a tensor of their own"
KINDS = (
    Kind(
        "heads split",
        r"N[Ll][Pp]CreateHeads(?:DeviceOperation)?|NlpCreateHeadsDeviceOperation",
        create,
        "",
        by_width,
        _NOT_TRIED,
        pieces=rows_of_tiles,
    ),
    Kind("heads split in decode", r"NLPCreateQKVHeadsDecode(?:DeviceOperation)?", create_decode),
    Kind("heads joined", r"NLPConcatHeads(?:DeviceOperation)?", concat, pieces=rows_of_tiles),
    Kind("heads joined in decode", r"NLPConcatHeadsDecode(?:DeviceOperation)?", concat_decode),
)
