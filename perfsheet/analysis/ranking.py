"""Ops ranked by device kernel duration. Op-to-op gaps have no part in it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.ops.signature import by_signature
from perfsheet.analysis.ops.utilization import reason_not_physical
from perfsheet.analysis.results import OpGroup, RankedOp, RowRef
from perfsheet.analysis.speed_of_light.profiler_model import corrected_utilization
from perfsheet.analysis.statistics import known, known_int, known_ints
from perfsheet.capture.arrays import median
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Ranking:
    """`order`: positions of the timed ops, longest first, equal ones in execution order.

    `share` and `cumulative` (fractions of the kernel time) stand beside `order`, entry by entry. What runs beside a
    longer op has no share.
    """

    order: IntArray
    share: FloatArray
    cumulative: FloatArray


def rank(ops: Ops) -> Ranking:
    """Rank all ops that have a kernel duration."""
    timed = np.flatnonzero(ops.timed)
    order = timed[np.argsort(-ops.kernel_ns[timed], kind="stable")]
    return Ranking(order, *shares(ops.counted_ns[order], ops.total_ns))


def shares(kernel_ns: FloatArray, total_ns: float) -> tuple[FloatArray, FloatArray]:
    """Share and cumulative share of a total, as fractions; NaN when the total is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return kernel_ns / total_ns, np.nancumsum(kernel_ns) / total_ns


def group(ops: Ops, ranking: Ranking) -> list[OpGroup]:
    """Identical ops together, ranked by the sum of their kernel durations."""
    in_order = np.sort(ranking.order)
    members = {signature: in_order[places] for signature, places in by_signature(ops, in_order.tolist()).items()}
    sums = {signature: float(np.nansum(ops.kernel_ns[positions])) for signature, positions in members.items()}
    ranked = sorted(members, key=lambda signature: -sums[signature])
    exposed = np.array([np.nansum(ops.counted_ns[members[signature]]) for signature in ranked])
    share, cumulative = shares(exposed, ops.total_ns)
    return [
        OpGroup(
            rank=index + 1,
            signature=signature,
            positions=members[signature],
            kernel_ns=sums[signature],
            median_ns=median(ops.kernel_ns[members[signature]]),
            share=float(share[index]),
            cumulative=float(cumulative[index]),
            cores=known_ints(ops.cores[members[signature]]),
        )
        for index, signature in enumerate(ranked)
    ]


NOT_PHYSICAL = "not-physical"


def ranked_op(facts: Facts, ranking: Ranking, index: int, row: RowRef, flags: tuple[str, ...]) -> RankedOp:
    """The op at that place of the ranking."""
    ops, speed_of_light, position = facts.ops, facts.speed_of_light, int(ranking.order[index])
    shape = shape_of(ops, position)
    return RankedOp(
        rank=index + 1,
        position=position,
        row=row,
        op_code=ops.codes[position],
        shape=shape.shape,
        layout=shape.layout,
        device=int(ops.device[position]),
        core_count=known_int(ops.cores[position]),
        worker_cores=known_int(ops.worker_cores[position]),
        kernel_ns=float(ops.kernel_ns[position]),
        share=float(ranking.share[index]),
        cumulative=float(ranking.cumulative[index]),
        pm_ideal_ns=known(ops.pm_ideal_ns[position]),
        utilization=known(ops.utilization[position]),
        utilization_grid=known(ops.utilization_grid[position]),
        utilization_corrected=known(corrected_utilization(ops)[position]),
        flops=known(speed_of_light.flops[position]),
        dram_bytes=known(speed_of_light.dram_bytes[position]),
        compute=known(speed_of_light.compute[position]),
        compute_used_cores=known(speed_of_light.compute_used_cores[position]),
        dram=known(speed_of_light.dram[position]),
        sol=known(speed_of_light.sol[position]),
        sol_unknown_reason=speed_of_light.reason(position) or None,
        bound=speed_of_light.bound(position).value,
        flags=flags,
        not_physical_reason=why_not_physical(ops, position) if NOT_PHYSICAL in flags else None,
    )


def why_not_physical(ops: Ops, position: int) -> str:
    """Why a utilization of an op is above 100 %."""
    row = int(ops.rows[position])
    bandwidth, compute = (ops.table.number(name)[row] for name in ("pm_bandwidth_ns", "pm_compute_ns"))
    return reason_not_physical(
        pm_ideal_ns=ops.pm_ideal_ns[position],
        kernel_ns=ops.kernel_ns[position],
        bandwidth_bound=bool(bandwidth >= compute),
        grid_utilization=ops.utilization_grid[position],
    )
