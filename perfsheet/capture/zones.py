"""What the firmware zones of a capture say: whether rows were removed, and whether durations are in ns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.capture.arrays import distinct, median
from perfsheet.capture.notes import Note
from perfsheet.capture.order import following
from perfsheet.capture.table import FloatArray, OpsTable, RowKind
from perfsheet.errors import unusable

_SLACK_NS, _SLACK = 500.0, 0.02
"""How much longer than the recorded gap the one between two zones may be: no op is that short."""
_FEWEST = 3
"""Fewer such places may be the edges of what the profiler recorded, …"""
_HOLE, _HOLE_NS = 8.0, 1e8
"""… unless so many calls are missing there, too; a longer time may be that between two runs of a model."""
_UNITS = {"µs": 1e3, "ms": 1e6, "s": 1e9}
_LEAST_RATIO = 200.0
"""A firmware zone is at most some ten times as long as its kernel, and that for the shortest."""


def removed_rows(table: OpsTable) -> Iterator[Note]:
    """A note if ops ran between neighbouring rows: the zones are further apart there than the gap that was recorded."""
    names = ("fw_start_cycle", "fw_end_cycle", "op_to_op_latency_ns", "global_call_count")
    start, end, gap, call = (table.number(name) for name in names)
    session = np.nan_to_num(table.number("replay_session"), nan=-1.0)
    on_device = (table.kind == RowKind.DEVICE) & np.isfinite(start)
    # Where ops of sub-devices overlap, gaps do not say after which op they are.
    apart = ~np.isin(table.device, table.device[on_device & (gap < 0)])
    before, after = following(on_device & apart, table.file, table.run, table.device)
    between = (start[after] - end[before]) / _clock_ghz(table)[after]
    beyond = between - gap[after]
    longer = beyond > np.abs(gap[after]) * _SLACK + _SLACK_NS
    # The profiler gives the first op that it knows a gap of 0: what ran before that was never in the capture.
    here = longer & (gap[after] > 0) & (session[after] == session[before])
    places = after[here]
    steps = np.abs(call[after] - call[before])
    usual = median(steps[np.isfinite(steps)])
    holes = after[here & (steps > _HOLE * usual) & (beyond < _HOLE_NS)]
    for index, label in enumerate(table.files):
        own = table.row[places[table.file[places] == index]]
        if len(own) >= _FEWEST or (table.file[holes] == index).any():
            text = (
                f"{label} lacks ops that ran before {len(own):,} of its rows (the first is row {own.min()}): the "
                "firmware zones are further apart there than OP TO OP LATENCY says; were rows filtered out?"
            )
            yield Note("rows-removed", text, len(own), loses=True)


def _clock_ghz(table: OpsTable) -> FloatArray:
    """The clock of each row's device, by all of its zones."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cycles = table.number("fw_end_cycle") - table.number("fw_start_cycle")
        ghz = cycles / table.number("fw_duration_ns")
    clock = np.full(len(table), np.nan)
    for device in distinct(table.device):
        known = ghz[(table.device == device) & np.isfinite(ghz)]
        if known.size:
            clock[table.device == device] = median(known)
    return clock


def refuse_other_units(table: OpsTable) -> None:
    """Refuse durations in another unit than their header says. Raises PerfsheetError (exit status 3)."""
    kernel, zone = table.number("kernel_duration_ns"), table.number("fw_duration_ns")
    for index, label in enumerate(table.files):
        both = (table.file == index) & (kernel > 0) & (zone > 0)
        ratio = median(zone[both] / kernel[both]) if both.any() else 1.0
        if ratio > _LEAST_RATIO:
            unit = min(_UNITS, key=lambda name: abs(np.log(_UNITS[name] / ratio)))
            raise unusable(
                f"{label}, column {table.headers['kernel_duration_ns']}: the durations seem to be in {unit}, a "
                f"firmware zone is {ratio:,.0f} times as long as its kernel",
                "give them in ns, as the profiler wrote them",
            )
