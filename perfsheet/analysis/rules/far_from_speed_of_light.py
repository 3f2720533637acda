"""Ops that are far from the speed of light, for no reason that another rule explains."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute, is_set, key_numbers
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, DATA_MOVEMENT, MATMUL
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules import (
    dense_depthwise,
    faster_sibling,
    layout_conversion,
    low_core_count,
    matmul_not_dram_sharded,
    matmul_program_config,
    reshard,
)
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, hits_of, pcc_today
from perfsheet.analysis.rules.matmul_program_config import blocks_are_largest
from perfsheet.analysis.rules.risc_bound import COLUMNS, RISCS, risc_spans
from perfsheet.analysis.speed_of_light import Bound
from perfsheet.analysis.speed_of_light.attention import is_uneven_ring
from perfsheet.capture.arrays import median
from perfsheet.hardware.boards import L1_BYTES
from perfsheet.hardware.data_types import TILE_SIDE

_FAR = 0.3
_LONG_NS = 5000
_SHARE = 0.001
_EXPLAINED = (
    dense_depthwise.RULE,
    faster_sibling.RULE,
    low_core_count.RULE,
    reshard.RULE,
    layout_conversion.RULE,
    matmul_program_config.RULE,
    matmul_not_dram_sharded.RULE,
)


def find(facts: Facts) -> Hits:
    """Below 30 % of the speed of light, 5 µs or more, and with identical ops a thousandth of the kernel time."""
    ops, speed_of_light = facts.ops, facts.speed_of_light
    far = speed_of_light.is_bound(Bound.NEITHER) & (speed_of_light.sol < _FAR) & (ops.kernel_ns >= _LONG_NS)
    far &= ~facts.in_category(COLLECTIVE)  # bound by the links between devices, which are not in a capture
    far &= ~facts.of_variants([is_uneven_ring(variant) for variant in ops.variants.all])
    for rule in _EXPLAINED:
        hits = hits_of(facts, rule)
        known = np.isfinite(hits.saving_ns)
        if hits.fused is not None and hits.unlike_record is not None:
            known &= ~hits.unlike_record  # what another op takes is not known of these
        far[hits.positions[known]] = False
    of = ops.variants.of
    of_kind = np.bincount(of, weights=np.where(far, np.nan_to_num(ops.kernel_ns), 0), minlength=len(ops.variants.all))
    positions = np.flatnonzero(far & (of_kind[of] >= _SHARE * ops.total_ns))
    return Hits(positions, ops.kernel_ns[positions] - speed_of_light.min_kernel_ns[positions])


_TRY = {
    "softmax": "to shard its input, or ttnn.transformer.scaled_dot_product_attention for the whole attention",
}
_TRY_ANYTHING = "to shard its input over the grid in L1, or to do more work per call"


def _matmul(facts: Facts, variant: Variant) -> str:
    """Blocks, unless they are as large as they can be."""
    if kind(variant.op_code) == "minimalmatmul":
        return (
            "larger blocks in ttnn.MinimalMatmulConfig (M_block_size no larger than the rows of tiles that it has), or "
            "ttnn.linear"
        )
    input_in_l1 = "" if variant.inputs[0].in_l1 else ", and its input in L1"
    if not blocks_are_largest(variant):
        return f"larger blocks (in0_block_w, out_subblock_h × out_subblock_w){input_in_l1}"
    if variant.inputs[1].padded and variant.inputs[1].padded[:2] != (1, 1):
        return "ttnn.MatmulMultiCoreReuseProgramConfig, which gives each core its own part of the batch"
    return f"a 2D grid (ttnn.MatmulMultiCoreReuseMultiCastProgramConfig){input_in_l1}"


def _conv(facts: Facts, variant: Variant) -> str:
    """Double buffers that are not on yet, another shard layout, larger blocks."""
    off = [name for name in _BUFFERS if not is_set(variant.attributes, name)]
    buffers = f"{' and '.join(off)}, " if off else ""
    return f"{buffers}another shard_layout, or a larger act_block_h_override in ttnn.Conv2dConfig"


_BUFFERS = ("enable_act_double_buffer", "enable_weights_double_buffer")


def _moves_data(facts: Facts, variant: Variant) -> str:
    """Another order of dimensions if rows are shorter than a tile; ops for heads where there is attention."""
    ends = [tensor.logical for tensor in (*variant.inputs[:1], *variant.outputs[:1])]
    short = min((shape[3] for shape in ends if shape is not None), default=TILE_SIDE)
    if short < TILE_SIDE:
        return f"to keep a longer dimension last: its rows of {short} are padded to tiles, or move one by one"
    heads = facts.in_category(ATTENTION, "softmax").any() and "Heads" not in variant.op_code
    several = ", or to replace several ops by one (ttnn.experimental.nlp_create_qkv_heads)" if heads else ""
    return f"to remove it (let the op before write what the op after reads){several}"


def _normalises(facts: Facts, variant: Variant) -> str:
    """A sharded input, or more cores for the shards that it has."""
    if variant.inputs[0].sharded:
        return "shards over more cores, or fewer and larger calls"
    return "to shard its input over the grid (a sharded program config; core_grid of ttnn.group_norm)"


def _attends(facts: Facts, variant: Variant) -> str:
    """Larger chunks and the approximate exponential, unless they are set."""
    config = attribute(variant.attributes, "program_config")
    sizes = [size for key in ("q_chunk_size", "k_chunk_size") for size in key_numbers(config, key)]
    large = bool(sizes) and min(sizes) >= _LARGE_CHUNK
    exact = key_numbers(config, "exp_approx_mode") != (1,)
    chunks = "" if large else "larger q_chunk_size and k_chunk_size in ttnn.SDPAProgramConfig"
    return ", and ".join(filter(None, (chunks, "exp_approx_mode" if exact else ""))) or "a lower math fidelity"


_LARGE_CHUNK = 256


def _elementwise(facts: Facts, variant: Variant) -> str:
    """Inputs in L1 where they fit and are not there, a longer row, or fusion."""
    shape = variant.outputs[0].logical if variant.outputs else None
    if shape is not None and shape[3] < TILE_SIDE and variant.outputs[0].layout == "TILE":
        return f"a longer last dimension: its rows of {shape[3]} are padded to {TILE_SIDE}"
    cores = float(np.nanmax(facts.ops.worker_cores, initial=0.0))
    fits = sum(tensor.size or 0 for tensor in variant.tensors.all) <= _ROOM * L1_BYTES * cores
    in_dram = any(tensor.in_dram for tensor in variant.tensors.all)
    shards = "to shard its inputs in L1, or " if fits and in_dram else ""
    return f"{shards}to fuse it into the op before (activation of ttnn.linear or ttnn.Conv2dConfig)"


_ROOM = 0.5
"""Part of the grid's L1 that its tensors may take."""
_TRY_BY_OP = {
    MATMUL: _matmul,
    CONV: _conv,
    DATA_MOVEMENT: _moves_data,
    ATTENTION: _attends,
    "normalisation": _normalises,
    "elementwise": _elementwise,
}


