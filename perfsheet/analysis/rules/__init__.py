"""The finding rules. To add one, copy a file of this folder and name it here (CONTRIBUTING.md)."""

from perfsheet.analysis.rules import (
    collective,
    core_imbalance,
    device_skew,
    dram_sharded_matmul,
    far_from_bound,
    host_fallback,
    input_in_dram,
    launch_skew,
    layout_glue,
    low_core_count,
    math_fidelity,
    matmul_program_config,
    op_to_op_gap,
    program_cache_miss,
    repeated_work,
    reshard,
    reshard_pair,
    reshard_round_trip,
    risc_bound,
    shard_scheme,
    unfused_attention,
    weights_dtype,
)
from perfsheet.analysis.rules.base import Rule

RULES: tuple[Rule, ...] = (
    low_core_count.RULE,
    reshard.RULE,
    reshard_pair.RULE,
    reshard_round_trip.RULE,
    shard_scheme.RULE,
    layout_glue.RULE,
    host_fallback.RULE,
    math_fidelity.RULE,
    weights_dtype.RULE,
    dram_sharded_matmul.RULE,
    input_in_dram.RULE,
    matmul_program_config.RULE,
    far_from_bound.RULE,
    core_imbalance.RULE,
    launch_skew.RULE,
    risc_bound.RULE,
    op_to_op_gap.RULE,
    program_cache_miss.RULE,
    device_skew.RULE,
    collective.RULE,
    repeated_work.RULE,
    unfused_attention.RULE,
)

__all__ = ["RULES", "Rule"]
