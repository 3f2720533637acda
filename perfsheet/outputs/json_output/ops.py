"""Ops of the ranking, alone and identical ones together."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import OpGroup, RankedOp
from perfsheet.outputs.json_output.parts import Json, number, percent, row, rows


def op(op: RankedOp) -> Json:
    """One op of the ranking."""
    return {
        "rank": op.rank,
        "row": row(op.row),
        "op_code": op.op_code,
        "shape": op.shape or None,
        "layout": op.layout or None,
        "global_call_count": op.row.global_call_count,
        "device_id": op.device,
        "core_count": op.core_count,
        "worker_cores": op.worker_cores,
        "kernel_duration_ns": number(op.kernel_ns),
        "share_pct": percent(op.share),
        "cumulative_pct": percent(op.cumulative),
        "pm_ideal_ns": number(op.pm_ideal_ns),
        "utilization_pct": percent(op.utilization),
        "utilization_grid_pct": percent(op.utilization_grid),
        "utilization_corrected_pct": percent(op.utilization_corrected),
        "flops": number(op.flops),
        "dram_bytes": number(op.dram_bytes),
        "compute_pct": percent(op.compute),
        "compute_used_cores_pct": percent(op.compute_used_cores),
        "dram_pct": percent(op.dram),
        "sol_pct": percent(op.sol),
        "sol_unknown_reason": op.sol_unknown_reason,
        "bound": op.bound,
        "flags": list(op.flags),
        "not_physical_reason": op.not_physical_reason,
    }


def group(analysis: Analysis, group: OpGroup) -> Json:
    """Ops of one configuration."""
    return {
        "rank": group.rank,
        "op_code": group.signature.op_code,
        "signature": group.signature.text,
        "count": group.count,
        "cores": list(group.cores),
        "kernel_duration_ns": number(group.kernel_ns),
        "median_ns": number(group.median_ns),
        "share_pct": percent(group.share),
        "cumulative_pct": percent(group.cumulative),
        "rows": rows(analysis, group.positions),
    }
