"""What keeps two captures from being compared like with like."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.quality import losses
from perfsheet.capture.notes import rows
from perfsheet.compare.changes import Describing
from perfsheet.compare.figures import passes_differ
from perfsheet.compare.slots import Slots


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
