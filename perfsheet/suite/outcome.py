"""What the results of a suite break of what is wanted of them."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.e2e import Limits
from perfsheet.suite.model import ModelResult, Suite


def breaches_of(suite: Suite, results: Sequence[ModelResult], limits: Limits | None) -> list[str]:
    """A sentence for each: inference time outside the limits (None = not checked), PCC below the least accepted."""
    found = []
    for target, result in zip(suite.targets, results, strict=True):
        time, expected = result.inference_s, result.expected_inference_s
        if limits and time is not None and expected:
            low, high = limits.lower * expected, limits.upper * expected
            if not low <= time <= high:
                what = "slower than it may be" if time > high else "faster than expected: update the target"
                found.append(f"{result.name}: inference time {time:g} s is {what} ({low:.4g} to {high:.4g} s)")
        if target.pcc is not None and result.pcc is not None and result.pcc < target.pcc:
            found.append(f"{result.name}: PCC {result.pcc:g} is below {target.pcc:g}")
    return found
