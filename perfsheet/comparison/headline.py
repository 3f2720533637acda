"""The headline figures of a comparison, and notes on what limits it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.quality import losses
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.capture.notes import rows
from perfsheet.comparison.changes import Describing
from perfsheet.comparison.results import COUNT, RATE, SHARE, TIME, Figure, HostChange, Span
from perfsheet.comparison.slots import Slots


def figures(base: Analysis, new: Analysis, mean_pass: Span) -> tuple[Figure, ...]:
    """All headline figures in display order; `mean_pass` is the kernel time of a mean pass."""
    return tuple(_figures(base, new, mean_pass))


def passes_differ(base: Analysis, new: Analysis) -> bool:
    """Whether the windows hold different numbers of passes, so that only figures of a pass can be compared."""
    return base.summary.passes.counted != new.summary.passes.counted


def _figures(base: Analysis, new: Analysis, mean_pass: Span) -> Iterator[Figure]:
    before, now = base.summary, new.summary
    alike = not passes_differ(base, new)
    time, measured = _time(base, new), base.plan is None and new.plan is None
    yield Figure("kernel", time, TIME, known(before.kernel_ns), known(now.kernel_ns), True, alike)
    if max(before.passes.counted, now.passes.counted) > 1:
        yield Figure("passes", "passes", COUNT, before.passes.counted, now.passes.counted, None)
        yield Figure("kernel_per_pass", f"{time} per pass", TIME, mean_pass.base_ns, mean_pass.new_ns, True)
    if measured:
        yield Figure("fps", "FPS", RATE, before.fps.all, now.fps.all, False)
    yield Figure("ops", "device ops", COUNT, before.ops, now.ops, True, alike)
    if measured:
        yield Figure("sol", "of the speed of light", SHARE, before.speed_of_light.sol, now.speed_of_light.sol, False)
    for rule, name in ((reshard.RULE.id, "reshards"), (low_core_count.RULE.id, "low-core-count ops")):
        totals = [next(total for total in side.rule_totals if total.rule.id == rule) for side in (base, new)]
        yield Figure(f"{rule}_ops", name, COUNT, totals[0].rows, totals[1].rows, True, alike)
        yield Figure(f"{rule}_ns", f"time in {name}", TIME, totals[0].kernel_ns, totals[1].kernel_ns, True, alike)
    peaks = (_l1_peak(base), _l1_peak(new))
    if None not in peaks:
        yield Figure("l1_peak_bytes", "most L1 in use per bank [B]", COUNT, *peaks, True)
    hosts = (len(base.facts.host_rows), len(new.facts.host_rows))
    if any(hosts):
        yield Figure("host_ops", "host ops between device ops", COUNT, *hosts, True, alike)


def _time(base: Analysis, new: Analysis) -> str:
    """What the times of both sides are."""
    names = ["kernel time" if side.plan is None else "least time" for side in (base, new)]
    return names[0] if names[0] == names[1] else " → ".join(names)


def _l1_peak(side: Analysis) -> float | None:
    """The most L1 in use per bank, if the graph report tells it."""
    memory = None if side.graph is None else side.graph.memory
    return None if memory is None or memory.peak is None else float(memory.l1_used[memory.peak])


def host_changes(base: Analysis, new: Analysis) -> tuple[HostChange, ...]:
    """Host ops by op code, largest change of their number first."""
    sides = (_host_ops(base), _host_ops(new))
    names = dict.fromkeys((*sides[1], *sides[0]))
    unordered = [
        HostChange(
            name,
            len(sides[0].get(name, ())),
            len(sides[1].get(name, ())),
            _sum(sides[0].get(name, [])),
            _sum(sides[1].get(name, [])),
        )
        for name in names
    ]
    return tuple(sorted(unordered, key=lambda change: (-abs(change.new_count - change.base_count), change.op_code)))


def _host_ops(analysis: Analysis) -> dict[str, list[float]]:
    table, durations = analysis.ops.table, dict[str, list[float]]()
    codes, duration = table.text("op_code"), table.number("host_duration_ns")
    for row in analysis.facts.host_rows.tolist():
        durations.setdefault(codes[row].strip() or "(blank)", []).append(float(duration[row]))
    return durations


def _sum(durations: list[float]) -> float | None:
    if not durations:
        return 0.0
    values = np.array(durations)
    return known(float(np.nansum(values))) if np.isfinite(values).any() else None


def notes(base: Slots, new: Slots, describing: Describing) -> Iterator[str]:
    """What limits the comparison, a sentence each: different chips, builds, batches, passes, devices; missing data."""
    before, now = base.analysis, new.analysis
    if _other_chip(before, now):
        yield f"different chips: {_chip(before)} before, {_chip(now)} now"
    if before.summary.batch != now.summary.batch:
        yield f"different batch sizes: {before.summary.batch:g} before, {now.summary.batch:g} now"
    devices = [len(side.summary.devices) for side in (before, now)]
    if devices[0] != devices[1]:
        counts = f"{devices[0]} before, {devices[1]} now"
        per_device = before.summary.per_device or now.summary.per_device
        how = "ops of the others count as removed or added" if per_device else "the critical path of each is compared"
        yield f"different numbers of devices: {counts}; {how}"
    if passes_differ(before, now):
        yield _passes(base, new)
    else:
        yield from _layers(before, now)
    yield from _of_plans(before, now) if before.plan or now.plan else _of_builds(before, now, describing)
    for name, side in (("before", before), ("now", now)):
        untimed = side.summary.device_rows - side.summary.timed_rows
        lost = losses(side.ops.table.notes)
        if setup := _setup(side):
            yield f"{rows(setup, 'op')} {name} left out: counterparts in the other capture belong to no pass"
        if lost:
            yield f"{rows(lost)} of the capture {name} lost to damage: it does not show the whole run"
        if untimed:
            what = "usable kernel duration" if side.plan is None else "known least time"
            yield f"{rows(untimed, 'device op')} {name} without a {what}: their time is unknown"


def _of_plans(before: Analysis, now: Analysis) -> Iterator[str]:
    if before.plan is None or now.plan is None:
        side = "before" if now.plan is None else "now"
        yield f"a plan {side}: its times are the least possible, so a difference is how far from them, no gain or loss"


def _of_builds(before: Analysis, now: Analysis, describing: Describing) -> Iterator[str]:
    """What one of the captures lacks, by its build or for want of a graph report."""
    if before.summary.schema != now.summary.schema:
        yield f"captures of different builds (schema {before.summary.schema} before, {now.summary.schema} now)"
    if (before.graph is None) != (now.graph is None):
        without, option = ("before", "--base-graph") if before.graph is None else ("now", "--graph")
        yield f"no graph report {without}: without it lines of source can't be compared ({option})"
    if skipped := _written_by_one(describing):
        yield f"{rows(skipped, 'attribute')} that only one of the builds writes: not compared"


def _setup(side: Analysis) -> int:
    """Ops outside of the only pass, where the comparison has set them apart (`sides.like_for_like`)."""
    of = side.facts.passes
    alone = of.how == "one" and side.facts.scope.chosen is not None
    return len(of.outside) - of.const_eval if alone else 0


def _other_chip(base: Analysis, new: Analysis) -> bool:
    """Whether arch, board or worker grid differ, as far as both captures state them."""
    before, now = base.summary, new.summary
    return any(
        was and now and was != now
        for was, now in ((before.arch, now.arch), (before.board, now.board), (before.worker_grids, now.worker_grids))
    )


def _chip(analysis: Analysis) -> str:
    summary = analysis.summary
    grids = " and ".join(map(str, summary.worker_grids)) or "?"
    return f"{summary.board or summary.arch or 'arch not stated'}, {grids} worker cores"


def _passes(base: Slots, new: Slots) -> str:
    counts = [side.analysis.summary.passes.counted for side in (base, new)]
    how = (
        "figures of a mean pass are given as well"
        if base.passes * new.passes > 1
        else "their ops are too different to compare pass by pass"
    )
    return f"different numbers of passes: {counts[0]} before, {counts[1]} now; {how}"


def _layers(base: Analysis, new: Analysis) -> Iterator[str]:
    """What is no change if the same ops are passes, and is one if they are layers."""
    passes = (base.summary.passes, new.summary.passes)
    counts = [of.count for of in passes]
    left_open = base.ops.options.selection.which_pass is None
    if left_open and counts[0] != counts[1] and any(of.or_layers for of in passes):
        found = f"passes found: {counts[0]} before, {counts[1]} now"
        yield f"{found}; one of each is compared, but equal layers of one pass would look the same"


def _written_by_one(describing: Describing) -> int:
    written = (describing.base_written, describing.new_written)
    return sum(len(written[0][name] ^ written[1][name]) for name in written[0].keys() & written[1].keys())
