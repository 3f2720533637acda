"""Data quality: what of a capture was used, what was left out and why, and which figures are doubtful."""

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.quality import capture, figures, markers, planned
from perfsheet.analysis.quality.capture import losses
from perfsheet.analysis.quality.rows import counts
from perfsheet.analysis.quality.runs import provenance, repeats
from perfsheet.analysis.results import Check

__all__ = ["checks", "counts", "losses", "provenance", "repeats"]


def checks(facts: Facts) -> list[Check]:
    """All checks, in the order in which they are shown; those of the reader come first."""
    ops, every = facts.ops, facts.scope.every
    if every.table.plan is not None:
        damage = (check for check in capture.records(every.table) if not check.ok)
        return [*damage, *planned.checks(facts, every.table.plan)]
    return [
        *capture.records(every.table),
        *capture.durations(every),
        *markers.clock(every),
        *markers.runs(every),
        *markers.calls(every),
        *markers.markers(every),
        *capture.cores(every),
        *capture.tensors(every),
        *capture.unknown_names(every),
        *figures.model(ops),
        *figures.chips(every),
        *figures.hosts(every),
        *figures.speed_of_light(facts),
        *figures.passes(facts),
        *figures.devices(facts),
        *figures.overlap(every),
    ]
