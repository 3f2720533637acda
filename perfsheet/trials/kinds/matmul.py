"""Matmul and linear: plain, batched, sharded and DRAM-sharded."""

from __future__ import annotations

from dataclasses import replace

from perfsheet.analysis.ops.attributes import list_numbers
from perfsheet.trials.code import Code, dtype_code
from perfsheet.trials.configs import compute_kernel_config, config, has_activation
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.kinds.matmul_variants import variants
from perfsheet.trials.memory import core_grid
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor


def build(op: Recorded) -> Code | None:
    """ttnn.linear with a bias or an activation, else ttnn.matmul."""
    if len(op.inputs) < 2 or not op.outputs or has_activation(op):
        return None
    tensors, options = operands(op, "bias")
    program = config(op.attributes, "program_config")
    options |= {
        "transpose_a": "True" if op.has("transpose_a") else "",
        "transpose_b": "True" if op.has("transpose_b") else "",
        "memory_config": op.memory_code,
        "dtype": dtype_code(op.output.dtype),
        "program_config": program,
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    if not program and (grid := list_numbers(op.get("user_core_coord"))):
        columns, rows = grid[:2]
        options["core_grid"] = core_grid(columns, rows)
    function = "ttnn.linear" if "bias" in options else "ttnn.matmul"
    return Code(tensors, function, ("a", "b"), options)


def operands(op: Recorded, option: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Both factors, and the bias as this option if there is one.

    The bias is of one row: captures without logical extents have that of a tile.
    """
    tensors = dict(zip(("a", "b", "bias"), op.inputs, strict=False))
    if "bias" not in tensors:
        return tensors, {}
    shape = tensors["bias"].shape
    tensors["bias"] = replace(tensors["bias"], shape=(*shape[:-2], 1, shape[-1]))
    return tensors, {option: "bias"}


KIND = Kind(
    "matmul and linear",
    r"Matmul(?:DeviceOperation)?",
    build,
    variants=variants,
    not_tried="other block and subblock sizes, more than one shard scheme at a time",
)
