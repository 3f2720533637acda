"""Several captures of the same ops as one analysis: the run of median kernel time, with what the others took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.repeats import NOISY_PCT, align, observe


def of_runs(names: Sequence[str], analysed: Callable[[str], Analysis], noisy_pct: float = NOISY_PCT) -> Analysis:
    """The analysis of one capture, or of several runs; `analysed` reads one of them.

    Runs with other ops than most are set apart (`Analysis.repeats`, `Analysis.checks`). Only one run is kept in memory,
    so that of median time is read twice. Raises what `analysed` does.
    """
    if len(names) == 1:
        return analysed(names[0])
    observed = [observe(analysed(name).ops, f"run {number}", name) for number, name in enumerate(names, 1)]
    repeats = align(observed, noisy_pct)
    return replace(analysed(names[repeats.shown]), repeats=repeats)
