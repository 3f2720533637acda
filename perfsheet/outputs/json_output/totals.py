"""Where the time goes: op types, categories, reshards; and the verdict on the capture."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Reshards
from perfsheet.analysis.statistics import known
from perfsheet.outputs.json_output.parts import Json, number, percent
from perfsheet.tables import Rows
from perfsheet.tables.quality import CHECKS
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.totals import OP_TYPES


def totals(analysis: Analysis) -> Json:
    """The keys of `report --json` about all ops together."""
    return {
        "op_types": OP_TYPES.records(Rows(analysis, analysis.op_types)),
        "categories": [_without_code(record) for record in OP_TYPES.records(Rows(analysis, analysis.categories))],
        "reshards": _reshards(analysis, analysis.reshards),
        "checks": CHECKS.records(analysis.verdict),
    }


def _without_code(record: Json) -> Json:
    return {key: value for key, value in record.items() if key != "op_code"}


def _reshards(analysis: Analysis, reshards: Reshards) -> Json:
    return {
        "count": reshards.ops,
        "kernel_duration_ns": number(reshards.kernel_ns),
        "share_pct": percent(known(reshards.share)),
        "transitions": TRANSITIONS.records(reshards.transitions),
        "chains": CHAINS.records(Rows(analysis, reshards.chains)),
    }
