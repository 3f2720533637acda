"""Layer norm and RMS norm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config, config, has_activation
from perfsheet.trials.kinds.base import Kind, Variant, divisors, in_l1
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.recorded import Recorded


def build(op: Recorded) -> Code | None:
    """ttnn.layer_norm or ttnn.rms_norm with the weight, the bias and the residual that it read."""
    if not op.inputs or has_activation(op):
        return None
    rest = list(op.inputs[1:])
    tensors, options = {"x": op.inputs[0]}, {}
    # A single further input of one row may be either; norms in decode have a weight, and mostly no residual.
    alone = len(rest) == 1 and op.inputs[0].shape[-2] == 1
    if rest and rest[0].shape == op.inputs[0].shape and not alone:
        residual = rest.pop(0)
        memory = op.inputs[0].memory
        if memory is not None and memory.sharded:  # TTNN takes no other
            residual = replace(residual, memory=memory)
        tensors["residual"] = residual
        options["residual_input_tensor"] = "residual"
    for name, tensor in zip(("weight", "bias"), rest, strict=False):
        tensors[name] = tensor
        options[name] = name
    function = "ttnn.rms_norm" if "RMSNORM" in op.get("norm_type") else "ttnn.layer_norm"
    options |= {
        "epsilon": op.get("eps"),
        "memory_config": op.memory_code,
        "program_config": config(op.attributes, "program_config"),
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    return Code(tensors, function, ("x",), options)


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """Sharded on more cores, in blocks or along the width; else in L1."""
    x = code.tensors["x"]
    if x.layout != "TILE":
        return
    for grid in grids(x, op.grid, ("BLOCK_SHARDED", "WIDTH_SHARDED")):
        config = (
            "ttnn.LayerNormShardedMultiCoreProgramConfig("
            f"compute_with_storage_grid_size=({grid.columns}, {grid.rows}), "
            f"subblock_w={divisors(grid.width, 4)[0]}, block_h={grid.height}, block_w={grid.width}, inplace=False)"
        )
        tensors = {name: grid.of(tensor) for name, tensor in code.tensors.items() if name in ("x", "residual")}
        sharded = code.reading(**tensors).given(program_config=config).put(grid.memory)
        yield Variant(grid.label, sharded, "cores")
    if not (x.memory and x.memory.sharded):
        yield from in_l1(op, code)


KIND = Kind(
    "layer and RMS norm",
    r"LayerNorm(?:DeviceOperation)?",
    build,
    variants=variants,
    not_tried="other block sizes, in place, statistics of several devices",
)
