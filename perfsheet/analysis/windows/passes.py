"""Passes: how often a window runs the model, from trace replays, signposts or repetition, and how they vary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.statistics import Spread, Spreads, spread, spreads
from perfsheet.analysis.window import Window
from perfsheet.analysis.windows.periods import smallest_period, tail_periods
from perfsheet.analysis.windows.signposts import Span, marks, spans
from perfsheet.capture.table import FloatArray, IntArray

_BREAK_NS, _BREAK_FACTOR = 10_000, 10.0
"""A gap between two passes is at least 10 µs, and ten times the longest gap inside a pass."""

COLD_FACTOR = 3.0
"""A first pass with this many times the gaps of the median pass was compiling, so it is cold."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass: its ops (positions), Σ kernel time over all devices, that of the busiest device, and Σ of its gaps.

    Gaps are op-to-op latencies, in ns; the gap before the first op of each device is not counted. `cold`: the
    pass was compiling.
    """

    number: int
    positions: IntArray
    kernel_ns: float
    busiest_ns: float
    gap_ns: float
    fps: float | None
    cold: bool


@dataclass(frozen=True, eq=False)
class Passes:
    """All passes of a window, at least one, and how they were found.

    `how`: `one` (no other pass), `repeated` (the same ops again), `signposts` (regions with the same ops) or `replayed`
    (trace replays). `outside` are ops that belong to no pass, such as those before the first replay or repetition.
    `note` says why passes could not be separated, or which of several traces they belong to.
    """

    how: str
    all: tuple[Pass, ...]
    outside: IntArray
    note: str = ""

    @property
    def count(self) -> int:
        """The number of passes."""
        return len(self.all)


def passes(ops: Ops, window: Window) -> Passes:
    """Find the passes of a window: its trace replays, else whole repetitions, else regions of signposts that repeat.

    A repetition counts when it makes up the whole window and has two distinct op codes. Ops that ran once (preparing
    weights) may precede it if each pass starts with a gap that none of its other ops has: without such a gap it could
    just as well be a model with equal layers after an embedding.
    """
    of = np.zeros(len(ops), dtype=np.int64)
    if window.one_pass:
        return Passes("one", _split(ops, of, 1), np.empty(0, dtype=np.int64))
    session = ops.number("replay_session")
    if np.isfinite(session).any():
        return _replays(ops, session)
    counts: set[int] = set()
    for device in np.unique(ops.device):
        here = np.flatnonzero(ops.device == device)
        start, period = _repetition(ops, here)
        of[here] = (np.arange(len(here)) - start) // period
        of[here[:start]] = -1
        counts.add((len(here) - start) // period)
    if counts == {1} and (marked := _repeated_regions(ops, window)):
        return marked
    if len(counts) == 1:
        count = counts.pop()
        return Passes("repeated" if count > 1 else "one", _split(ops, of, count), np.flatnonzero(of < 0))
    note = "devices repeat their ops a different number of times, so passes cannot be separated"
    return Passes("one", _split(ops, np.zeros_like(of), 1), np.empty(0, dtype=np.int64), note)


def _repeated_regions(ops: Ops, window: Window) -> Passes | None:
    """Outermost signpost regions of one name with the same ops in each: passes that the user marked."""
    regions_found, _ = spans(marks(ops.table, window), len(window.rows))
    outermost = [region for region in regions_found if region.depth == 0 and region.closed]
    by_name: dict[str, list[Span]] = {}
    for region in outermost:
        by_name.setdefault(region.name, []).append(region)
    place = np.empty(len(ops.table), dtype=np.int64)
    place[window.rows] = np.arange(len(window.rows))
    at = place[ops.rows]
    for regions in sorted(by_name.values(), key=len, reverse=True):
        edges = [(int(np.searchsorted(at, region.start)), int(np.searchsorted(at, region.end))) for region in regions]
        members = [np.arange(first, last) for first, last in edges]
        if len(members) < 2 or _distinct_codes(ops, members[0]) < 2 or not _alike(ops, members):
            continue
        of = np.full(len(ops), -1, dtype=np.int64)
        for number, positions in enumerate(members):
            of[positions] = number
        return Passes("signposts", _split(ops, of, len(members)), np.flatnonzero(of < 0))
    return None


def _alike(ops: Ops, members: list[IntArray]) -> bool:
    """Whether all members have the same ops on the same devices, in the same order."""
    first = members[0]
    return all(
        len(other) == len(first)
        and (numbers(ops)[other] == numbers(ops)[first]).all()
        and (ops.device[other] == ops.device[first]).all()
        for other in members[1:]
    )


def _repetition(ops: Ops, here: IntArray) -> tuple[int, int]:
    """Where the repetition of a device's ops starts, and the length of a pass; 0 and all ops if nothing repeats."""
    sequence = numbers(ops)[here]
    period = smallest_period(sequence)
    if period < len(here) and _distinct_codes(ops, here[:period]) > 1:
        return 0, period * _layers_of_a_pass(ops, here, period)
    for tail in tail_periods(sequence):
        start = len(here) - (len(here) - tail.start) // tail.period * tail.period
        if (
            start < tail.period
            and _distinct_codes(ops, here[-tail.period :]) > 1
            and _begins_late(ops, here, tail.period)
        ):
            return start, tail.period
    return 0, len(here)


