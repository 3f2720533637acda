"""Passes, layers and signposts of a window."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import PassSummary
from perfsheet.analysis.windows.passes import Variation
from perfsheet.analysis.windows.signposts import Signposts
from perfsheet.outputs.json_output.parts import Json, number, percent, row, spread
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS


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
        "signposts": SIGNPOSTS.records(found.signposts),
        "regions": REGIONS.records(found.regions),
        "outside": {"ops": found.outside_ops, "kernel_duration_ns": number(found.outside_ns)},
        "unmatched": SIGNPOSTS.records(found.unmatched),
    }
