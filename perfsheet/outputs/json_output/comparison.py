"""`compare --json` and `check --json`."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.budget.model import ExpectationResult, Verdict
from perfsheet.comparison import Comparison
from perfsheet.comparison.calibration import Calibration
from perfsheet.comparison.results import FindingChange
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json, head, one_of_several, spread, streamed, with_key
from perfsheet.tables import Rows
from perfsheet.tables.calibration import PREDICTIONS, RULE_RECORDS
from perfsheet.tables.changes import CHANGES, FINDINGS_BEFORE, FINDINGS_OF_SIDE, OPS
from perfsheet.tables.comparison import FIGURES, HOST_OPS, LINES, OP_TYPES, TIMES, Total
from perfsheet.tables.kinds import number, percent
from perfsheet.tables.limits import LIMITS, TEST_LIMITS


def compare(first: Comparison, further: Sequence[Comparison], as_brief: bool = False) -> Json:
    """The base with the first capture; `others` has the base with each further one. `as_brief`: only what matters.

    What is compared must correspond, so it may be another part of the base there; then its figures are there, too.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "base": one_of_several(first.base),
        **_comparison(first, as_brief),
        "others": [
            {
                **({} if other.base is first.base else {"base": one_of_several(other.base)}),
                **_comparison(other, as_brief),
            }
            for other in further
        ],
    }


def _comparison(comparison: Comparison, as_brief: bool) -> Json:
    found = _compared(comparison)
    return {key: value for key, value in found.items() if key not in _IN_FULL_ONLY} if as_brief else found


_IN_FULL_ONLY = {"groups", "lines", "ops", "host_ops"}
"""Tables that show what the changes show, entry by entry."""


def _compared(comparison: Comparison) -> Json:
    return {
        "new": one_of_several(comparison.new),
        **_total(comparison),
        "noise": _noise(comparison),
        "notes": list(comparison.notes),
        "figures": FIGURES.records(Rows(comparison, comparison.figures)),
        "counts": comparison.counts,
        "groups": OP_TYPES.records(Rows(comparison, comparison.op_types)),
        **({"lines": LINES.records(Rows(comparison, comparison.lines))} if comparison.lines else {}),
        "changes": streamed(CHANGES, Rows(comparison, comparison.groups), len(comparison.ops)),
        "ops": streamed(OPS, Rows(comparison, comparison.ops)),
        "host_ops": HOST_OPS.records(Rows(comparison, comparison.host_ops)),
        "findings": {
            "fixed": _findings(comparison.base, comparison.findings.fixed),
            "new": _findings(comparison.new, comparison.findings.new),
            "remaining": _remaining(comparison),
        },
    }


def calibration(calibration: Calibration) -> Json:
    """`perfsheet calibrate --json`: hit rates, causes and findings beside what was realised, records of the rules."""
    comparison = calibration.comparison
    return {
        "schema_version": SCHEMA_VERSION,
        "base": one_of_several(comparison.base),
        "new": one_of_several(comparison.new),
        "realised_ns": number(calibration.realised_ns),
        "hit_rate_pct": percent(calibration.hit_rate),
        "naive_hit_rate_pct": percent(calibration.naive_hit_rate),
        "expected_of_realised": number(calibration.ratio),
        "causes": PREDICTIONS.records(Rows(calibration, calibration.causes)),
        "findings": PREDICTIONS.records(Rows(calibration, calibration.findings)),
        "rules": RULE_RECORDS.records(Rows(calibration, calibration.rules)),
    }


def _total(comparison: Comparison) -> Json:
    (record,) = TIMES.records(Rows(comparison, [Total(comparison.total)]))
    return {key: record[key] for key in ("delta_ns", "delta_pct", "beyond_noise", "noise_ns", "per_pass")}


def _noise(comparison: Comparison) -> Json:
    noise = comparison.noise
    sides = {"base": comparison.base.repeats, "new": comparison.new.repeats}
    return {
        "judged_by": noise.how,
        "base_samples": noise.base,
        "new_samples": noise.new,
        "assumed_pct": number(noise.assumed_pct),
        **{f"{name}_kernel_duration": spread(side.total) for name, side in sides.items() if side},
    }


def _findings(analysis: Analysis, changes: Sequence[FindingChange]) -> Sequence[Json]:
    return streamed(FINDINGS_OF_SIDE, Rows(analysis, [change.finding for change in changes]), len(analysis.ops))


def _remaining(comparison: Comparison) -> Sequence[Json]:
    remaining = comparison.findings.remaining
    before = FINDINGS_BEFORE.records(Rows(comparison.base, [change.base for change in remaining if change.base]))
    return with_key(_findings(comparison.new, remaining), "before", before)


def check(analysis: Analysis, verdict: Verdict, budget: str | None, base: str | None) -> Json:
    """The capture, whether it passed, and its limits; `budget` and `base` are what it was checked against."""
    several = len(analysis.summary.paths) > 1
    return {
        **head(analysis),
        "budget": budget,
        "against": base,
        "passed": verdict.passed,
        "breaches": LIMITS.records(Rows(several, verdict.breaches)),
        "checks": LIMITS.records(Rows(several, verdict.checked)),
        "notes": list(verdict.notes),
    }


def expectations(analysis: Analysis, results: Sequence[ExpectationResult]) -> Json:
    """`run --json`: the limits that tests stated for their ops; no key where none did."""
    return {"limits": TEST_LIMITS.records(Rows(len(analysis.summary.paths) > 1, results))} if results else {}
