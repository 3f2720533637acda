"""The headline of a comparison: figures of both captures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.compare.results import COUNT, RATE, SHARE, TIME, Figure, HostChange, Span


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
    yield Figure("sol", "of the speed of light", SHARE, one.light.sol, other.light.sol, False)
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