def _layers_of_a_pass(ops: Ops, here: IntArray, period: int) -> int:
    """How many equal pieces make up a pass: n if only every n-th piece starts with a long gap.

    The first n pieces are ignored, since all gaps of a first pass are long.
    """
    gaps = np.nan_to_num(ops.number("op_to_op_latency_ns")[here[::period]])
    count = len(gaps)
    long = gaps >= max(_BREAK_NS, _BREAK_FACTOR * float(np.median(gaps[count // 2 :])))
    last = np.flatnonzero(long[1:])
    if not last.size:
        return 1
    pieces = count - int(last[-1]) - 1
    regular = np.arange(count) % pieces == 0
    return pieces if count % pieces == 0 and (long[pieces:] == regular[pieces:]).all() else 1


def _distinct_codes(ops: Ops, positions: IntArray) -> int:
    return len(ops.codes.take(positions).present())


def _begins_late(ops: Ops, here: IntArray, period: int) -> bool:
    """Whether the last pass starts with a gap that is far longer than all others inside it."""
    gaps = np.nan_to_num(ops.number("op_to_op_latency_ns")[here[-period:]])
    return bool(gaps[0] >= _BREAK_NS and gaps[0] >= _BREAK_FACTOR * np.max(gaps[1:], initial=0))


def _replays(ops: Ops, session: FloatArray) -> Passes:
    """The k-th replays of all traces are a pass.

    Of traces that are replayed unequally often, those of the one with most kernel time are; the rest is outside, and so
    is what ran before any trace.
    """
    trace = np.where(np.isfinite(session), np.nan_to_num(ops.number("trace_id"), nan=-1.0), np.nan)
    ids = np.unique(trace[np.isfinite(trace)])
    replays = {float(trace_id): len(np.unique(session[trace == trace_id])) for trace_id in ids}
    note, counted = "", np.isfinite(session)
    if len(set(replays.values())) > 1:
        most = max(replays, key=lambda trace_id: float(np.nansum(ops.kernel_ns[trace == trace_id])))
        counted = trace == most
        times = ", ".join(f"trace {trace_id:g} {count} times" for trace_id, count in replays.items())
        note = f"traces are replayed unequally often ({times}): passes are the replays of trace {most:g}"
    of = np.full(len(ops), -1, dtype=np.int64)
    for trace_id in ids:
        here = counted & (trace == trace_id)
        of[here] = np.unique(session[here], return_inverse=True)[1].reshape(-1)
    return Passes("replayed", _split(ops, of, int(of.max()) + 1, replayed=True), np.flatnonzero(of < 0), note)


def _split(ops: Ops, of: IntArray, count: int, replayed: bool = False) -> tuple[Pass, ...]:
    order = np.argsort(of, kind="stable")
    members = np.split(order, np.searchsorted(of[order], np.arange(count)))[1:]
    gap_sums = [float(np.nansum(ops.gap_ns[_but_first(ops, here)])) for here in members]
    # Replayed traces have no cold pass; otherwise the first pass is cold if its gaps are far longer than the others'.
    typical = float(np.median(gap_sums[1:])) if count > 1 else np.nan
    return tuple(
        Pass(
            number=number + 1,
            positions=here,
            kernel_ns=float(np.nansum(ops.kernel_ns[here])),
            busiest_ns=busiest,
            gap_ns=gap_sums[number],
            fps=1e9 * ops.options.batch / busiest if busiest else None,
            cold=number == 0 and count > 1 and not replayed and gap_sums[0] > max(_BREAK_NS, COLD_FACTOR * typical),
        )
        for number, here in enumerate(members)
        for busiest in [_busiest(ops, here, ops.kernel_ns)]
    )


def fps_per_pass(ops: Ops, window_passes: Passes, kernel_ns: FloatArray) -> float | None:
    """10⁹ × batch × passes / Σ over the passes of the busiest device's time, given the `kernel_ns` of each op."""
    total = sum(_busiest(ops, model_pass.positions, kernel_ns) for model_pass in window_passes.all)
    return 1e9 * ops.options.batch * window_passes.count / total if total and ops.nearly_all_timed else None


def _busiest(ops: Ops, here: IntArray, kernel_ns: FloatArray) -> float:
    devices, of = np.unique(ops.device[here], return_inverse=True)
    return float(np.max(np.bincount(of.reshape(-1), np.nan_to_num(kernel_ns[here]), len(devices)), initial=0.0))


def _but_first(ops: Ops, here: IntArray) -> IntArray:
    """All but the first op of each device, since the gap before that one does not belong to the pass."""
    return np.setdiff1d(here, first_of_devices(ops, here), assume_unique=True)


def first_of_devices(ops: Ops, here: IntArray) -> IntArray:
    """The first of these positions (in execution order) on each device."""
    _, first = np.unique(ops.device[here], return_index=True)
    return np.asarray(here[first])


@dataclass(frozen=True, eq=False)
class Variation:
    """How ops vary between passes: `durations` has a row per pass and a column per op of a pass (ns, NaN = unknown).

    `positions` are the ops of the last pass, in column order; `total` is the spread of the passes' kernel time.
    """

    positions: IntArray
    durations: FloatArray
    total: Spread

    def op(self, column: int) -> Spread:
        """The spread of one op over all passes."""
        return self.spreads.at(column)

    @cached_property
    def spreads(self) -> Spreads:
        """The spread of every op, column by column."""
        return spreads(self.durations)


def variation(ops: Ops, window_passes: Passes) -> Variation | None:
    """The passes side by side; None for a single pass, and if their ops differ."""
    members = [model_pass.positions for model_pass in window_passes.all]
    last = members[-1]
    if len(members) < 2 or any(len(positions) != len(last) for positions in members):
        return None
    side_by_side = np.array(members)
    same_ops = (numbers(ops)[side_by_side] == numbers(ops)[last]).all()
    same_devices = (ops.device[side_by_side] == ops.device[last]).all()
    if not (same_ops and same_devices):
        return None
    totals = np.array([model_pass.kernel_ns for model_pass in window_passes.all])
    return Variation(last, ops.kernel_ns[side_by_side], spread(totals))
