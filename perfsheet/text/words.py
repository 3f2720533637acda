"""What times are called: those of a capture were measured, those of a plan are the least that an op could take."""

from __future__ import annotations

import re
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import CaptureSummary

_MEASURED = re.compile(r"(?i)(?:device )?kernel (?:duration|time)")
_SPAN, _LEAST = "first kernel start to last kernel end over all cores", "the longer of what FLOPs and DRAM bytes take"
"""What a kernel duration is, and what a least time is."""


def time(of: Analysis | CaptureSummary) -> str:
    """`kernel time`, of a plan `least time`."""
    return "kernel time" if of.plan is None else "least time"


def planned(text: str) -> str:
    """A text about kernel times, as it is called in a plan: `Σ kernel duration` is `Σ least time`."""
    return _MEASURED.sub(_in_case, text).replace(_SPAN, _LEAST)


def _in_case(found: re.Match[str]) -> str:
    """`least time`, with the capitals of what it replaces."""
    if found[0].isupper():
        return "LEAST TIME"
    return "Least time" if found[0][0].isupper() else "least time"


def planned_key(key: str) -> str:
    """The key of a plan: `kernel_duration_ns` is `least_time_ns`."""
    return key.replace("kernel_duration", "least_time")


def with_planned_keys(value: Any) -> Any:
    """A JSON value with all keys as they are called in a plan."""
    if isinstance(value, dict):
        return {planned_key(key): with_planned_keys(item) for key, item in value.items()}
    return [with_planned_keys(item) for item in value] if isinstance(value, list | tuple) else value
