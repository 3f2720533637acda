"""Where the time goes: op types, categories, reshards; and the verdict on the capture."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Reshards
from perfsheet.analysis.results import OpType
from perfsheet.analysis.statistics import known
from perfsheet.outputs.json_output.parts import Json, number, percent, row


def totals(analysis: Analysis) -> Json:
    """The keys of `report --json` about all ops together."""
    return {
        "op_types": [{"op_code": one.op_code, **_op_type(one)} for one in analysis.op_types],
        "categories": [_op_type(one) for one in analysis.categories],
        "reshards": _reshards(analysis, analysis.reshards),
        "checks": [
            {"id": check.id, "label": check.label, "ok": check.ok, "count": check.count, "detail": check.detail}
            for check in analysis.verdict
        ],
    }


def _op_type(one: OpType) -> Json:
    return {
        "category": one.category,
        "count": one.count,
        "kernel_duration_ns": number(one.kernel_ns),
        "share_pct": percent(known(one.share)),
        "median_ns": number(one.median_ns),
        "longest_ns": number(one.longest_ns),
        "cores": [one.cores_min, one.cores_max],
        "low_core_count": one.low_core_count,
    }


def _reshards(analysis: Analysis, found: Reshards) -> Json:
    return {
        "count": found.ops,
        "kernel_duration_ns": number(found.kernel_ns),
        "share_pct": percent(known(found.share)),
        "transitions": [
            {
                "from": one.source,
                "to": one.target,
                "count": one.ops,
                "kernel_duration_ns": number(one.kernel_ns),
                "share_pct": percent(known(one.share)),
                "back_to_back": one.back_to_back,
            }
            for one in found.transitions
        ],
        "chains": [
            {
                "ops": one.ops,
                "path": one.path,
                "length": one.length,
                "count": one.count,
                "kernel_duration_ns": number(one.kernel_ns),
                "share_pct": percent(known(one.share)),
                "first_row": row(analysis.row_ref(one.first)),
            }
            for one in found.chains
        ],
    }
