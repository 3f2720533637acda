"""Writing a first budget for a capture: the limits are what it takes today."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tomlkit
from tomlkit.items import Item, Table

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import OpGroup
from perfsheet.budget.hardware import Hardware, hardware_of
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
    "pcc",
    "pcc-accumulated",
    "pcc-tests",
)
_OF_PLANS = ("least-time", "reshards", "low-core-ops", "host-ops", "l1-headroom")
_OF_PASSES = {"kernel-time-per-pass", "fps-per-pass"}
_COMMENT_COLUMN = 36
_HOW_TO_CHECK = "Check a capture with: perfsheet check CAPTURE --budget THIS-FILE"
_HELP = "Limits, units and tables: docs/budgets.md of perfsheet. Delete what should not be checked."


def first_budget(analysis: Analysis, tolerance: float) -> str:
    """The text of a budget that the capture itself keeps; `tolerance` is a fraction."""
    budget = tomlkit.document()
    captures = _quoted(", ".join(Path(path).name for path in analysis.summary.paths))
    planned = analysis.plan is not None
    budget.add(tomlkit.comment(f"{'Planned in' if planned else 'Measured on'} {captures}. {_HOW_TO_CHECK}"))
    budget.add(tomlkit.comment(_HELP))
    share = tomlkit.string(f"{100 * tolerance:g} %").comment(
        "beyond times, rates and shares; counts and PCCs have none"
    )
    share.trivia.comment_ws = "  "
    budget.add("tolerance", share)
    budget.add(tomlkit.nl())
    if hardware := _hardware(hardware_of(analysis)):
        budget.add("hardware", hardware.add(tomlkit.nl()))
    if window := _window(analysis.ops.options):
        budget.add("window", window.add(tomlkit.nl()))
    every = np.arange(len(analysis.ops))
    passes = analysis.summary.passes.counted
    wanted = _OF_PLANS if planned else _WINDOW
    keys = [key for key in wanted if key not in _OF_PASSES or passes > 1]
    of_type = ["least-time" if planned else "kernel-time"]
    budget.add("limits", _limits(analysis, keys, every))
    op_types = tomlkit.table(is_super_table=True)
    for entry in analysis.op_types:
        if entry.share >= _SMALLEST_SHARE:
            op_types.add(entry.op_code, _limits(analysis, of_type, of_kind(analysis, entry.op_code)))
    if op_types:
        budget.add(tomlkit.nl())
        budget.add("op-types", op_types)
    return budget.as_string() + _example(analysis)


def _hardware(found: Hardware) -> Table:
    """What the capture ran on: a capture of other hardware is said to be of that."""
    table = tomlkit.table()
    for key, value in (("arch", found.arch), ("boards", found.boards), ("devices", found.devices)):
        if value:
            table.add(key, value)
    return table


def _window(options: Options) -> Table:
    """The options that differ from the defaults."""
    table = tomlkit.table()
    for names, chosen, default in ((SELECTION, options.selection, Selection()), (OPTIONS, options, Options())):
        for key, name in names.items():
            value = getattr(chosen, name)
            if value != getattr(default, name):
                table.add(key, list(value) if isinstance(value, tuple) else value)
    return table


def _limits(analysis: Analysis, keys: list[str], positions: IntArray) -> Table:
    """The limits that can be measured, each with a comment on what it means."""
    table = tomlkit.table()
    for key in keys:
        limit = BY_KEY[key]
        measured = limit.measure(Scope(analysis, positions))
        if measured.value is not None and not measured.missing and _has_bound(measured.value, limit):
            item = _bound(measured.value, limit)
            item.comment(f"{'at least: ' if limit.floor else ''}{limit.about}")
            item.trivia.comment_ws = " " * max(2, _COMMENT_COLUMN - len(f"{key} = {item.as_string()}"))
            table.add(key, item)
    return table


def _has_bound(value: float, limit: Limit) -> bool:
    """Whether a value can be a limit: that two tensors are unlike each other is none."""
    return limit.unit is not Unit.PCC or value > 0


def _bound(value: float, limit: Limit) -> Item:
    """The exact value, but floors are rounded down."""
    if limit.unit is Unit.TIME:
        return tomlkit.string(exact_time(value))
    if limit.unit is Unit.SHARE:
        return tomlkit.string(f"{math.floor(1e4 * value) / 100:.2f} %")
    return tomlkit.integer(round(value)) if limit.unit is Unit.COUNT else tomlkit.float_(_rounded_down(value))


def _rounded_down(value: float) -> float:
    """Four decimals, of small rates as many significant digits."""
    size = 10.0 ** (4 - min(0, math.floor(math.log10(value)))) if value > 0 else 1.0
    return math.floor(value * size) / size


def _example(analysis: Analysis) -> str:
    """A commented-out example of limits for ops of one configuration: the largest group."""
    if not analysis.groups:
        return ""
    largest = analysis.groups[0]
    shape = shape_of(analysis.ops, int(largest.positions[0]))
    example = {
        "op-code": largest.signature.op_code,
        "shape": shape.shape,
        "layout": shape.layout,
        **_time_of(analysis, largest),
    }
    lines = [f"# {key} = {_quoted(value)}" for key, value in example.items() if value]
    return "\n".join(["", "# Ops of one shape or layout, as top-ops shows them:", "# [[ops]]", *lines, ""])


def _time_of(analysis: Analysis, group: OpGroup) -> dict[str, str]:
    known = analysis.ops.kernel_ns[group.positions]
    if np.isnan(known).all():
        return {}
    if analysis.plan is not None:
        return {"least-time": exact_time(group.kernel_ns)}
    return {"longest": exact_time(float(np.nanmax(known)))}


def _quoted(text: str) -> str:
    """A TOML string on one line."""
    return tomlkit.string(text).as_string()
