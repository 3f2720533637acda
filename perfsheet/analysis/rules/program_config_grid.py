"""Ops whose own program config keeps them from using the worker grid."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import dram_readers, flatten, grid_size, list_numbers
from perfsheet.analysis.ops.categories import ATTENTION, MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import WAITS_FOR_DRAM, Evidence, Group, Hits, Rule, time_of_idle_cores
from perfsheet.analysis.siblings import MORE_CORES
from perfsheet.capture.arrays import median
from perfsheet.hardware.data_types import TILE_SIDE

_SMALL = 0.8
"""A grid, or as many blocks, below this part of the worker grid leaves out cores that could help."""
_LONG_NS = 5000


def limit(variant: Variant) -> tuple[str, int] | None:
    """What limits the cores of an op, `grid` or `blocks`, and to how many; None when its config does not say."""
    if dram_readers(variant.attributes) is not None:
        return None
    grid, blocks = grid_size(variant.attributes), _blocks(variant)
    found = [item for item in (("grid", grid), ("blocks", blocks)) if item[1]]
    return min(found, key=lambda item: item[1] or 0, default=None)  # type: ignore[return-value]


def _blocks(variant: Variant) -> int | None:
    """Output blocks of per_core_M × per_core_N tiles, each of which one core computes."""
    values = flatten(variant.attributes)
    sizes = [list_numbers(values.get(f"program_config.{name}", "")) for name in ("per_core_M", "per_core_N")]
    made = variant.outputs[0].padded if variant.outputs else None
    if made is None or not all(size and size[0] > 0 for size in sizes):
        return None
    high = math.prod(made[:3]) / TILE_SIDE if values.get("program_config.fuse_batch") != "0" else made[2] / TILE_SIDE
    return max(math.ceil(high / sizes[0][0]) * math.ceil(made[3] / TILE_SIDE / sizes[1][0]), 1)


def find(facts: Facts) -> Hits:
    """Matmul and attention of 5 µs or more that run on as many cores as their config allows, few of the grid's."""
    ops = facts.ops
    limits = [limit(variant) for variant in ops.variants.all]
    allowed = facts.figures([None if item is None else item[1] for item in limits])
    small = (allowed < _SMALL * ops.worker_cores) & (ops.cores <= allowed) & (ops.cores > _SMALL * allowed)
    low = ops.cores <= ops.worker_cores * (ops.options.low_cores_pct / 100)
    positions = np.flatnonzero(facts.in_category(MATMUL, ATTENTION) & small & ~low & (ops.kernel_ns >= _LONG_NS))
    return Hits(positions, time_of_idle_cores(facts, positions))


def advice(facts: Facts, group: Group) -> str:
    """By what limits it."""
    found = limit(facts.variant(int(group.positions[0])))
    assert found is not None
    what, cores = found
    if what == "grid":
        return (
            f"Its program config has a grid of {cores} cores, the device {group.worker_cores}: try a "
            "compute_with_storage_grid_size that covers the device's (device.compute_with_storage_grid_size())."
        )
    return (
        f"Its per_core_M and per_core_N cut the output into {cores} blocks for {group.worker_cores} cores: try smaller "
        "ones, so that every core has a block."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The cores that the config allows, and the grid."""
    found = limit(facts.variant(int(group.positions[0])))
    assert found is not None
    return {"limited_by": found[0], "allowed_cores": found[1], "worker_cores": group.worker_cores or 0}


def caveat(facts: Facts, group: Group) -> str:
    """What more cores may not help with."""
    share = median(facts.speed_of_light.dram[group.positions])
    if share >= WAITS_FOR_DRAM:
        return f"It reads at {100 * share:.1f} % of the DRAM peak: more cores don't make that faster."
    return "Smaller blocks read their inputs more often."


RULE = Rule(
    id="program-config-grid",
    title="Program config grid",
    order=125,
    detects=(
        "matmul or attention of 5 µs or more whose program config allows fewer than 80 % of the worker grid's cores, "
        "by its grid or by the blocks of per_core_M × per_core_N, and that uses these; not low core counts"
    ),
    saving_formula="Σ kernel duration × (1 − core count / worker grid)",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    settings=(MORE_CORES,),
)
