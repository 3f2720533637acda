"""Passes: how often a window runs the model, from trace replays, signposts or repetition, and how they vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.window import Window
from perfsheet.analysis.windows.devices import devices
from perfsheet.analysis.windows.idle import inference_span_ns
from perfsheet.analysis.windows.repetition import BREAK_NS, Pieces, distinct_codes, repetition, starts_apart
from perfsheet.analysis.windows.signposts import Span, marks, spans
from perfsheet.capture.arrays import distinct, median
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

_MOST_UNTIMED = 0.01
COLD_FACTOR = 3.0
"""A first pass with this many times the gaps of the median pass was compiling, so it is cold."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass: its ops (positions), its kernel time, FPS, and Σ of its gaps.

    `kernel_ns` is that of the critical path over the devices, with `Options.per_device` Σ over all devices. Gaps are
    op-to-op latencies, in ns; the gap before the first op of each device is not counted. `cold`: the pass was
    compiling. `untimed`: how many of its ops have no usable duration.
    """

    number: int
    positions: IntArray
    kernel_ns: float
    gap_ns: float
    fps: float | None
    cold: bool
    untimed: int


@dataclass(frozen=True, eq=False)
class Passes:
    """All passes of a window, at least one, and how they were found.

    `how`: `one` (no other pass), `repeated` (the same ops again), `signposts` (regions with the same ops) or `replayed`
    (trace replays). `outside` are ops that belong to no pass: those before the first replay or repetition, passes and
    replays that lack ops, which `incomplete` names, passes with other ops, which `unlike` names, `const_eval` ops.
    `note` says why passes could not be separated, or which of several traces they belong to. `or_layers`: nothing but
    repetition tells the passes from equal layers. `after_cut`: what came before the first pass was the rest of another.
    """

    how: str
    all: tuple[Pass, ...]
    outside: IntArray
    note: str = ""
    incomplete: str = ""
    unlike: str = ""
    const_eval: int = 0
    or_layers: bool = False
    after_cut: bool = False

    @property
    def count(self) -> int:
        """The number of passes."""
        return len(self.all)

    @property
    def warm(self) -> tuple[Pass, ...]:
        """Passes whose programs an earlier one has built; replays build none."""
        return self.all if self.how == "replayed" or self.after_cut else self.all[1:]

    def typical(self) -> Pass:
        """The warm pass of median kernel time, among those with most usable durations; a single pass in any case."""
        usable = sorted(usable_of(self.warm or self.all), key=lambda run: run.kernel_ns)
        return usable[(len(usable) - 1) // 2]


def usable_of(runs: Sequence[Pass]) -> tuple[Pass, ...]:
    """Those of some passes that lack fewest durations: the kernel time of the others is too low."""
    least = min((run.untimed for run in runs), default=0)
    return tuple(run for run in runs if run.untimed == least)


def passes(ops: Ops, window: Window) -> Passes:
    """Find the passes of a window: its trace replays, else whole repetitions, else regions of signposts that repeat.

    Module repetition says what a repetition is. Const-evaluated ops belong to no pass, unless there are no others.
    """
    constant = ops.text("const_eval_op").where(lambda cell: cell.strip().lower() in ("true", "1"))
    if constant.all():
        constant = np.zeros(len(ops), dtype=np.bool_)
    found = _find(ops, np.flatnonzero(~constant), window)
    return replace(found, const_eval=int(constant.sum())) if constant.any() else found


def one_pass(ops: Ops, here: IntArray) -> Passes:
    """The ops at these positions as the only pass, the others outside of it."""
    of = np.full(len(ops), -1, dtype=np.int64)
    of[here] = 0
    return _split(ops, "one", of, 1)


def _find(ops: Ops, inference: IntArray, window: Window) -> Passes:
    if window.one_pass:
        return one_pass(ops, inference)
    if len(distinct(ops.table.run[ops.rows])) > 1:  # a second capture is no second pass: it compiles again
        return one_pass(ops, inference)
    session = ops.number("replay_session")
    if np.isfinite(session[inference]).any():
        return _replays(ops, inference, session)
    return _repetitions(ops, inference, window)


def _repetitions(ops: Ops, inference: IntArray, window: Window) -> Passes:
    """Passes by repetition of the ops on every device, else regions of signposts, else a single pass."""
    of_devices = [inference[ops.device[inference] == device] for device in distinct(ops.device[inference])]
    found = [repetition(ops, here) for here in of_devices]
    count = min((pieces.count for pieces in found), default=1)
    cut = any(pieces.is_cut for pieces in found)
    single = not cut and all(pieces.count == 1 for pieces in found)
    try_regions = single or any(pieces.by_gap for pieces in found)
    if try_regions and (marked := _repeated_regions(ops, inference, window)):
        return marked
    if single:
        return _split(ops, "one", _numbered(ops, of_devices, found, 1), 1)
    if not cut and any(pieces.count != count for pieces in found):
        note = "devices repeat their ops a different number of times, so passes cannot be separated"
        return replace(one_pass(ops, inference), note=note)
    of = _numbered(ops, of_devices, found, count)
    after_cut = any(pieces.before for pieces in found)
    apart = cut or all(starts_apart(ops, here, pieces) for here, pieces in zip(of_devices, found, strict=True))
    lacking, unlike = _other_pieces(inference, of, found) if cut else ("", "")
    runs = _split(ops, "repeated", of, count, incomplete=lacking)
    return replace(runs, unlike=unlike, or_layers=not apart, after_cut=after_cut)


def _numbered(ops: Ops, of_devices: list[IntArray], found: list[Pieces], count: int) -> IntArray:
    """The index of each op's pass, -1 = none. If a device lacks the first pass, the last `count` ones are taken."""
    of = np.full(len(ops), -1, dtype=np.int64)
    last = any(pieces.before for pieces in found)
    for here, pieces in zip(of_devices, found, strict=True):
        index = (np.arange(len(here)) - pieces.start) // pieces.period - (pieces.count - count) * last
        of[here] = np.where((index >= 0) & (index < count), index, -1)
    return of


