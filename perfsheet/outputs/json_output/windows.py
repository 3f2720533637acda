"""Passes, layers and signposts of a window."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.capture_summary import PassSummary
from perfsheet.analysis.windows.signposts import Signpost, Signposts
from perfsheet.analysis.windows.variation import Variation
from perfsheet.outputs.json_output.parts import Json, number, percent, row, spread


def passes(found: PassSummary) -> Json:
    """The keys of `capture` about passes."""
    return {
        "passes": found.count,
        "passes_told_by": found.how,
        "ops_per_pass": number(found.ops_per_pass),
        "fps_per_pass": found.fps_per_pass,
        "pass_totals": [
            {
                "pass": one.number,
                "ops": len(one.positions),
                "kernel_duration_ns": number(one.kernel_ns),
                "gap_ns": number(one.gap_ns),
                "fps": one.fps,
                "cold": one.cold,
            }
            for one in found.all
        ],
        "pass_kernel_duration": spread(found.spread) if found.spread else None,
        "layers": [
            {
                "count": layer.count,
                "ops": list(layer.codes),
                "kernel_duration_ns": number(layer.kernel_ns),
                "share_pct": percent(layer.share),
            }
            for layer in found.layers
        ],
    }


def pass_ops(analysis: Analysis, known: Variation) -> list[Json]:
    """Every op of a pass (its row is that of the last one), and how it varies between the passes."""
    return [
        {
            "row": row(analysis.row_ref(position)),
            "op_code": analysis.ops.codes[position],
            **spread(known.op(column)),
        }
        for column, position in enumerate(known.positions.tolist())
    ]


def signposts(found: Signposts) -> Json:
    """Every signpost, the tree of regions in order (each with its depth), and what lies in none."""
    return {
        "signposts": [_signpost(one) for one in found.signposts],
        "regions": [
            {
                "name": one.name,
                "number": one.number,
                "depth": one.depth,
                "rows": [one.first_row, one.last_row],
                "ops": one.ops,
                "self_ops": one.self_ops,
                "kernel_duration_ns": number(one.kernel_ns),
                "self_kernel_duration_ns": number(one.self_ns),
                "closed": one.closed,
            }
            for one in found.regions
        ],
        "outside": {"ops": found.outside_ops, "kernel_duration_ns": number(found.outside_ns)},
        "unmatched": [_signpost(one) for one in found.unmatched],
    }


def _signpost(one: Signpost) -> Json:
    return {
        "row": one.row,
        "name": one.name,
        "host_ns": number(one.host_ns),
        "ops": one.ops,
        "kernel_duration_ns": number(one.kernel_ns),
    }
