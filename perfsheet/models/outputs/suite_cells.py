"""How a cell of the table of a suite is worded in every text output."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.models.suite.columns import Column, percent
from perfsheet.models.suite.model import ModelResult


def worded(column: Column, result: ModelResult, unknown: str = "–") -> str:
    """The cell as text; unknown is `–`."""
    value = percent(column, column.value(result))
    if column.kind == "success":
        return badge(result)
    if value is None or value == "":
        return unknown
    if isinstance(value, str):
        return value
    match column.kind:
        case "seconds":
            return _digits(value, 4)
        case "milliseconds":
            return _digits(value, 3)
        case "rate":
            return _digits(value, 4)
        case "share":
            return f"{value:.1f}"
        case "distance":
            return f"{value:+.1f}"
        case "accuracy":
            return f"{value:.6g}"
        case _:
            return f"{value:,.0f}"


def badge(result: ModelResult) -> str:
    """`✅` for a target that passed, `❌` and how it ended else."""
    if result.run_success is None:
        return "⏳ not run"
    return "✅" if result.run_success else "❌" if result.outcome == "failed" else f"❌ {result.outcome}"


def _digits(value: float, most: int) -> str:
    """At least two digits behind the point, at most `most`; thousands are grouped."""
    text = f"{round(value, most) + 0.0:,.{most}f}"  # what rounds to nothing has no sign
    while text.endswith("0") and len(text.partition(".")[2]) > 2:
        text = text[:-1]
    return text


def replayed(results: Sequence[ModelResult]) -> str:
    """Which figures were not measured in this run; blank when all were."""
    names = [result.name for result in results if result.replayed and result.capture]
    return f"Device figures of recorded captures, not of this run: {'; '.join(names)}." if names else ""