def _other_pieces(inference: IntArray, of: IntArray, found: list[Pieces]) -> tuple[str, str]:
    """`the last pass (1,230 of 1,872 ops)`: the passes that lack ops, and those that have enough, but other ones."""
    whole = int(np.count_nonzero(of == 0))
    edges = np.flatnonzero(of[inference] >= 0)
    sizes = (int(edges[0]), len(inference) - int(edges[-1]) - 1)
    named = (("first", sizes[0], any(p.before for p in found)), ("last", sizes[1], any(p.after for p in found)))
    pieces = [(f"the {name} pass", size) for name, size, is_cut in named if is_cut and size]
    lacking = ", ".join(f"{name} ({size:,} of {whole:,} ops)" for name, size in pieces if size < whole)
    return lacking, ", ".join(f"{name} ({size:,} ops)" for name, size in pieces if size >= whole)


def _repeated_regions(ops: Ops, inference: IntArray, window: Window) -> Passes | None:
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
        members = [inference[(inference >= first) & (inference < last)] for first, last in edges]
        if len(members) < 2 or distinct_codes(ops, members[0]) < 2 or not alike(ops, members):
            continue
        of = np.full(len(ops), -1, dtype=np.int64)
        for number, positions in enumerate(members):
            of[positions] = number
        return _split(ops, "signposts", of, len(members))
    return None


def alike(ops: Ops, members: list[IntArray]) -> bool:
    """Whether all members have the same ops on the same devices, in the same order."""
    first = members[0]
    return all(
        len(other) == len(first)
        and (numbers(ops)[other] == numbers(ops)[first]).all()
        and (ops.device[other] == ops.device[first]).all()
        for other in members[1:]
    )


