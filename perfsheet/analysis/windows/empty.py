"""The errors of windows without a device op."""

from __future__ import annotations

from perfsheet.analysis.window import Window
from perfsheet.capture.notes import rows
from perfsheet.capture.table import OpsTable, RowKind
from perfsheet.errors import NoDeviceOpError, PerfsheetError, usage


def no_device_op(table: OpsTable, window: Window, selected: bool) -> PerfsheetError:
    """The error for a window without a device op, of a capture or, if it was `selected`, of a part of one."""
    files = ", ".join(table.files)
    if selected and window.doubt:
        return usage(
            f"{files}: no device op in this window ({window.label}): {window.doubt}",
            "choose a replay with `which_pass`",
        )
    if selected:
        last = int(table.row.max(initial=1))
        return usage(
            f"{files}: no device op in this window ({window.label})",
            f"widen it: the rows of the capture are 2 to {last}, `signposts` lists its signposts",
        )
    dropped = [note.text for note in table.notes if note.dropped]
    if not len(table) and not dropped:
        return NoDeviceOpError(f"{files}: has a header but no rows", "run the profiler again and look at its log")
    kinds = table.kind[window.rows]
    counts = [
        rows(int((kinds == kind).sum()), f"{kind.name.lower().replace('_', ' ')} row")
        for kind in RowKind
        if (kinds == kind).any()
    ]
    left_out = f"look at what was left out: {'; '.join(dropped)}" if dropped else ""
    return NoDeviceOpError(
        f"{files}: no device op in the {window.label} ({', '.join(counts) or 'no rows at all'})",
        left_out or "profile a target that runs ops on a device",
    )
