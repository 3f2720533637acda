"""What the tests of a target told of themselves: accuracy, latency, ops of the torch model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from perfsheet.models.suite.model import ModelResult, with_problem
from perfsheet.run import Verdict
from perfsheet.run.test_verdict import Reported

_OPS = ("torch_ops_before", "torch_ops_remain")
_LATENCY = ("latency_ms", "latency_std_ms", "latency_runs")


def with_reported(result: ModelResult, verdict: Verdict, with_latency: bool) -> ModelResult:
    """The result with what was recorded: the lowest PCC, and the ops and the latency of the last test that has some."""
    values: dict[str, Any] = {}
    timed: dict[str, dict[str, Any]] = {}
    for one in verdict.reported:
        name = one.name.lower()
        if name not in ("pcc", *_OPS, *_LATENCY):
            continue
        value = _value(name, one)
        if value is None:
            result = with_problem(result, f"{one.nodeid} reports {one.name} {one.value!r}, which is no such figure")
        elif name == "pcc":
            values["pcc"] = min(value, values.get("pcc", value))
        elif name in _LATENCY:
            timed.setdefault(one.nodeid, {})[name] = value
        else:
            values[name] = value
    if with_latency and timed:
        values |= list(timed.values())[-1]
        if len(timed) > 1:
            result = with_problem(result, f"{len(timed)} tests report a latency: that of {_last(timed)} is shown")
    return replace(result, **values)


def _last(timed: dict[str, dict[str, Any]]) -> str:
    names: Sequence[str] = list(timed)
    return names[-1]


def _value(name: str, one: Reported) -> Any:
    """A reported value as its field has it; None when it cannot be."""
    if name in _OPS:
        return f"{one.value:g}" if isinstance(one.value, float | int) else one.value
    try:
        number = float(one.value)
    except ValueError:
        return None
    if not math.isfinite(number) or (abs(number) > 1 if name == "pcc" else number < 0):
        return None
    return int(number) if name == "latency_runs" else number