def _replays(ops: Ops, inference: IntArray, session: FloatArray) -> Passes:
    """The k-th replays of all traces are a pass.

    Of traces that are replayed unequally often, those of the one with most kernel time are; the rest is outside, and so
    are what ran before any trace and replays with another number of ops than most of their trace.
    """
    trace = np.full(len(ops), np.nan)
    here = inference[np.isfinite(session[inference])]
    trace[here] = np.nan_to_num(ops.number("trace_id")[here], nan=-1.0)
    ids = distinct(trace[here])
    replays = {float(trace_id): len(distinct(session[trace == trace_id])) for trace_id in ids}
    note, counted = "", np.isfinite(trace)
    if len(set(replays.values())) > 1:
        most = max(replays, key=lambda trace_id: float(np.nansum(ops.kernel_ns[trace == trace_id])))
        counted = trace == most
        times = ", ".join(f"trace {trace_id:g} × {count}" for trace_id, count in replays.items())
        note = f"traces are replayed unequally often ({times}): passes are the replays of trace {most:g}"
    of = np.full(len(ops), -1, dtype=np.int64)
    cut: list[str] = []
    incomplete: set[int] = set()
    for trace_id in distinct(trace[counted]):
        own = np.flatnonzero(counted & (trace == trace_id))
        sessions, index = np.unique(session[own], return_inverse=True)
        of[own] = index.reshape(-1)
        sizes = np.bincount(of[own])
        usual = int(np.argmax(np.bincount(sizes) + np.arange(sizes.max() + 1) / (sizes.max() + 2)))
        for odd in np.flatnonzero(sizes != usual).tolist():
            incomplete.add(odd)
            cut.append(f"replay {sessions[odd]:g} of trace {trace_id:g} ({sizes[odd]:,} of {usual:,} ops)")
    whole = np.array([number for number in range(int(of.max()) + 1) if number not in incomplete], dtype=np.int64)
    if not len(whole):  # every pass lacks some ops of one of its traces
        return _split(ops, "replayed", of, int(of.max()) + 1, note, ", ".join(cut))
    renumbered = np.full(int(of.max()) + 2, -1, dtype=np.int64)
    renumbered[whole] = np.arange(len(whole))
    return _split(ops, "replayed", renumbered[of], len(whole), note, ", ".join(cut))


def _split(ops: Ops, how: str, of: IntArray, count: int, note: str = "", incomplete: str = "") -> Passes:
    """The passes, given the index of each op's pass (-1 = none)."""
    order = np.argsort(of, kind="stable")
    members = np.split(order, np.searchsorted(of[order], np.arange(count)))[1:]
    gap_sums = [float(np.nansum(ops.gap_ns[_but_first(ops, here)])) for here in members]
    # Replayed traces have no cold pass; otherwise the first pass is cold if its gaps are far longer than the others'.
    typical = median(gap_sums[1:]) if count > 1 else np.nan
    may_be_cold = count > 1 and how != "replayed"
    runs = tuple(
        Pass(
            number=number + 1,
            positions=here,
            kernel_ns=float(np.nansum(ops.counted_ns[here])) if ops.options.per_device else inference,
            gap_ns=gap_sums[number],
            fps=ops.fps(elapsed) if untimed <= _MOST_UNTIMED * len(here) else None,
            untimed=untimed,
            cold=number == 0 and may_be_cold and gap_sums[0] > max(BREAK_NS, COLD_FACTOR * typical),
        )
        for number, here in enumerate(members)
        for untimed in [int((~ops.timed[here]).sum())]
        for inference, elapsed in [pass_times(ops, here, warm=number > 0 or how == "replayed")]
    )
    return Passes(how, runs, np.flatnonzero(of < 0), note, incomplete)


def pass_times(ops: Ops, here: IntArray, warm: bool) -> tuple[float, float]:
    """The kernel time of one inference with these ops, and the time that its FPS follow from.

    The first is that of the critical path over the devices; both are the same unless ops overlap: then FPS follow from
    the firmware cycles, and with `per_device`, when they follow from the busiest device.
    """
    if len(distinct(ops.device[here])) < 2:
        kernel = float(np.nansum(ops.counted_ns[here]))
        return kernel, inference_span_ns(ops, here, np.full(len(here), warm)) if ops.overlaps[here].any() else kernel
    aligned = devices(ops, here)
    busiest = float(np.nanmax([0.0, *(total.kernel_ns for total in aligned.totals)]))
    kernel = float(np.nansum(ops.counted_ns[here[aligned.critical]]))
    return kernel, busiest if ops.options.per_device else kernel


def _but_first(ops: Ops, here: IntArray) -> IntArray:
    """All but the first op of each device, since the gap before that one does not belong to the pass."""
    return np.setdiff1d(here, first_of_devices(ops, here), assume_unique=True)


def first_of_devices(ops: Ops, here: IntArray) -> IntArray:
    """The first of these positions (in execution order) on each device."""
    _, first = np.unique(ops.device[here], return_index=True)
    return np.asarray(here[first])
