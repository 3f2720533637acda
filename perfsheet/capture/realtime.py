"""rt_device_perf_report.csv of the real-time profiler: durations, cycles and gaps, but no names.

Names, shapes and all else that does not depend on the run come from the ops CSV beside it, if there is one: both
profilers number the calls alike. Its times do not: they may be of another run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from perfsheet.capture.build import FileColumns
from perfsheet.capture.columns import BY_NAME, metric_column
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.sources import newest_beside
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts, compact
from perfsheet.errors import PerfsheetError

_UNNAMED, _DEVICE = "(unnamed)", "tt_dnn_device"
_DEVICES = 1 << 10
"""The low ten bits of GLOBAL CALL COUNT are the device id."""
_OF_THE_RUN = {"op_type", "global_call_count", "device_id", "trace_id", "replay_session", "eth_bw_util_pct"}
_LONGER_NS, _SHORTER_NS = 10_000, 500
"""An op that differs more from the device profiler's duration (give or take a tenth) is another one."""


def complete(part: FileColumns, path: Path | None, read: Callable[[Path], FileColumns]) -> None:
    """Add to the columns of a real-time report what an ops CSV beside it knows, and a note about both.

    `read` gives the columns of an ops CSV, or raises PerfsheetError.
    """
    part.numbers["device_id"] = _call_and_device(part)[1]
    # Dispatch measures the whole time of the program, as the firmware zone does.
    part.numbers["fw_duration_ns"] = _number(part, "kernel_duration_ns")
    part.texts["op_type"] = Texts(np.zeros(len(part.row), dtype=np.int8), [_DEVICE])
    for name in ("trace_id", "replay_session"):  # never filled: a replay is recognised by its time
        if name in part.numbers and np.isnan(part.numbers[name]).all():
            del part.numbers[name], part.headers[name]
    joined = _join(part, path, read)
    part.texts["op_code"] = part.texts["op_code"].mapped(lambda code: code if code.strip() else _UNNAMED)
    text = (
        f"{part.label} is of the real-time profiler: its durations exceed the device profiler's by up to about 8 µs of "
        f"dispatch; {joined}"
    )
    part.notes.append(Note("real-time", text, len(part.row)))


def _join(part: FileColumns, path: Path | None, read: Callable[[Path], FileColumns]) -> str:
    """Join the ops CSV beside the file, and say what came of it."""
    beside = newest_beside(path) if path else None
    if beside is None:
        return "its ops have no names, for there is no ops CSV beside it"
    try:
        ops = read(beside)
    except PerfsheetError as error:
        return f"its ops have no names, for the ops CSV beside it cannot be used ({error.message})"
    own, other = _keys(part), _keys(ops)
    if types := ops.texts.get("op_type"):
        other = np.where(types.where(lambda cell: cell.strip().lower() == _DEVICE), other, -1)
    places = np.flatnonzero(other >= 0)
    known, first = np.unique(other[places], return_index=True)
    at = np.minimum(np.searchsorted(known, own), len(known) - 1)
    source = np.where(known[at] == own, places[first][at], -1) if len(known) else np.full(len(own), -1)
    found = int(np.count_nonzero(source >= 0))
    if not found or _contradicted(part, ops, source):
        return f"its ops have no names, for {beside} is of other ops"
    _take(part, ops, source)
    return f"names, shapes and cores of {found:,} of {rows(len(own), 'op')} are those of {beside}"


def _keys(part: FileColumns) -> IntArray:
    """Call and device of each row in one number; -1 where the call is unknown."""
    call, device = _call_and_device(part)
    keys: IntArray = np.nan_to_num(call * _DEVICES + device, nan=-1.0).astype(np.int64)
    return keys


def _call_and_device(part: FileColumns) -> tuple[FloatArray, FloatArray]:
    call, device = _number(part, "global_call_count"), _number(part, "device_id")
    return call, np.where(np.isnan(device), np.mod(call, _DEVICES), device)


def _number(part: FileColumns, name: str) -> FloatArray:
    return part.numbers.get(name, np.full(len(part.row), np.nan))


def _contradicted(part: FileColumns, ops: FileColumns, source: IntArray) -> bool:
    """Whether most durations cannot be those of the ops of the same calls: the ops CSV is of another target."""
    matched = source >= 0
    own, other = _number(part, "kernel_duration_ns")[matched], _number(ops, "kernel_duration_ns")[source[matched]]
    known = np.isfinite(own) & np.isfinite(other)
    apart = (own < 0.9 * other - _SHORTER_NS) | (own > 1.1 * other + _LONGER_NS)
    return 2 * int(np.count_nonzero(apart & known)) > int(np.count_nonzero(known))


def _take(part: FileColumns, ops: FileColumns, source: IntArray) -> None:
    """Fill blank cells from the rows `source` of the ops CSV (-1 = none), except with what its run measured."""
    found = source >= 0
    for name in (*ops.numbers, *ops.texts):
        column = BY_NAME.get(name)
        measured = column.unit in ("ns", "cycles", "%") if column else metric_column(name) and not name.endswith("[B]")
        if name in _OF_THE_RUN or "bw_util" in name or (measured and not name.startswith("pm_")):
            continue
        if name in ops.numbers:
            taken, mine = np.where(found, ops.numbers[name][source], np.nan), _number(part, name)
            part.numbers[name] = np.where(np.isnan(mine), taken, mine)
        elif not any(cell.strip() for cell in part.texts.get(name, Texts.blank(0)).present()):
            cells = ops.texts[name]
            codes = np.where(found, cells.codes[source], len(cells.values)).astype(np.int32)
            part.texts[name] = Texts(compact(codes, len(cells.values) + 1), [*cells.values, ""])
        part.headers.setdefault(name, ops.headers[name])
