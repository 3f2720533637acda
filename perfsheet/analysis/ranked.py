"""One op of the ranking with everything that the outputs show of it."""

from __future__ import annotations

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.numbers import known, known_int
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.pm import corrected_utilization
from perfsheet.analysis.ranking import Ranking
from perfsheet.analysis.result import RankedOp, RowRef
from perfsheet.analysis.shape import shape_of
from perfsheet.analysis.utilization import reason_not_physical

NOT_PHYSICAL = "not-physical"


def ranked_op(facts: Facts, ranking: Ranking, index: int, row: RowRef, flags: tuple[str, ...]) -> RankedOp:
    """The op at that place of the ranking."""
    ops, light, position = facts.ops, facts.light, int(ranking.order[index])
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
        flops=known(light.flops[position]),
        dram_bytes=known(light.dram_bytes[position]),
        compute=known(light.compute[position]),
        compute_used_cores=known(light.compute_used_cores[position]),
        dram=known(light.dram[position]),
        sol=known(light.sol[position]),
        sol_unknown_reason=light.reason(position) or None,
        bound=light.bound(position).value,
        flags=flags,
        not_physical_reason=_reason(ops, position) if NOT_PHYSICAL in flags else None,
    )


def _reason(ops: Ops, position: int) -> str:
    row = int(ops.rows[position])
    bandwidth, compute = (ops.table.number(name)[row] for name in ("pm_bandwidth_ns", "pm_compute_ns"))
    return reason_not_physical(
        pm_ideal_ns=ops.pm_ideal_ns[position],
        kernel_ns=ops.kernel_ns[position],
        bandwidth_bound=bool(bandwidth >= compute),
        grid_utilization=ops.utilization_grid[position],
    )
