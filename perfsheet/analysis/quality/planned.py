"""What a plan came to: how its target ended, what TTNN refused, and for how many ops no least time is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.results import Check
from perfsheet.capture.notes import rows
from perfsheet.capture.planned import PlanHead


def checks(facts: Facts, plan: PlanHead) -> Iterator[Check]:
    """The checks of a plan; there are no times that could be doubtful."""
    yield Check("plan-refused", "TTNN accepts every op", not plan.refused, int(bool(plan.refused)), _refused(plan))
    yield Check("plan-ended", "The target came to its end", not plan.stopped, int(bool(plan.stopped)), _stopped(plan))
    yield Check(
        "plan-tests", "Tests", not plan.tests_failed or bool(plan.refused), int(plan.tests_failed), _tests(plan)
    )
    problems = "; ".join(plan.problems)
    yield Check("plan-captures", "Captures", not problems, len(plan.problems), problems or "all captured")
    ops = facts.ops
    without = int(np.isnan(ops.kernel_ns).sum())
    detail = f"{rows(len(ops) - without, 'op')} of {len(ops):,} with a known least time"
    yield Check("plan-least-times", "Least times", True, without, detail, brief=detail)
    placed = int(np.isfinite(ops.cores).sum())
    missing = f"no cores known of {rows(len(ops) - placed, 'op')}: TTNN built no program for them"
    detail = missing if placed < len(ops) else "every op is placed"
    yield Check("plan-cores", "Cores", placed == len(ops), len(ops) - placed, detail, brief=detail)


def _refused(plan: PlanHead) -> str:
    return f"TTNN refuses {plan.refused}" if plan.refused else "no op was refused"


def _stopped(plan: PlanHead) -> str:
    if not plan.stopped:
        return "it ended by itself"
    return f"{plan.stopped}: what it had come to is planned; on a mock board values are zeros, so a loop on one may not end"


def _tests(plan: PlanHead) -> str:
    if not plan.tests_failed:
        return plan.tests
    return f"{plan.tests} ({plan.reason}): values read back from a mock board are zeros, so checks of values fail"
