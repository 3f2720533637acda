"""A first budget from a capture: what it takes today."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.budget.limits import BY_KEY, Limit, Scope, of_kind
from perfsheet.budget.quantities import Unit, exact_time
from perfsheet.budget.reading import OPTIONS, SELECTION
from perfsheet.capture.table import IntArray

_SMALLEST_SHARE = 0.01
"""Op types with a smaller share of the kernel time have no limit of their own."""
_WINDOW = (
    "kernel-time",
    "kernel-time-per-pass",
    "fps",
    "fps-per-pass",
    "utilization-grid",
    "speed-of-light",
    "reshards",
    "reshard-time",
    "low-core-time",
    "host-fallbacks",
)
_OF_PASSES = {"kernel-time-per-pass", "fps-per-pass"}


def first_budget(analysis: Analysis, tolerance: float) -> str:
    """The text of a budget that the capture itself keeps; `tolerance` is a fraction."""
    return "\n".join(_lines(analysis, tolerance)) + "\n"


def _lines(analysis: Analysis, tolerance: float) -> Iterator[str]:
    names = ", ".join(Path(path).name for path in analysis.summary.paths)
    yield f"# Measured on {_text(names)}. Check a capture with: perfsheet check CAPTURE --budget THIS-FILE"
    yield "# Limits, units and tables: docs/budgets.md of perfsheet. Delete what should not be checked."
    yield f'tolerance = "{100 * tolerance:g} %"  # beyond times, rates and shares; counts have none'
    yield from _window(analysis.ops.options)
    yield ""
    yield "[limits]"
    every = np.arange(len(analysis.ops))
    passes = analysis.summary.passes.count
    for key in _WINDOW:
        if key not in _OF_PASSES or passes > 1:
            yield from _limit(analysis, BY_KEY[key], every)
    for entry in analysis.op_types:
        if entry.share >= _SMALLEST_SHARE:
            yield ""
            yield f"[op-types.{_text(entry.op_code)}]"
            yield from _limit(analysis, BY_KEY["kernel-time"], of_kind(analysis, entry.op_code))
    yield from _example(analysis)


def _window(options: Options) -> Iterator[str]:
    """What differs from the defaults."""
    chosen = {
        **{key: getattr(options.selection, name) for key, name in SELECTION.items()},
        **{key: getattr(options, name) for key, name in OPTIONS.items()},
    }
    plain, default = Selection(), Options()
    usual = {
        **{key: getattr(plain, name) for key, name in SELECTION.items()},
        **{key: getattr(default, name) for key, name in OPTIONS.items()},
    }
    differs = {key: value for key, value in chosen.items() if value != usual[key]}
    if differs:
        yield ""
        yield "[window]"
        for key, value in differs.items():
            yield f"{key} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _limit(analysis: Analysis, limit: Limit, positions: IntArray) -> Iterator[str]:
    """The line of a limit; none where it cannot be measured."""
    measured = limit.measure(Scope(analysis, positions))
    if measured.value is not None and not measured.missing:
        floor = "at least: " if limit.floor else ""
        yield f"{f'{limit.key} = {_written(measured.value, limit)}':34}  # {floor}{limit.about}"


def _written(value: float, limit: Limit) -> str:
    """Exact, but for floors: those are rounded down."""
    if limit.unit is Unit.TIME:
        return f'"{exact_time(value)}"'
    if limit.unit is Unit.SHARE:
        return f'"{math.floor(1e4 * value) / 100:.2f} %"'
    return f"{value:.0f}" if limit.unit is Unit.COUNT else f"{_rounded_down(value)!r}"


def _rounded_down(value: float) -> float:
    """Four decimals, of small rates as many significant digits."""
    size = 10.0 ** (4 - min(0, math.floor(math.log10(value)))) if value > 0 else 1.0
    return math.floor(value * size) / size


def _example(analysis: Analysis) -> Iterator[str]:
    """How ops of one configuration are limited, with the largest group as an example."""
    if not analysis.groups:
        return
    largest = analysis.groups[0]
    told = shape_of(analysis.ops, int(largest.positions[0]))
    yield ""
    yield "# Ops of one shape or layout, as top-ops shows them:"
    yield "# [[ops]]"
    yield f"# op-code = {_text(largest.signature.op_code)}"
    if told.shape:
        yield f"# shape = {_text(told.shape)}"
    if told.layout:
        yield f"# layout = {_text(told.layout)}"
    yield f'# longest = "{exact_time(float(np.nanmax(analysis.ops.kernel_ns[largest.positions])))}"'


def _text(text: str) -> str:
    """A TOML string on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
