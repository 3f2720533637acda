"""The headline of a comparison: figures of both captures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.quality import losses
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.capture.notes import rows
from perfsheet.compare.changes import Describing
from perfsheet.compare.results import COUNT, RATE, SHARE, TIME, Figure, HostChange, Span
from perfsheet.compare.slots import Slots


def figures(base: Analysis, new: Analysis, a_pass: Span) -> tuple[Figure, ...]:
    """All of them, in the order in which they are shown; `a_pass` is the kernel time of a mean pass."""
    return tuple(_figures(base, new, a_pass))


def passes_differ(base: Analysis, new: Analysis) -> bool:
    """Whether the windows hold different numbers of passes, so that only figures of a pass can be compared."""
    return base.summary.passes.count != new.summary.passes.count


def _figures(base: Analysis, new: Analysis, a_pass: Span) -> Iterator[Figure]:
    one, other = base.summary, new.summary
    alike = not passes_differ(base, new)
    yield Figure("kernel", "kernel time", TIME, known(one.kernel_ns), known(other.kernel_ns), True, alike)
    if max(one.passes.count, other.passes.count) > 1:
        yield Figure("passes", "passes", COUNT, one.passes.count, other.passes.count, None)
        yield Figure("kernel_per_pass", "kernel time a pass", TIME, a_pass.base_ns, a_pass.new_ns, True)
        if min(one.passes.count, other.passes.count) > 1:  # the FPS of a single pass are those of its window
            fps = (one.passes.fps_per_pass, other.passes.fps_per_pass)
            yield Figure("fps_per_pass", "FPS a pass", RATE, *fps, False)
    yield Figure("fps", "FPS", RATE, one.fps.all, other.fps.all, False, alike)
    yield Figure("ops", "device ops", COUNT, one.device_rows, other.device_rows, True, alike)
    yield Figure("sol", "of the speed of light", SHARE, one.speed_of_light.sol, other.speed_of_light.sol, False)
    for rule, name in ((reshard.RULE.id, "reshards"), (low_core_count.RULE.id, "ops on few cores")):
        was, now = (next(total for total in side.rule_totals if total.rule.id == rule) for side in (base, new))
        yield Figure(f"{rule}_ops", name, COUNT, was.rows, now.rows, True, alike)
        yield Figure(f"{rule}_ns", f"time in {name}", TIME, was.kernel_ns, now.kernel_ns, True, alike)
    hosts = (len(base.facts.host_rows), len(new.facts.host_rows))
    if any(hosts):
        yield Figure("host_ops", "host ops between device ops", COUNT, *hosts, True, alike)


def host_changes(base: Analysis, new: Analysis) -> tuple[HostChange, ...]:
    """Host ops by op code, those first whose number changes most."""
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
    return tuple(sorted(unordered, key=lambda one: (-abs(one.new_count - one.base_count), one.op_code)))


def _host_ops(analysis: Analysis) -> dict[str, list[float]]:
    table, found = analysis.ops.table, dict[str, list[float]]()
    codes, duration = table.text("op_code"), table.number("host_duration_ns")
    for row in analysis.facts.host_rows.tolist():
        found.setdefault(codes[row].strip() or "(blank)", []).append(float(duration[row]))
    return found


def _sum(durations: list[float]) -> float | None:
    if not durations:
        return 0.0
    values = np.array(durations)
    return known(float(np.nansum(values))) if np.isfinite(values).any() else None


def notes(base: Slots, new: Slots, describing: Describing) -> Iterator[str]:
    """One sentence each; none for captures of one build on one chip, of equally many passes."""
    one, other = base.analysis, new.analysis
    if _other_chip(one, other):
        yield f"not the same chip: {_chip(one)} before, {_chip(other)} now"
    if one.summary.batch != other.summary.batch:
        yield f"not the same batch: {one.summary.batch:g} before, {other.summary.batch:g} now"
    devices = [len(side.summary.devices) for side in (one, other)]
    if devices[0] != devices[1]:
        yield f"not as many devices: {devices[0]} before, {devices[1]} now; those beyond count as removed or added"
    if passes_differ(one, other):
        yield _passes(base, new)
    if one.summary.schema != other.summary.schema:
        yield f"captures of different builds (schema {one.summary.schema} before, {other.summary.schema} now)"
    if skipped := _written_by_one(describing):
        yield f"{rows(skipped, 'attribute')} that only one build writes: not compared"
    for name, side in (("before", one), ("now", other)):
        untimed = side.summary.device_rows - side.summary.timed_rows
        lost = losses(side.ops.table.notes)
        if lost:
            yield f"{rows(lost)} of the capture {name} lost to damage, and what they held: not the whole run"
        if untimed:
            yield f"{rows(untimed, 'device op')} {name} without a usable kernel duration: no time is known of them"


def _other_chip(base: Analysis, new: Analysis) -> bool:
    """What a capture does not state is no difference."""
    one, other = base.summary, new.summary
    return any(
        was and now and was != now
        for was, now in ((one.arch, other.arch), (one.board, other.board), (one.worker_grids, other.worker_grids))
    )


def _chip(analysis: Analysis) -> str:
    summary = analysis.summary
    grids = " and ".join(map(str, summary.worker_grids)) or "?"
    return f"{summary.board or summary.arch or 'arch not stated'}, {grids} worker cores"


def _passes(base: Slots, new: Slots) -> str:
    counts = [side.analysis.summary.passes.count for side in (base, new)]
    how = (
        "figures of a mean pass stand beside"
        if base.passes * new.passes > 1
        else "their ops are too unlike to be set against each other pass by pass"
    )
    return f"not as many passes: {counts[0]} before, {counts[1]} now; {how}"


def _written_by_one(describing: Describing) -> int:
    found = (describing.base_written, describing.new_written)
    return sum(len(found[0][name] ^ found[1][name]) for name in found[0].keys() & found[1].keys())
