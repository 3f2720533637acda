"""From a selection to a window: by signposts, rows, devices, host ops and, last, one pass."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.ops.device_ops import device_ops
from perfsheet.analysis.options import Options, Selection, parse_id_range
from perfsheet.analysis.window import WHOLE, Window, execution_order
from perfsheet.analysis.windows.passes import passes
from perfsheet.capture.table import IntArray, OpsTable, RowKind
from perfsheet.errors import usage

_NUMBERED = re.compile(r"(.+)#(\d+)")
_NAMES_SHOWN = 8


def select(table: OpsTable, wanted: Selection, options: Options) -> Window:
    """The window of a selection. Raises PerfsheetError (exit status 2) when the capture has no such part."""
    rows = execution_order(table)
    labels: list[str] = []
    if wanted.run is not None:
        if wanted.run > table.runs:
            known = ", ".join(map(str, range(1, table.runs + 1)))
            raise usage(f"`run` {wanted.run}: the file has no such capture", f"known: {known}")
        rows = rows[table.run[rows] == wanted.run]
        labels += [f"run {wanted.run} of {table.runs}"] if table.runs > 1 else []
    if wanted.start_signpost or wanted.end_signpost:
        rows = _between(table, rows, wanted.start_signpost, wanted.end_signpost, labels)
    if wanted.id_range is not None:
        first, last = parse_id_range(wanted.id_range)
        rows = rows[(table.row[rows] >= first) & (table.row[rows] <= last)]
        labels.append(f"rows {wanted.id_range.strip()}")
    if wanted.devices:
        rows = _of_devices(table, rows, wanted.devices, labels)
    if not wanted.host_ops:
        rows = rows[~np.isin(table.kind[rows], (RowKind.HOST, RowKind.PYTHON_FALLBACK))]
        labels.append("no host ops")
    window = Window(", ".join(labels) or WHOLE, rows)
    return window if wanted.which_pass == "all" else _of_pass(table, window, str(wanted.which_pass), options)


def _between(table: OpsTable, rows: IntArray, start: str | None, end: str | None, labels: list[str]) -> IntArray:
    places = np.flatnonzero(table.kind[rows] == RowKind.SIGNPOST).tolist()
    names = [table.text("op_code")[row].strip() for row in rows[places].tolist()]
    first, after = 0, 0
    if start:
        after = _nth(names, start, 0, "start_signpost") + 1
        first = places[after - 1] + 1
        labels.append(f"after {start}")
    last = len(rows)
    if end:
        # With one name for both, the end is the second signpost of that name, as in tt-perf-report.
        numbered = _NUMBERED.fullmatch(end) if end not in names else None
        at = _nth(names, end, 0 if numbered else after, "end_signpost")
        last = places[at]
        labels.append(f"until {end}")
        if last < first:
            raise usage(
                f"`end_signpost` {end} comes before `start_signpost` {start}", "look at the order in `signposts`"
            )
    return rows[first:last]


def _nth(names: list[str], wanted: str, after: int, field: str) -> int:
    """The index of the first signpost of that name from `after` on, or of the n-th one for `NAME#n`."""
    numbered = _NUMBERED.fullmatch(wanted)
    name, number = wanted.strip(), 1
    if name not in names and numbered:
        name, number = numbered[1].strip(), int(numbered[2])
    indices = [index for index, text in enumerate(names) if text == name and index >= after]
    if 0 < number <= len(indices):
        return indices[number - 1]
    distinct = list(dict.fromkeys(names))
    listed = ", ".join(distinct[:_NAMES_SHOWN]) + (", …" if len(distinct) > _NAMES_SHOWN else "")
    where = " after the start" if after and name in names else ""
    raise usage(f"`{field}` {wanted}: no such signpost{where}", f"known: {listed or 'the capture has none'}")


def _of_devices(table: OpsTable, rows: IntArray, devices: tuple[int, ...], labels: list[str]) -> IntArray:
    ids = sorted({int(device_id) for device_id in table.device[rows] if device_id >= 0})
    for device in devices:
        if device not in ids:
            raise usage(f"`devices` {device}: no op ran on it", "known: " + ", ".join(map(str, ids)))
    labels.append(f"device{'s' if len(devices) > 1 else ''} {', '.join(map(str, devices))}")
    return rows[(table.device[rows] < 0) | np.isin(table.device[rows], devices)]


def _of_pass(table: OpsTable, window: Window, which: str, options: Options) -> Window:
    ops = device_ops(table, window, options)
    if not len(ops):
        return window
    window_passes = passes(ops, window)
    word = which.strip().lower()
    number = 1 if word == "first" else window_passes.count if word == "last" else int(word)
    if number > window_passes.count:
        raise usage(f"`which_pass` {which}: the window has {window_passes.count}", "give a lower number, or last")
    chosen = np.isin(window.rows, ops.rows[window_passes.all[number - 1].positions])
    places = np.flatnonzero(chosen)
    # Host rows and signposts between the pass's ops belong to the pass.
    span = np.zeros(len(window.rows), dtype=np.bool_)
    if places.size:
        span[places[0] : places[-1] + 1] = True
    keep = chosen | (span & (table.kind[window.rows] != RowKind.DEVICE))
    label = "" if window.label == WHOLE else f"{window.label}, "
    warm = window_passes.how == "replayed" or number > 1
    return Window(f"{label}pass {number} of {window_passes.count}", window.rows[keep], one_pass=True, warm=warm)
