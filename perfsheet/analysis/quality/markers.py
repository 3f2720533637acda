"""Whether the time stamps of the device are plausible: clock, gaps, firmware zones, ops recorded twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.ops.device_ops import LONGEST_PLAUSIBLE_NS, Ops
from perfsheet.analysis.ops.validity import after_contradicted
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.results import Check
from perfsheet.analysis.speed_of_light.peaks import measured_clock_ghz
from perfsheet.capture.arrays import distinct
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray

_LIKELY_GHZ = (0.2, 2.0)
"""AI clocks of all chips so far are 1 to 1.35 GHz, and lower in power-saving states."""
_SLACK = 1.02
"""How much the rounding of cycles to ns may add to a kernel that fills its firmware zone."""
_TICK_NS = 5.0


def clock(ops: Ops) -> Iterator[Check]:
    """Whether firmware cycles and ns give a clock that a chip can have."""
    ghz = measured_clock_ghz(ops)
    ghz = ghz[np.isfinite(ghz)]
    if not ghz.size:
        with np.errstate(divide="ignore", invalid="ignore"):
            ghz = (ops.number("fw_end_cycle") - ops.number("fw_start_cycle")) / ops.number("fw_duration_ns")
        ghz = ghz[np.isfinite(ghz)]
    if not ghz.size:
        yield Check("clock", "Clock", True, 0, "unknown: no firmware cycles and durations", brief="clock unknown")
        return
    low, high = float(ghz.min()), float(ghz.max())
    text = f"{low:.2f} GHz" if high - low < 0.01 else f"{low:,.2f} to {high:,.2f} GHz"
    fine = _LIKELY_GHZ[0] <= low and high <= _LIKELY_GHZ[1]
    yield Check(
        "clock",
        "Clock",
        fine,
        0,
        f"{text}: firmware cycles over firmware duration"
        if fine
        else f"{text} is not a clock that a chip can have: cycles or durations of the capture are wrong",
        brief=f"clock {text} impossible" if not fine else f"clock {text}" if high - low >= 0.01 else "",
    )


def markers(ops: Ops) -> Iterator[Check]:
    """Impossible gaps and firmware zones (tt-metal#48043)."""
    gaps, zones = _bad_gaps(ops), _bad_zones(ops)
    label = "Markers"
    yield row_check(
        "implausible-gap",
        label,
        gaps,
        "no gap is negative or absurdly long",
        f"{{rows}} with a negative OP TO OP LATENCY or one above {LONGEST_PLAUSIBLE_NS:.0e} ns, treated as "
        "unknown: corrupt markers, or rows that are not in device order",
    )
    yield row_check(
        "implausible-zone",
        label,
        zones,
        "every kernel lies inside its firmware zone",
        "{rows} whose kernel is longer than its firmware zone, or whose firmware zone ends before it starts: the "
        "markers may be those of another op, so its duration is doubtful",
    )
    odd = int(np.count_nonzero(gaps | zones | ops.invalid))
    brief = f"{rows(odd, 'op')} with impossible markers" if odd else "gaps and markers plausible"
    recorded = np.isfinite(ops.number("op_to_op_latency_ns")).any() or np.isfinite(ops.number("fw_duration_ns")).any()
    yield Check(
        "markers",
        label,
        True,
        odd,
        f"{odd:,} of {rows(len(ops), 'device row')} have impossible gaps or firmware zones"
        if recorded
        else "unknown: neither gaps nor firmware durations",
        brief=brief if recorded else "gaps and markers unknown",
    )
    yield row_check(
        "implausible-model",
        "PM IDEAL",
        (ops.number("pm_ideal_ns") < 0) | (ops.number("pm_ideal_ns") > LONGEST_PLAUSIBLE_NS),
        "none is negative or absurdly long",
        f"{{rows}} with a negative PM IDEAL or one above {LONGEST_PLAUSIBLE_NS:.0e} ns, treated as no model",
        repaired=True,
    )


def _bad_gaps(ops: Ops) -> BoolArray:
    gap = ops.number("op_to_op_latency_ns")
    explained = ops.overlaps | ops.invalid | after_contradicted(ops.clock, ops.invalid)
    return np.asarray(((gap < 0) | (gap > LONGEST_PLAUSIBLE_NS)) & ~explained)


def _bad_zones(ops: Ops) -> BoolArray:
    zone = ops.number("fw_duration_ns")
    backwards = ops.number("fw_end_cycle") < ops.number("fw_start_cycle")
    return np.asarray(backwards | (ops.kernel_ns > zone * _SLACK + _TICK_NS))


def runs(ops: Ops) -> Iterator[Check]:
    """Several captures in one file, one after the other."""
    table, count = ops.table, ops.table.runs
    if count == 1:
        return
    present = distinct(table.run[ops.rows]).tolist()
    if len(present) == 1:
        yield Check("runs", "Captures", True, 0, f"capture {present[0]} of the {count} in the file")
        return
    spans: list[str] = []
    for file, run in np.unique(np.stack((table.file, table.run)), axis=1).T.tolist():
        rows_of_run = table.row[(table.file == file) & (table.run == run)]
        name = f"{table.files[file]}: " if len(table.files) > 1 else ""
        spans.append(f"{name}{rows_of_run.min()}–{rows_of_run.max()}")
    listed = ", ".join(spans[:-1]) + f" and {spans[-1]}"
    text = f"{count} captures in one file (rows {listed}): `run` picks one"
    yield Check("runs", "Captures", False, count, text, True, f"{count} captures in one file")


def calls(ops: Ops) -> Iterator[Check]:
    """Calls that are recorded more than once: trace replays have a session each, files merged by mistake do not."""
    call, session = ops.number("global_call_count"), ops.number("replay_session")
    # Older captures have no columns for traces: there a replay is recognised by its time.
    trace = ops.number("trace_id" if ops.table.has("trace_id") else "fw_start_cycle")
    if not np.isfinite(call).any():
        yield Check("calls", "Call counts", True, 0, "unknown: no GLOBAL CALL COUNT", brief="call counts unknown")
        return
    where = (ops.table.run[ops.rows], ops.device, call)
    repeated = _repeats(*where)
    unexplained = _repeats(*where, np.nan_to_num(trace, nan=-1.0), np.nan_to_num(session, nan=-1.0))
    count, open_count = int(repeated.sum()), int(unexplained.sum())
    if open_count:
        text = (
            f"{rows(open_count, 'device row')} with the DEVICE ID and GLOBAL CALL COUNT of an earlier row, and no "
            "trace "
            "replay to explain it: recorded twice, or files merged? Their time counts twice"
        )
        brief = f"{rows(open_count, 'call')} recorded twice"
    elif count:
        text, brief = (
            f"{rows(count, 'device row')} repeat a call: replays of a trace",
            "repeated calls are trace replays",
        )
    else:
        text = brief = "no call recorded twice"
    yield Check("calls", "Call counts", not open_count, open_count, text, bool(open_count), brief)


def _repeats(*keys: np.ndarray) -> BoolArray:
    """Rows with the same keys as an earlier row; rows with an unknown key are never repeated."""
    order = np.lexsort(keys[::-1])
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    again = np.zeros(len(order), dtype=np.bool_)
    again[order[1:]] = same
    return again
