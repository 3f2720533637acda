"""Checks on the origin of a capture, and on repeated runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.results import Check
from perfsheet.provenance import Provenance, debug_tools_problem

if TYPE_CHECKING:
    from perfsheet.analysis.repeats import Repeats


def provenance(origin: Provenance) -> Iterator[Check]:
    """Whether the capture is a replay, simulated, made under debug tools, or incomplete."""
    if origin.replayed:
        yield Check(
            "replayed", "Provenance", False, 0, "replayed: the figures are those of a recorded capture, not of this run"
        )
    elif origin.simulator:
        yield Check(
            "simulated", "Provenance", False, 0, f"a simulator ran the ops ({origin.simulator}): durations are modelled"
        )
    if origin.ignored:
        yield Check("record-ignored", "Provenance", False, 0, origin.ignored)
    if origin.debug_tools:
        yield Check("debug-tools", "Provenance", False, 0, f"run with {debug_tools_problem(origin.debug_tools)}")
    for loss in origin.losses:
        yield Check("incomplete", "Profiler", False, 0, loss)


def repeats(several: Repeats) -> Iterator[Check]:
    """Failed and differing runs, and noisy ops."""
    label = "Repeats"
    for failure in several.failures:
        yield Check("run-failed", label, False, 1, f"{failure}; it is not counted")
    for run in several.runs:
        if run.tests_failed:
            yield Check("run-tests-failed", label, False, 1, f"tests failed in {run.label}: {run.tests}")
        if not run.aligned:
            yield Check("run-apart", label, False, run.ops, f"{run.label} is left out: {run.difference}")
    if several.aligned < 2:
        yield Check("one-run", label, False, 0, "only one run could be used, so its noise is unknown")
        return
    yield row_check(
        "noisy-ops",
        label,
        several.noisy,
        f"no op varies by more than {several.noisy_pct:g} % between {several.aligned} runs",
        f"{{rows}} whose kernel duration varies by more than {several.noisy_pct:g} % (standard deviation / mean) "
        "between "
        f"{several.aligned} runs: marked noisy",
    )
