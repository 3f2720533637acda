"""Ops that are far from every bound, for no reason that another rule knows."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL
from perfsheet.analysis.rules import dram_sharded_matmul, layout_glue, low_core_count, matmul_program_config, reshard
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.risc_bound import COLUMNS, KINDS
from perfsheet.analysis.rules.risc_bound import spans as spans_of_riscs
from perfsheet.analysis.speed_of_light import Bound
from perfsheet.analysis.speed_of_light.attention import is_uneven_ring

_FAR = 0.3
_LONG_NS = 5000
_SHARE = 0.001
_EXPLAINED = (
    low_core_count.RULE,
    reshard.RULE,
    layout_glue.RULE,
    matmul_program_config.RULE,
    dram_sharded_matmul.RULE,
)


def find(facts: Facts) -> Hits:
    """Below 30 % of the speed of light, 5 µs or more, a thousandth of the kernel time with those of its kind."""
    ops, light = facts.ops, facts.speed_of_light
    far = light.is_bound(Bound.NEITHER) & (light.sol < _FAR) & (ops.kernel_ns >= _LONG_NS)
    far &= ~facts.in_category(COLLECTIVE)  # the links between devices bind them, of which a capture says nothing
    far &= ~facts.of_variants([is_uneven_ring(one) for one in ops.variants.all])
    for rule in _EXPLAINED:
        far[rule.find(facts).positions] = False
    of = ops.variants.of
    of_kind = np.bincount(of, weights=np.where(far, np.nan_to_num(ops.kernel_ns), 0), minlength=len(ops.variants.all))
    positions = np.flatnonzero(far & (of_kind[of] >= _SHARE * ops.total_ns))
    return Hits(positions, ops.kernel_ns[positions] - light.min_kernel_ns[positions])


_TRY = {
    ATTENTION: "larger q_chunk_size and k_chunk_size in ttnn.SDPAProgramConfig, and exp_approx_mode",
    MATMUL: "larger blocks (in0_block_w, out_subblock_h × out_subblock_w), and its input in L1",
    CONV: "enable_act_double_buffer and enable_weights_double_buffer, another shard_layout, or a larger "
    "act_block_h_override in ttnn.Conv2dConfig",
    "normalisation": "to shard its input over the grid (a sharded program config; core_grid of ttnn.group_norm)",
    "data movement": "to drop it (let the op before put out what the op after takes), or one op in place of several: "
    "heads by ttnn.transformer.split_query_key_value_and_split_heads or ttnn.experimental.nlp_create_qkv_heads",
    "elementwise": "to shard its inputs in L1, or to fuse it into the op before (activation of ttnn.linear or "
    "ttnn.Conv2dConfig)",
    "softmax": "to shard its input, or ttnn.transformer.scaled_dot_product_attention for all of the attention",
}
_TRY_ANYTHING = "to shard its input over the grid in L1, or larger pieces a call"


def advice(facts: Facts, group: Group) -> str:
    """By kind of op, with what it uses now, and which RISC runs the longest."""
    light = facts.speed_of_light
    compute, dram = (
        100 * float(np.median(np.nan_to_num(share[group.positions]))) for share in (light.compute, light.dram)
    )
    of_compute = f"{compute:.1f} % of the compute peak and " if compute else ""
    return (
        f"Uses {of_compute}{dram:.1f} % of the DRAM bandwidth on {group.cores[-1] if group.cores else '?'} "
        f"cores{_longest_risc(facts, group)}: try {_TRY.get(group.category, _TRY_ANYTHING)}."
    )


def _longest_risc(facts: Facts, group: Group) -> str:
    """`; its reader runs 98 % of the time`, where the capture has the times."""
    spans = spans_of_riscs(facts)[:, group.positions]
    total = float(np.nansum(facts.ops.kernel_ns[group.positions]))
    sums = np.nansum(spans, axis=1)
    if not np.isfinite(spans).any() or not total:
        return ""
    longest = int(np.argmax(sums))
    return f"; its {KINDS[longest]} runs {100 * float(sums[longest]) / total:.0f} % of the time"


def evidence(facts: Facts, group: Group) -> Evidence:
    """The distance, and the time at the speed of light."""
    return {
        "sol_pct": 100 * float(np.median(facts.speed_of_light.sol[group.positions])),
        "speed_of_light_ns": float(facts.speed_of_light.min_kernel_ns[group.positions].sum()),
    }


RULE = Rule(
    id="far-from-bound",
    letter="U",
    title="Far from any bound",
    saving_formula="Σ (kernel duration − time at the speed of light)",
    find=find,
    advice=advice,
    caveat="The speed of light leaves launch, latency and everything but math and DRAM out; nothing reaches it.",
    evidence=evidence,
    columns=COLUMNS,
)
