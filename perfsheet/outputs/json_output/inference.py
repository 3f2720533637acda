"""`perfsheet summary --json`."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.breakdown.inference import InferenceSummary
from perfsheet.outputs.json_output.parts import Json, head
from perfsheet.tables import Rows
from perfsheet.tables.causes import CAUSES
from perfsheet.tables.causes import causes as causes_of
from perfsheet.tables.inference import REGION_TIMES, TIMINGS
from perfsheet.tables.kinds import number, percent
from perfsheet.text.causes import verdict
from perfsheet.text.inference import limitations


def summary(analysis: Analysis, found: InferenceSummary) -> Json:
    """The capture, the workload, the times of one inference, the roofline, and what limits the figures."""
    workload, token = found.workload, found.roofline_per_token
    return {
        **head(analysis),
        "workload": {
            "phase": workload.phase.value if workload.phase else None,
            "batch": number(workload.batch),
            "tokens": number(workload.tokens),
        },
        "times": TIMINGS.records(Rows(found, found.timings)),
        "roofline": {
            "ns": number(found.roofline_ns),
            "known_pct": percent(found.roofline_share),
            "unmodelled_ns": number(found.unmodelled_ns),
            "bound": found.bound,
            "ms_per_token": None if token is None else token.ms_per_token,
            "tokens_per_s_user": None if token is None else token.tokens_per_s_user,
        },
        "off_device_ns": number(found.off_device_ns),
        "off_device_pct": percent(found.off_device_share),
        "regions": REGION_TIMES.records(Rows(found, found.regions)),
        "verdict": verdict(analysis),
        "causes": CAUSES.records(causes_of(analysis, _CAUSES)),
        "limitations": limitations(analysis, found),
    }


_CAUSES = 3
