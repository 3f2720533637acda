"""The minimal matmul, which has blocks of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.code import Code, dtype_code
from perfsheet.trials.configs import code_of, compute_kernel_config, config, has_activation, struct
from perfsheet.trials.kinds.base import Kind, Variant, divisors, in_l1
from perfsheet.trials.kinds.matmul import KIND as MATMUL
from perfsheet.trials.kinds.matmul import operands
from perfsheet.trials.kinds.matmul_configs import largest_subblock, size_of, subblock
from perfsheet.trials.kinds.matmul_sharded import dram_sharded
from perfsheet.trials.memory import core_grid
from perfsheet.trials.recorded import Recorded

_LONGEST = 16
"""Tiles of a block in one direction at most."""


def build(op: Recorded) -> Code | None:
    """ttnn.experimental.minimal_matmul."""
    if len(op.inputs) < 2 or has_activation(op):
        return None
    tensors, options = operands(op, "bias_tensor")
    options |= {
        "config": config(op.attributes, "config"),
        "memory_config": op.memory_code,
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    return Code(tensors, "ttnn.experimental.minimal_matmul", ("a", "b"), options)


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """ttnn.linear instead, also DRAM-sharded, larger blocks, in L1."""
    plain = _plain(op, code)
    yield Variant(plain.function, plain, "function", makes=MATMUL.ops)
    label = f"{plain.function} with core_grid of {op.grid[0]} × {op.grid[1]}"
    yield Variant(label, plain.given(core_grid=core_grid(*op.grid)), "function", makes=MATMUL.ops)
    for one in dram_sharded(op, plain, size_of(plain)):
        yield replace(one, label=f"{plain.function}, {one.label}", makes=MATMUL.ops)
    parsed = struct(op.get("config"))
    if parsed is not None:
        yield from _blocks(op, code, *parsed)
    yield from in_l1(op, code)


def _plain(op: Recorded, code: Code) -> Code:
    """The matmul that TTNN cuts itself, with the same operands."""
    options = {name: text for name, text in code.options.items() if name not in ("config", "bias_tensor")}
    if "bias" in code.tensors:
        options["bias"] = "bias"
    function = "ttnn.linear" if "bias" in code.tensors else "ttnn.matmul"
    output = {"dtype": dtype_code(op.output.dtype)} if op.outputs else {}
    return Code(code.tensors, function, ("a", "b"), {**options, **output})


def _blocks(op: Recorded, code: Code, name: str, members: dict[str, str]) -> Iterator[Variant]:
    """Larger blocks along K and N, those of M no larger than the height; each with the largest subblock."""
    size, largest = size_of(code), largest_subblock(code)
    now = tuple(int(members.get(key, "0") or 0) for key in _BLOCKS)
    height = min(size.height, now[0]) or 1
    for inner in divisors(size.inner, _LONGEST)[:2]:
        for width in dict.fromkeys((now[2], 2 * now[2], *divisors(size.width, _LONGEST)[:1])):
            if (height, inner, width) == now or not 0 < width <= _LONGEST:
                continue
            sub = subblock((height, width), largest)
            values = (height, inner, width, *sub)
            given = code_of(name, {**members, **dict(zip((*_BLOCKS, *_SUBBLOCKS), map(str, values), strict=True))})
            yield Variant(f"blocks of {height} × {inner} × {width} tiles", code.given(config=given), "blocks")


_BLOCKS = ("M_block_size", "K_block_size", "N_block_size")
_SUBBLOCKS = ("subblock_h", "subblock_w")
KIND = Kind(
    "minimal matmul",
    r"MinimalMatmul(?:DeviceOperation|Op)",
    build,
    variants=variants,
    not_tried="other block and subblock sizes, sharded inputs and outputs",
)
