"""Fused attention, of whole sequences and in decode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config, config
from perfsheet.trials.kinds.base import Kind, Variant, in_l1
from perfsheet.trials.recorded import Recorded


def _options(op: Recorded) -> dict[str, str]:
    return {
        "scale": op.get("scale"),
        "memory_config": op.whole_memory_code,
        "program_config": config(op.attributes, "program_config"),
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }


def build(op: Recorded) -> Code | None:
    """ttnn.transformer.scaled_dot_product_attention."""
    if len(op.inputs) < 3 or op.get("chunk_start_idx"):
        return None
    tensors = dict(zip(("q", "k", "v"), op.inputs[:3], strict=True))
    causal = op.has("is_causal")
    options = {"is_causal": str(causal)}
    if len(op.inputs) > 3 and not causal:
        tensors["mask"] = op.inputs[3]
        options["attn_mask"] = "mask"
    name = "ttnn.transformer.scaled_dot_product_attention"
    return Code(tensors, name, ("q", "k", "v"), {**options, **_options(op)})


def build_decode(op: Recorded) -> Code | None:
    """ttnn.transformer.(paged_)scaled_dot_product_attention_decode."""
    if len(op.inputs) < 3:
        return None
    tensors = dict(zip(("q", "k", "v"), op.inputs[:3], strict=True))
    whole = [tensor for tensor in op.inputs[3:] if tensor.dtype in ("INT32", "UINT32")]
    paged = op.has("paged_attention")
    options = {"is_causal": str(op.has("is_causal"))}
    operands = ["q", "k", "v"]
    if paged:
        tables = [tensor for tensor in whole if len(tensor.shape) > 1 and tensor.shape[-2] > 1] or whole[-1:]
        if not tables:
            return None
        tensors["page_table"] = replace(tables[0], shape=tables[0].shape[-2:])
        operands.append("page_table")
        whole = [tensor for tensor in whole if tensor is not tables[0]]
    if whole:
        tensors["positions"] = replace(whole[0], shape=whole[0].shape[-1:])
        options["cur_pos_tensor"] = "positions"
    name = f"ttnn.transformer.{'paged_' if paged else ''}scaled_dot_product_attention_decode"
    return Code(tensors, name, tuple(operands), {**options, **_options(op)})


CHUNKS = (256, 128, 64, 32)


def in_chunks(grid: tuple[int, int], q: int, k: int) -> str:
    """The program config of attention on a grid, in chunks of so many queries and keys."""
    return (
        f"ttnn.SDPAProgramConfig(compute_with_storage_grid_size=({grid[0]}, {grid[1]}), q_chunk_size={q}, "
        f"k_chunk_size={k}, exp_approx_mode=False)"
    )


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The whole grid with other chunk sizes, and fewer passes."""
    columns, rows = op.grid
    length = code.tensors["k"].shape[-2]
    for q in CHUNKS:
        for k in CHUNKS:
            if q <= max(length, 32) and k <= max(length, 32) and q <= k:
                config = in_chunks(op.grid, q, k)
                yield Variant(
                    f"chunks of {q} and {k} on {columns} × {rows}", code.given(program_config=config), "blocks"
                )
    kernel = code.options.get("compute_kernel_config", "")
    if "HiFi4" in kernel:
        lower = code.given(compute_kernel_config=kernel.replace("HiFi4", "HiFi2"))
        yield Variant("HiFi2", lower, "fidelity", exact=False)


KIND = Kind(
    "attention",
    r"(?:SDPA|ScaledDotProductAttention)(?:Operation|DeviceOperation)?",
    build,
    variants=variants,
    not_tried="chunks above 256, query chunks longer than those of the keys, sharded inputs",
)


def decode_variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The whole grid, with more cores to a head and other chunk sizes; else in L1."""
    columns, rows = op.grid
    for most in (16, 32):
        for chunk in (0, 128, 256, 512):
            config = (
                f"ttnn.SDPAProgramConfig(compute_with_storage_grid_size=({columns}, {rows}), q_chunk_size=0, "
                f"k_chunk_size={chunk}, exp_approx_mode=False, max_cores_per_head_batch={most})"
            )
            chunks = f"chunks of {chunk}" if chunk else "chunks that TTNN chooses"
            label = f"{columns} × {rows} cores, at most {most} to a head, {chunks}"
            yield Variant(label, code.given(program_config=config), "cores")
    yield from in_l1(op, code)


DECODE = Kind(
    "attention in decode",
    r"(?:SdpaDecode|ScaledDotProductAttentionDecode)(?:DeviceOperation)?",
    build_decode,
    variants=decode_variants,
    not_tried="query chunks, sharded inputs",
)
