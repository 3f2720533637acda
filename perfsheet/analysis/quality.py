"""The verdict on a capture: what was used, what was left out and why, and which figures to distrust."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.grid import IN_WORDS, UNKNOWN
from perfsheet.analysis.numbers import ratio
from perfsheet.analysis.ops import LONGEST_PLAUSIBLE_NS, Ops
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.result import Check
from perfsheet.analysis.utilization import not_physical
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.table import BoolArray
from perfsheet.provenance import Provenance


def checks(facts: Facts) -> list[Check]:
    """All checks, in the order in which they are shown; those of the reader come first."""
    ops = facts.ops
    return [
        *_reader(ops.table.notes),
        *_durations(ops),
        *_cores(ops),
        *_model(ops),
        *_light(facts),
        *_passes(facts),
        *_devices(facts),
    ]


def provenance(known: Provenance) -> Iterator[Check]:
    """What has to be said about how the capture came to be."""
    if known.replayed:
        yield Check(
            "replayed", "Provenance", False, 0, "replayed: these are figures of a recorded capture, not of this run"
        )
    elif known.simulator:
        yield Check(
            "simulated", "Provenance", False, 0, f"a simulator ran the ops ({known.simulator}): durations are modelled"
        )
    for loss in known.losses:
        yield Check("incomplete", "Profiler", False, 0, loss)


def repeats(known: Repeats) -> Iterator[Check]:
    """What several runs say about how far their figures can be relied on."""
    label = "Repeats"
    for failure in known.failures:
        yield Check("run-failed", label, False, 1, f"{failure}; it is in no figure")
    for run in known.runs:
        if run.tests_failed:
            yield Check("run-tests-failed", label, False, 1, f"tests failed in {run.label}: {run.tests}")
        if not run.aligned:
            yield Check("run-apart", label, False, run.ops, f"{run.label} is set apart: {run.difference}")
    if known.aligned < 2:
        yield Check("one-run", label, False, 0, "only one run could be used: nothing is known of its noise")
        return
    yield _check(
        "noisy-ops",
        label,
        known.noisy,
        f"no op varies by more than {known.noisy_pct:g} % between {known.aligned} runs",
        f"{{rows}} whose kernel duration varies by more than {known.noisy_pct:g} % (standard deviation / mean) between "
        f"{known.aligned} runs: marked noisy",
    )


def modelled_share(ops: Ops) -> float:
    """Share of kernel time in ops that the profiler has a model of; NaN without kernel time."""
    return ratio(float(ops.kernel_ns[_modelled(ops)].sum()), ops.total_ns)


def _modelled(ops: Ops) -> BoolArray:
    return ops.timed & np.isfinite(ops.pm_ideal_ns)


def _reader(notes: tuple[Note, ...]) -> Iterator[Check]:
    if not notes:
        yield Check("records", "Records of the file", True, 0, "every record fits the header and was read")
    for note in notes:
        yield Check(note.id, "Records of the file", False, note.count, note.text)


def _check(name: str, label: str, bad: BoolArray, fine: str, trouble: str) -> Check:
    """`{rows}` in `trouble` stands for the number of ops that are bad."""
    count = int(np.count_nonzero(bad))
    return Check(name, label, not count, count, trouble.format(rows=rows(count, "device row")) if count else fine)


def _durations(ops: Ops) -> Iterator[Check]:
    label, blank = "Kernel durations", np.isnan(ops.raw_kernel_ns)
    yield _check(
        "blank-duration",
        label,
        blank,
        f"all {rows(len(ops), 'device row')} have one",
        "{rows} without DEVICE KERNEL DURATION [ns]: device data is missing, so they are neither ranked nor summed; "
        "profile again with --op-support-count or --dump-device-data-mid-run",
    )
    yield _check(
        "implausible-duration",
        label,
        ~blank & ~ops.timed,
        "none is negative or absurdly long",
        f"{{rows}} with a negative duration or one above {LONGEST_PLAUSIBLE_NS:.0e} ns (corrupt markers), left out",
    )
    yield _check("zero-duration", label, ops.kernel_ns == 0, "none is zero", "{rows} with a duration of 0 ns")


def _cores(ops: Ops) -> Iterator[Check]:
    sources = ops.grid.sources
    unknown_grid = np.isnan(ops.worker_cores)
    words = " and ".join(IN_WORDS[source] for source in sources if source != UNKNOWN)
    missing = f"{rows(int(unknown_grid.sum()), 'device row')} without a known worker grid: {IN_WORDS[UNKNOWN]}"
    yield Check(
        "worker-grid",
        "Worker grid",
        not unknown_grid.any(),
        int(unknown_grid.sum()),
        f"{missing}; not checked for few cores" if UNKNOWN in sources else f"from {words}",
    )
    yield _check(
        "no-core-count",
        "Core counts",
        ops.timed & np.isnan(ops.cores),
        "every timed op has one",
        "{rows} with a blank or zero CORE COUNT: no utilization, not checked for few cores",
    )
    yield _check(
        "cores-above-grid",
        "Core counts",
        ops.cores > ops.worker_cores,
        "none exceeds its worker grid",
        "{rows} with a CORE COUNT above the worker grid",
    )


def _model(ops: Ops) -> Iterator[Check]:
    share = modelled_share(ops)
    count = int(_modelled(ops).sum())
    covered = f"{share:.1%} of kernel time" if np.isfinite(share) else "no kernel time"
    yield Check(
        "model-coverage",
        "PM IDEAL",
        True,
        int(ops.timed.sum()) - count,
        f"{rows(count, 'timed op')} of {int(ops.timed.sum()):,} with a model, {covered}; the rest show no utilization",
    )
    yield _check(
        "not-physical",
        "Utilization",
        not_physical(ops.utilization, ops.utilization_grid),
        "none above 100 %",
        "{rows} above 100 % utilization: not physical, marked as such (docs/formulas.md says why)",
    )


def _light(facts: Facts) -> Iterator[Check]:
    ops, light = facts.ops, facts.light
    told = np.isfinite(light.sol)
    share = ratio(float(ops.kernel_ns[told].sum()), ops.total_ns)
    covered = f"{share:.1%} of kernel time" if np.isfinite(share) else "no kernel time"
    boards = " and ".join(board.name for board in light.peaks.boards) or "no known board"
    guessed = "" if ops.options.board or not light.peaks.boards else " (by arch, grid and clock; --board names another)"
    yield Check(
        "speed-of-light",
        "Speed of light",
        True,
        int(ops.timed.sum()) - int(told.sum()),
        f"known for {rows(int(told.sum()), 'op')}, {covered}, by the peaks of {boards}{guessed}",
    )
    yield _check(
        "stale-tensors",
        "Tensors",
        light.contradicted,
        "no op is faster than its tensors allow",
        "{rows} whose tensors cannot be theirs, for one of their kind is faster than that: after a program-cache hit "
        "the "
        "profiler repeats the tensors of an earlier call; they have no speed of light",
    )


def _passes(facts: Facts) -> Iterator[Check]:
    found = facts.passes
    if found.note:
        yield Check("passes", "Passes", False, 0, found.note)
    if found.all[0].cold:
        yield Check(
            "cold-pass",
            "Passes",
            True,
            len(found.all[0].positions),
            f"the first of {found.count} passes is cold: {found.all[0].gap_ns / 1e6:,.1f} ms of gaps, "
            f"{found.all[-1].gap_ns / 1e6:,.1f} ms in the last one; its gaps are no advice",
        )


def _devices(facts: Facts) -> Iterator[Check]:
    found = facts.devices
    if len(found.totals) < 2:
        return
    detail = found.problem or (
        f"the ops of {len(found.totals)} devices are aligned step by step, {rows(found.unmatched, 'op')} without a "
        "counterpart"
    )
    yield Check("devices", "Devices", not found.problem, found.unmatched, detail)
