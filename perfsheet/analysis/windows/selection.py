"""From a selection to a window: by signposts, rows, devices and host ops. The pass is chosen in scope.py."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.options import Selection, parse_id_range
from perfsheet.analysis.window import WHOLE, Window, execution_order, replays_out_of_order
from perfsheet.capture.table import IntArray, OpsTable, RowKind
from perfsheet.errors import usage

_NUMBERED = re.compile(r"(.+)#(\d+)")
_NAMES_SHOWN = 8
_OUT_OF_ORDER = (
    "rows are not in device order: replayed ops carry the host time at which their trace was captured, so signposts "
    "cannot bound them"
)


def select(table: OpsTable, wanted: Selection) -> Window:
    """The window of a selection. Raises PerfsheetError (exit status 2) when the capture has no such part."""
    rows = execution_order(table)
    labels: list[str] = []
    doubt = ""
    if wanted.run is not None:
        if wanted.run > table.runs:
            known = ", ".join(map(str, range(1, table.runs + 1)))
            raise usage(f"`run` {wanted.run}: the file has no such capture", f"known: {known}")
        rows = rows[table.run[rows] == wanted.run]
        labels += [f"run {wanted.run} of {table.runs}"] if table.runs > 1 else []
    if wanted.start_signpost or wanted.end_signpost:
        doubt = _OUT_OF_ORDER if replays_out_of_order(table) else ""
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
    return Window(", ".join(labels) or WHOLE, rows, doubt=doubt)


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
