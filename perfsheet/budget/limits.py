"""Every limit that a budget can set, a line each: what it measures, in which unit, over which ops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known, ratio
from perfsheet.analysis.summary import PassSummary
from perfsheet.analysis.time_split import IDLE
from perfsheet.analysis.windows.idle import idle_before
from perfsheet.budget.quantities import Unit
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, RowKind
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import lowest


@dataclass(frozen=True, eq=False)
class Scope:
    """The ops that a limit is about: positions among the ops of the analysis."""

    analysis: Analysis
    positions: IntArray


@dataclass(frozen=True, eq=False)
class Measured:
    """A measured value, None = unknown, and the rows of the table that prove it.

    `missing`: ops without a usable kernel duration, whose time is missing in the value.
    """

    value: float | None
    rows: IntArray
    missing: int = 0


@dataclass(frozen=True)
class Limit:
    """A limit by its key in the file. A `floor` must be reached, other limits must not be exceeded.

    `of_ops`: it can also be set for an op type and for single ops. `about` describes it.
    """

    key: str
    unit: Unit
    measure: Callable[[Scope], Measured]
    about: str
    floor: bool = False
    of_ops: bool = False


def of_kind(analysis: Analysis, op_code: str) -> IntArray:
    """Positions of the ops of this kind, whatever the build calls them."""
    wanted = kind(op_code)
    return np.flatnonzero(analysis.ops.where_code(lambda code: kind(code) == wanted))


def _of(scope: Scope, value: float | None) -> Measured:
    return Measured(value, scope.analysis.ops.rows[scope.positions])


def _missing(scope: Scope) -> int:
    return int(scope.analysis.facts.untimed[scope.positions].sum())


def _time(scope: Scope, value: float | None) -> Measured:
    """A value that follows from kernel durations, all of which are needed."""
    return Measured(value, scope.analysis.ops.rows[scope.positions], _missing(scope))


def _kernel_time(scope: Scope) -> Measured:
    """Σ kernel duration; of all ops where some overlap, the time in which any of them runs, as in the headline."""
    ops = scope.analysis.ops
    if ops.planned:
        return _of(scope, None)
    whole = len(scope.positions) == len(ops)
    times = ops.counted_ns if whole else ops.kernel_ns[scope.positions]
    unknown = bool(len(times)) and not np.isfinite(times).any()
    return _time(scope, None if unknown else float(np.nansum(times)))


def _least_time(scope: Scope) -> Measured:
    """Σ least time of the ops of a plan, as far as it is known; unknown for a capture."""
    ops = scope.analysis.ops
    times = ops.kernel_ns[scope.positions]
    known_of_any = ops.planned and (not len(times) or bool(np.isfinite(times).any()))
    return _of(scope, float(np.nansum(times)) if known_of_any else None)


def _l1_headroom(scope: Scope) -> Measured:
    """The least part of an L1 bank that an op leaves free, by the graph report; unknown without one."""
    graph, positions = scope.analysis.graph, scope.positions
    if graph is None or not graph.memory.bank_bytes:
        return _of(scope, None)
    free = graph.memory.headroom[positions]
    known_at = np.flatnonzero(np.isfinite(free))
    if not known_at.size:
        return _of(scope, None)
    place = known_at[int(np.argmin(free[known_at]))]
    return Measured(max(0.0, float(free[place])) / graph.memory.bank_bytes, scope.analysis.ops.rows[positions[[place]]])


def _gap_time(scope: Scope) -> Measured:
    """The idle time before the ops: that of the whole window, as in the time split; of some ops their own gaps.

    Unknown if the gap of an op is.
    """
    analysis, positions = scope.analysis, scope.positions
    if analysis.ops.planned:
        return _of(scope, None)
    if len(positions) == len(analysis.ops):
        split = analysis.summary.time_split
        unknown = not split.parts or split.unknown_gaps
        return _of(scope, None if unknown else split.group(IDLE))
    gaps = _gaps(scope)
    return _of(scope, float(gaps.sum()) if np.isfinite(gaps).all() else None)


def _gaps(scope: Scope) -> FloatArray:
    """The idle time before each op, 0 for the first of a device; NaN = unknown."""
    ops = scope.analysis.ops
    return idle_before(ops, np.arange(len(ops)))[scope.positions]


def _gap_share(scope: Scope) -> Measured:
    """The idle part of the elapsed device time."""
    split, gap = scope.analysis.summary.time_split, _gap_time(scope)
    return replace(gap, value=known(ratio(gap.value, split.elapsed_ns)) if gap.value is not None else None)


def _longest_gap(scope: Scope) -> Measured:
    gaps = _gaps(scope)
    if scope.analysis.ops.planned or not gaps.size or not np.isfinite(gaps).all():
        return _of(scope, None)
    place = int(np.argmax(gaps))
    return Measured(float(gaps[place]), scope.analysis.ops.rows[scope.positions[[place]]])


def _longest(scope: Scope) -> Measured:
    times = scope.analysis.ops.kernel_ns[scope.positions]
    if scope.analysis.ops.planned:
        return _of(scope, None)
    known_at = np.flatnonzero(np.isfinite(times))
    if not known_at.size:
        return _time(scope, None if len(times) else 0.0)
    place = known_at[int(np.argmax(times[known_at]))]
    return Measured(float(times[place]), scope.analysis.ops.rows[scope.positions[[place]]], _missing(scope))


def _count(scope: Scope) -> Measured:
    return _of(scope, float(len(scope.positions)))


def _weighted(values: Callable[[Analysis], FloatArray]) -> Callable[[Scope], Measured]:
    """The mean of a fraction over the ops where it is known, weighted by kernel time."""

    def measure(scope: Scope) -> Measured:
        if scope.analysis.ops.planned:
            return _of(scope, None)
        fractions, times = values(scope.analysis)[scope.positions], scope.analysis.ops.kernel_ns[scope.positions]
        measured = np.isfinite(fractions) & np.isfinite(times)
        mean = ratio(float((fractions * times)[measured].sum()), float(times[measured].sum()))
        return Measured(known(mean), scope.analysis.ops.rows[scope.positions[measured]])

    return measure


def _per_pass(figure: Callable[[PassSummary], float | None]) -> Callable[[Scope], Measured]:
    """A figure of a mean pass, which needs the durations of all passes that count, not just of the one that is shown.

    Where the selection names a pass, that one is all that counts.
    """

    def measure(scope: Scope) -> Measured:
        analysis = scope.analysis
        if analysis.ops.planned:
            return _of(scope, None)
        of, chosen = analysis.summary.passes, analysis.facts.scope.chosen
        if chosen is not None and analysis.ops.options.selection.which_pass is not None:
            of = replace(of, count=1, all=(chosen,), fps_per_pass=analysis.summary.fps.all)
        missing = sum(run.untimed for run in of.all)
        return Measured(figure(of), analysis.ops.rows[scope.positions], missing)

    return measure


def _rule(rule: str, time: bool) -> Callable[[Scope], Measured]:
    """Ops that a finding rule hit: how many, or how long they take."""

    def measure(scope: Scope) -> Measured:
        analysis = scope.analysis
        hit: BoolArray = analysis.flag_masks[rule]
        scope_of_rule = Scope(analysis, np.flatnonzero(hit))
        return _kernel_time(scope_of_rule) if time else _count(scope_of_rule)

    return measure


def _host(kinds: tuple[RowKind, ...]) -> Callable[[Scope], Measured]:
    def measure(scope: Scope) -> Measured:
        rows = scope.analysis.facts.host_rows
        host_rows = rows[np.isin(scope.analysis.ops.table.kind[rows], kinds)]
        return Measured(float(len(host_rows)), host_rows)

    return measure


def _pcc(scope: Scope) -> Measured:
    """The lowest PCC of an op; unknown where TTNN compared none of them."""
    graph, positions = scope.analysis.graph, scope.positions
    values = np.full(len(positions), np.nan) if graph is None else graph.accuracy.alone[positions]
    compared = np.flatnonzero(np.isfinite(values))
    if not compared.size:
        return Measured(None, scope.analysis.ops.rows[positions[compared]])
    place = compared[int(np.argmin(values[compared]))]
    return Measured(float(values[place]), scope.analysis.ops.rows[positions[[place]]])


def _pcc_accumulated(scope: Scope) -> Measured:
    """The accumulated PCC of the last op that has one."""
    graph = scope.analysis.graph
    last = None if graph is None else graph.accuracy.last
    if graph is None or last is None:
        return Measured(None, scope.analysis.ops.rows[:0])
    return Measured(float(graph.accuracy.accumulated[last]), scope.analysis.ops.rows[[last]])


def _pcc_tests(scope: Scope) -> Measured:
    """The lowest PCC that a test reported; unknown where none did, or where one cannot be."""
    reported = lowest(one for test in scope.analysis.provenance.results for one in test.accuracy)
    return Measured(None if reported is None else reported.value, scope.analysis.ops.rows[:0])


# fmt: off
LIMITS: tuple[Limit, ...] = (
    Limit("kernel-time", Unit.TIME, _kernel_time, "Σ DEVICE KERNEL DURATION", of_ops=True),
    Limit("kernel-time-per-pass", Unit.TIME, _per_pass(lambda of: of.mean_ns), "mean kernel time of a pass"),
    Limit("longest", Unit.TIME, _longest, "the longest op", of_ops=True),
    Limit("gap-time", Unit.TIME, _gap_time, "idle time between device ops", of_ops=True),
    Limit("gap-share", Unit.SHARE, _gap_share, "idle part of the elapsed device time"),
    Limit("longest-gap", Unit.TIME, _longest_gap, "the longest gap before an op", of_ops=True),
    Limit("ops", Unit.COUNT, _count, "device ops", of_ops=True),
    Limit("fps", Unit.RATE, lambda scope: _time(scope, scope.analysis.summary.fps.all), "FPS of one inference",
        floor=True),
    Limit("fps-per-pass", Unit.RATE, _per_pass(lambda of: of.fps_per_pass), "FPS of a mean pass", floor=True),
    Limit("utilization", Unit.SHARE, _weighted(lambda analysis: analysis.ops.utilization),
        "utilization by the reference cores, weighted by kernel time, of ops with a model", floor=True, of_ops=True),
    Limit("utilization-grid", Unit.SHARE, _weighted(lambda analysis: analysis.ops.utilization_grid),
        "utilization by the worker grid, weighted by kernel time, of ops with a model", floor=True, of_ops=True),
    Limit("speed-of-light", Unit.SHARE, _weighted(lambda analysis: analysis.facts.speed_of_light.sol),
        "share of the speed of light, weighted by kernel time, of ops where it is known", floor=True, of_ops=True),
    Limit("reshards", Unit.COUNT, _rule(reshard.RULE.id, time=False), "ops of the rule reshard"),
    Limit("reshard-time", Unit.TIME, _rule(reshard.RULE.id, time=True), "their kernel time"),
    Limit("low-core-ops", Unit.COUNT, _rule(low_core_count.RULE.id, time=False), "ops of the rule low-core-count"),
    Limit("low-core-time", Unit.TIME, _rule(low_core_count.RULE.id, time=True), "their kernel time"),
    Limit("host-ops", Unit.COUNT, _host((RowKind.HOST, RowKind.PYTHON_FALLBACK)),
        "host ops and python fallbacks between device ops"),
    Limit("host-fallbacks", Unit.COUNT, _host((RowKind.PYTHON_FALLBACK,)), "python fallbacks between device ops"),
    Limit("least-time", Unit.TIME, _least_time, "Σ least time of the ops of a plan, as far as it is known",
        of_ops=True),
    Limit("l1-headroom", Unit.SHARE, _l1_headroom, "the least part of an L1 bank that an op leaves free, by a graph "
        "report or a plan", floor=True, of_ops=True),
    Limit("pcc", Unit.PCC, _pcc, "the lowest PCC of an op, of those that TTNN compared", floor=True, of_ops=True),
    Limit("pcc-accumulated", Unit.PCC, _pcc_accumulated, "accumulated PCC of the last op that TTNN compared",
        floor=True),
    Limit("pcc-tests", Unit.PCC, _pcc_tests, "the lowest PCC that a test reported", floor=True),
)
# fmt: on
BY_KEY = {limit.key: limit for limit in LIMITS}
