"""Passes, layers and signposts of a window."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.passes import Variation
from perfsheet.analysis.windows.signposts import Signposts
from perfsheet.outputs.json_output.parts import Json, number, spread
from perfsheet.tables import Rows
from perfsheet.tables.passes import LAYERS, PASS_OPS, PASSES
from perfsheet.tables.passes import pass_ops as every_pass_op
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS


def passes(analysis: Analysis) -> Json:
    """The keys of `capture` about passes."""
    summary = analysis.summary.passes
    return {
        "passes": summary.count,
        "passes_told_by": summary.how,
        "ops_per_pass": number(summary.ops_per_pass),
        "fps_per_pass": summary.fps_per_pass,
        "pass_totals": PASSES.records(summary.all),
        "pass_kernel_duration": spread(summary.spread) if summary.spread else None,
        "layers": LAYERS.records(Rows(analysis, summary.layers)),
    }


def pass_ops(analysis: Analysis, variation: Variation) -> list[Json]:
    """Every op of a pass (its row is that of the last one), and how it varies between the passes."""
    return PASS_OPS.records(every_pass_op(analysis, variation))


def signposts(signposts: Signposts) -> Json:
    """Every signpost, the tree of regions in order (each with its depth), and what lies in none."""
    return {
        "signposts": SIGNPOSTS.records(signposts.signposts),
        "regions": REGIONS.records(signposts.regions),
        "outside": {"ops": signposts.outside_ops, "kernel_duration_ns": number(signposts.outside_ns)},
        "unmatched": SIGNPOSTS.records(signposts.unmatched),
    }
