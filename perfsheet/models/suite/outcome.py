"""What the results of a suite break of what is wanted of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perfsheet.models.e2e import Limits
from perfsheet.models.suite.model import ModelResult


def judged(results: Sequence[ModelResult], limits: Limits | None) -> list[ModelResult]:
    """The results, each with what it breaches: inference time outside the limits (None = not checked), PCC too low."""
    return [replace(result, breaches=tuple(_breaches(result, limits))) for result in results]


def _breaches(result: ModelResult, limits: Limits | None) -> list[str]:
    found = []
    time, expected = result.inference_s, result.expected_inference_s
    allowed = limits.outside(time, expected) if limits and time is not None and expected else None
    if allowed:
        what = "slower than it may be" if time and time > allowed[1] else "faster than expected: update the target"
        found.append(f"inference time {time:g} s is {what} ({allowed[0]:.4g} to {allowed[1]:.4g} s)")
    if result.least_pcc is not None and result.pcc is not None and result.pcc < result.least_pcc:
        found.append(f"PCC {result.pcc:g} is below {result.least_pcc:g}")
    return found
