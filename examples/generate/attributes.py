"""ATTRIBUTES of each op: the C++ structs behind a TT-NN call, spelled as the profiler dumps them.

Commas stay commas here; the writer turns them into semicolons, in these cells as in all others.
"""

from __future__ import annotations

from examples.encoder_block.config import SHARD_GRID, TILE, WORKER_GRID, BlockConfig, Grid, MatmulBlocking, Variant
from examples.generate.tensors import Memory

NONE = "std::nullopt"
BF16 = "DataType::BFLOAT16"


def _grid(grid: Grid) -> str:
    return f"compute_with_storage_grid_size={grid.x}-{grid.y}"


def _kernel_config(fidelity: str, variant: Variant) -> str:
    return (
        f"ComputeKernelConfig(math_fidelity={fidelity},math_approx_mode={int(variant.sharded)},"
        f"fp32_dest_acc_en={int(not variant.sharded)},packer_l1_acc=1,dst_full_sync_en=0,"
        "throttle_level=ThrottleLevel::NO_THROTTLE)"
    )


def embedding(memory: Memory) -> dict[str, str]:
    return {
        "embeddings_type": "EmbeddingsType::GENERIC",
        "output_mem_config": memory.config_text(),
        "pad_token": NONE,
        "tilized": "false",
    }


def tilize(memory: Memory) -> dict[str, str]:
    return {
        "enough_space_height": "true",
        "enough_space_width": "true",
        "output_dtype": BF16,
        "output_mem_config": memory.config_text(),
        "sub_core_grids": NONE,
        "use_low_perf": "false",
        "use_multicore": "true",
    }


def layer_norm(config: BlockConfig, variant: Variant, memory: Memory) -> dict[str, str]:
    program = "LayerNormDefaultProgramConfig(legacy_reduction=0,use_welford=0)"
    if variant.sharded:
        width = config.hidden // TILE // SHARD_GRID.x
        height = config.seq_len // TILE // SHARD_GRID.y
        program = (
            f"LayerNormShardedMultiCoreProgramConfig({_grid(SHARD_GRID)},subblock_w={width},block_h={height},"
            f"block_w={width},inplace=0,legacy_reduction=0,use_welford=0)"
        )
    return {
        "compute_kernel_config": _kernel_config(variant.norm_fidelity, variant),
        "distributed_norm_stage": "DistributedLayerNormStage::NOT_DISTRIBUTED",
        "dtype": NONE,
        "eps": str(config.epsilon),
        "fused_activation": NONE,
        "norm_type": "LayerNormType::LAYERNORM",
        "output_mem_config": memory.config_text(),
        "program_config": program,
    }


def reshard(dtype: str, memory: Memory) -> dict[str, str]:
    common = {"output_dtype": f"DataType::{dtype}", "output_mem_config": memory.config_text()}
    direction = {"keep_l1_aligned": "false"} if memory.shard else {"num_slices": "1", "slice_index": "0"}
    return common | direction


def matmul(blocking: MatmulBlocking, variant: Variant, memory: Memory, fuse_gelu: bool) -> dict[str, str]:
    activation = "UnaryWithParam(op_type=UnaryOpType::GELU, params=[1])" if fuse_gelu else NONE
    program = (
        f"MatmulMultiCoreReuseMultiCastProgramConfig({_grid(SHARD_GRID)},in0_block_w={blocking.in0_block_w},"
        f"out_subblock_h={blocking.out_subblock_h},out_subblock_w={blocking.out_subblock_w},"
        f"out_block_h={blocking.per_core_m},out_block_w={blocking.per_core_n},per_core_M={blocking.per_core_m},"
        f"per_core_N={blocking.per_core_n},transpose_mcast=0,fused_activation={activation},fuse_batch=1,"
        f"allowed_worker_cores={NONE})"
    )
    return {
        "bcast_batch": "true",
        "compute_kernel_config": _kernel_config(variant.matmul_fidelity, variant),
        "global_cb": NONE,
        "output_dtype": BF16,
        "output_mem_config": memory.config_text(),
        "output_tile": "Tile(tile_shape={32, 32},face_shape={16, 16},num_faces=4)",
        "program_config": program,
        "sub_device_id": NONE,
        "transpose_a": "false",
        "transpose_b": "false",
        "untilize_out": "false",
        "user_core_coord": NONE,
        "user_fused_activation": NONE,
        "user_run_batched": "false",
    }


def split_heads(config: BlockConfig, memory: Memory) -> dict[str, str]:
    return {
        "head_dim": str(config.head_dim),
        "num_kv_heads": str(config.heads),
        "num_q_heads": str(config.heads),
        "output_mem_config": memory.config_text(),
        "transpose_k_heads": "false",
    }


def attention(config: BlockConfig, variant: Variant, memory: Memory) -> dict[str, str]:
    program = (
        f"SDPAProgramConfig({_grid(WORKER_GRID)},sub_core_grids={NONE},q_chunk_size={variant.q_chunk},"
        f"k_chunk_size={variant.k_chunk},exp_approx_mode={int(variant.sharded)},max_cores_per_head_batch=16)"
    )
    return {
        "chunk_start_idx": NONE,
        "compute_kernel_config": _kernel_config(variant.attention_fidelity, variant),
        "head_dim_v": NONE,
        "is_causal": "false",
        "output_mem_config": memory.config_text(),
        "program_config": program,
        "scale": str(config.scale),
        "sliding_window_size": NONE,
        "use_mla": "false",
    }


def concat_heads(memory: Memory) -> dict[str, str]:
    return {"output_mem_config": memory.config_text()}


def add(memory: Memory) -> dict[str, str]:
    return {
        "binary_op_type": "BinaryOpType::ADD",
        "compute_kernel_config": NONE,
        "dtype": BF16,
        "input_dtype": BF16,
        "is_quant_op": "false",
        "is_sfpu": "false",
        "is_where_op": "false",
        "lhs_activations": "SmallVector([])",
        "memory_config": memory.config_text(),
        "post_activations": "SmallVector([])",
        "rhs_activations": "SmallVector([])",
        "scalar": NONE,
        "sub_core_grids": NONE,
        "subtile_broadcast_type": "SubtileBroadcastType::NONE",
        "worker_grid": f"{{[(x=0,y=0) - (x={WORKER_GRID.x - 1},y={WORKER_GRID.y - 1})]}}",
    }


def gelu(memory: Memory) -> dict[str, str]:
    return {
        "bfp8_pack_precise": "false",
        "fp32_dest_acc_en": "false",
        "op_chain": "{UnaryWithParam(op_type=UnaryOpType::GELU,params=[0])}",
        "output_dtype": BF16,
        "output_memory_config": memory.config_text(),
        "preserve_fp32_precision": "false",
        "sub_core_grids": NONE,
    }