def advice(facts: Facts, group: Group) -> str:
    """By category, with the shares of the peaks and the RISC that runs longest."""
    speed_of_light = facts.speed_of_light
    peaks = {"the compute peak": speed_of_light.compute, "the DRAM bandwidth": speed_of_light.dram}
    uses = {peak: share[group.positions] for peak, share in peaks.items() if np.isfinite(share[group.positions]).any()}
    of_peaks = " and ".join(
        f"{100 * median(share[np.isfinite(share)]):.1f} % of {peak}" for peak, share in uses.items()
    )
    by_op = _TRY_BY_OP.get(group.category)
    variant = facts.variant(int(group.positions[0]))
    todo = by_op(facts, variant) if by_op else _TRY.get(group.category, _TRY_ANYTHING)
    return f"Try {todo}: it uses {of_peaks} on {_cores(facts, group)} cores{_longest_risc(facts, group)}."


def _cores(facts: Facts, group: Group) -> str:
    """`12`, `8 working`: the latter of a DRAM-sharded matmul, which counts all cores that hold a shard."""
    working = float(np.nanmax(facts.speed_of_light.working_cores[group.positions])) if group.cores else np.nan
    return "?" if np.isnan(working) else f"{working:.0f}" + (" working" if working < group.cores[-1] else "")


def _longest_risc(facts: Facts, group: Group) -> str:
    """`; its reader runs 98 % of the time`; blank when the capture does not have the times."""
    spans = risc_spans(facts)[:, group.positions]
    total = float(np.nansum(facts.ops.kernel_ns[group.positions]))
    sums = np.nansum(spans, axis=1)
    if not np.isfinite(spans).any() or not total:
        return ""
    longest = int(np.argmax(sums))
    return f"; its {RISCS[longest]} runs {100 * float(sums[longest]) / total:.0f} % of the time"


def evidence(facts: Facts, group: Group) -> Evidence:
    """The share of the speed of light, and the time at the speed of light."""
    return {
        "sol_pct": 100 * median(facts.speed_of_light.sol[group.positions]),
        "speed_of_light_ns": float(facts.speed_of_light.min_kernel_ns[group.positions].sum()),
    }


def caveat(facts: Facts, group: Group) -> str:
    """What the speed of light leaves out; what makes attention faster may cost accuracy."""
    exact = pcc_today(facts, group) if group.category == ATTENTION else ""
    return f"The speed of light counts math and DRAM traffic only, not launch or latency; no op reaches it.{exact}"


RULE = Rule(
    id="far-from-speed-of-light",
    former_id="far-from-bound",
    title="Far from speed of light",
    order=130,
    detects=(
        "ops of 5 µs or more, below 30 % of the speed of light, that with identical ops take a thousandth of the "
        "kernel time or more; not collectives, and not what dense-depthwise, faster-sibling, low-core-count, reshard, "
        "layout-conversion, matmul-program-config or matmul-not-dram-sharded explain"
    ),
    saving_formula="Σ (kernel duration − time at the speed of light)",
    needs_times=True,
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    columns=COLUMNS,
)
