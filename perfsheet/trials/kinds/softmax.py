"""Softmax."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.kinds.base import Kind, Variant, divisors, in_l1
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.recorded import Recorded


def build(op: Recorded) -> Code | None:
    """ttnn.softmax; masked and scaled ones are functions of their own."""
    if len(op.inputs) != 1 or op.get("scale"):
        return None
    options = {
        "dim": op.get("dim") or "-1",
        "memory_config": op.memory_code,
        "compute_kernel_config": compute_kernel_config(op.attributes),
        "numeric_stable": op.get("numeric_stable").capitalize(),
    }
    return Code({"x": op.inputs[0]}, "ttnn.softmax", ("x",), options)


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """Height-sharded on more cores, in place, with a program config; else in L1."""
    x = code.tensors["x"]
    if x.layout == "TILE" and code.options["dim"] in ("-1", str(len(x.shape) - 1)):
        options = {name: text for name, text in code.options.items() if name not in ("dim", "memory_config")}
        for grid in grids(x, op.grid, ("HEIGHT_SHARDED", "BLOCK_SHARDED")):
            config = (
                "ttnn.SoftmaxShardedMultiCoreProgramConfig("
                f"compute_with_storage_grid_size=({grid.columns}, {grid.rows}), "
                f"subblock_w={divisors(grid.width, 4)[0]}, block_h={grid.height}, block_w={grid.width})"
            )
            given = {**options, "program_config": config}
            sharded = Code({"x": grid.of(x)}, "ttnn.softmax_in_place", ("x",), given, output=grid.memory)
            yield Variant(f"{grid.label}, in place", sharded, "cores", moved=2)
    yield from in_l1(op, code)


KIND = Kind(
    "softmax",
    r"Softmax(?:DeviceOperation)?",
    build,
    variants=variants,
    not_tried="other block sizes, with a scale and a mask in the same op",
)
