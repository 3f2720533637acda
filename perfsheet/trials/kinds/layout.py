"""Tilize, untilize, reshards, transposes, permutes and concats."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis.ops.attributes import list_numbers
from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code, dtype_code
from perfsheet.trials.kinds.base import Kind, Variant, in_l1, nothing
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.recorded import Recorded

_DIMS = {"CN": (0, 1), "HC": (1, 2), "WH": (2, 3), "NH": (0, 2), "NW": (0, 3), "CW": (1, 3)}


def _one(function: str, op: Recorded, *operands: str, **options: str) -> Code | None:
    if not op.inputs:
        return None
    return Code({"x": op.inputs[0]}, function, ("x", *operands), {"memory_config": op.memory_code, **options})


def tilize(op: Recorded) -> Code | None:
    """ttnn.tilize."""
    return _one("ttnn.tilize", op, use_multicore=op.get("use_multicore").capitalize())


def tilize_padded(op: Recorded) -> Code | None:
    """ttnn.tilize_with_val_padding, to whole tiles."""
    shape = list_numbers(op.get("output_padded_shape", "output_tensor_shape"))
    if not shape or not op.inputs:
        return None
    whole = [1] * (len(op.inputs[0].shape) - len(shape)) + [*shape]
    multicore = op.get("use_multicore").capitalize()
    return _one(
        "ttnn.tilize_with_val_padding",
        op,
        str(whole),
        op.get("pad_value") or "0.0",
        use_multicore=multicore,
    )


def untilize(op: Recorded) -> Code | None:
    """ttnn.untilize."""
    return _one("ttnn.untilize", op, use_multicore=op.get("use_multicore").capitalize())


def untilize_unpadded(op: Recorded) -> Code | None:
    """ttnn.untilize_with_unpadding."""
    end = list_numbers(op.get("output_tensor_end"))
    if not end or not op.inputs:
        return None
    whole = [0] * (len(op.inputs[0].shape) - len(end)) + [*end]
    return _one("ttnn.untilize_with_unpadding", op, str(whole), use_multicore=op.get("use_multicore").capitalize())


def to_sharded(op: Recorded) -> Code | None:
    """ttnn.interleaved_to_sharded."""
    memory = op.output_memory
    if not op.inputs or memory is None or memory.shard is None:
        return None
    return Code(
        {"x": op.inputs[0]},
        "ttnn.interleaved_to_sharded",
        ("x", memory.code),
        {"output_dtype": dtype_code(op.new_dtype)},
    )


def to_interleaved(op: Recorded) -> Code | None:
    """ttnn.sharded_to_interleaved."""
    memory = op.output_memory
    if not op.inputs or memory is None:
        return None
    return Code(
        {"x": op.inputs[0]},
        "ttnn.sharded_to_interleaved",
        ("x", memory.code),
        {"output_dtype": dtype_code(op.new_dtype)},
    )


def reshard(op: Recorded) -> Code | None:
    """ttnn.reshard."""
    memory = op.output_memory
    if not op.inputs or memory is None or memory.shard is None:
        return None
    return Code({"x": op.inputs[0]}, "ttnn.reshard", ("x", memory.code), {})


def transpose(op: Recorded) -> Code | None:
    """ttnn.transpose."""
    dims = _DIMS.get(op.get("dim").rpartition("::")[2])
    return None if dims is None else _one("ttnn.transpose", op, str(dims[0]), str(dims[1]))


def permute(op: Recorded) -> Code | None:
    """ttnn.permute."""
    dims = list_numbers(op.get("dims"))
    return _one("ttnn.permute", op, str([*dims])) if dims else None


def concat(op: Recorded) -> Code | None:
    """ttnn.concat."""
    dim = op.get("dim")
    if not dim or len(op.inputs) < 2:
        return None
    tensors = {f"x{number}": tensor for number, tensor in enumerate(op.inputs, start=1)}
    return Code(tensors, "ttnn.concat", (f"[{', '.join(tensors)}]", dim), {"memory_config": op.memory_code})


def on_more_cores(op: Recorded, code: Code) -> Iterator[Variant]:
    """On several cores where it is told to use one, along the height, else in L1."""
    if code.options.get("use_multicore") == "False":
        yield Variant("use_multicore=True", code.given(use_multicore="True"), "cores")
    x = code.tensors["x"]
    if x.shape[-1] % TILE_SIDE == 0 and x.shape[-2] % TILE_SIDE == 0:
        for grid in grids(x, op.grid, ("HEIGHT_SHARDED",)):
            sharded = code.reading(x=grid.of(x)).given(use_multicore="True").put(grid.memory)
            yield Variant(grid.label, sharded, "cores")
    yield from in_l1(op, code)


_SHAPES = "other shard schemes"
_BY_OTHERS = "a reshard goes where the op after it reads what is there: try that op"
KINDS = (
    Kind("tilize", r"Tilize(?:DeviceOperation)?", tilize, "", on_more_cores, _SHAPES),
    Kind("tilize with padding", r"TilizeWithValPadding(?:DeviceOperation)?", tilize_padded, "", on_more_cores, _SHAPES),
    Kind(
        "untilize",
        r"Untilize(?:DeviceOperation)?",
        untilize,
        r"Untilize(?:Codegen)?(?:DeviceOperation)?",
        on_more_cores,
        _SHAPES,
    ),
    Kind(
        "untilize without padding",
        r"UntilizeWithUnpadding(?:DeviceOperation)?",
        untilize_unpadded,
        "",
        on_more_cores,
        _SHAPES,
    ),
    Kind(
        "interleaved to sharded",
        r"InterleavedToSharded(?:DeviceOperation)?",
        to_sharded,
        variants=nothing,
        not_tried=_BY_OTHERS,
    ),
    Kind(
        "sharded to interleaved",
        r"ShardedToInterleaved(?:DeviceOperation)?",
        to_interleaved,
        variants=nothing,
        not_tried=_BY_OTHERS,
    ),
    Kind("reshard", r"Reshard(?:DeviceOperation)?", reshard, variants=nothing, not_tried=_BY_OTHERS),
    Kind("transpose", r"Transpose(?:DeviceOperation)?", transpose),
    Kind("permute", r"Permute(?:DeviceOperation)?", permute),
    Kind("concat", r"Concat(?:DeviceOperation)?", concat),
)
