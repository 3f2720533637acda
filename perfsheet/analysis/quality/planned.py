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
    explained = bool(plan.refused or plan.stopped)
    failed = plan.tests_failed and not explained
    yield Check("plan-tests", "Tests", not failed, int(failed), _tests(plan, failed))
    problems = "; ".join(plan.problems)
    yield Check("plan-captures", "Captures", not problems, len(plan.problems), problems or "all captured")
    yield from _memory(facts)
    ops = facts.ops
    without = int(np.isnan(ops.kernel_ns).sum())
    detail = f"least time known of {len(ops) - without:,} of {rows(len(ops), 'op')}"
    yield Check("plan-least-times", "Least times", True, without, detail, brief=detail)
    unplaced = int(np.isnan(ops.cores).sum())
    missing = f"no cores known of {rows(unplaced, 'op')}: TTNN built no program for them"
    yield Check("plan-cores", "Cores", not unplaced, unplaced, missing if unplaced else "every op has its cores")


def _memory(facts: Facts) -> Iterator[Check]:
    """Whether each op's tensors and circular buffers fit in L1; TTNN does not check that without dispatch."""
    if facts.graph is None or not facts.graph.memory.known:
        return
    found = facts.graph.memory
    beyond = np.flatnonzero(found.beyond_bank)
    if not beyond.size:
        yield Check("plan-l1", "L1", True, 0, "every op fits in L1")
        return
    most = int(beyond[np.argmax(found.l1_used[beyond])])
    source = facts.graph.sources[most]
    place = f" at {source.place}" if source is not None else ""
    name = facts.ops.codes[most]
    needs = f"{found.l1_used[most] / 1024:,.0f} KiB of a bank of {(found.bank_bytes or 0) / 1024:,.0f} KiB"
    yield Check(
        "plan-l1",
        "L1",
        False,
        len(beyond),
        f"{rows(len(beyond), 'op')} would not fit in L1 on a device; most is needed by {name}{place}: {needs}",
    )


def _refused(plan: PlanHead) -> str:
    return f"TTNN refuses {plan.refused}" if plan.refused else "no op was refused"


def _stopped(plan: PlanHead) -> str:
    if not plan.stopped:
        return "it ended by itself"
    return f"{plan.stopped}; planned is what it had come to (values are zeros, so a loop on one may not end)"


def _tests(plan: PlanHead, failed: bool) -> str:
    if not failed:
        return plan.tests
    reason = f" ({plan.reason})" if plan.reason else ""
    of_values = "" if plan.cut_short else " (values are zeros: a check of one fails)"
    return f"{plan.tests}{reason}; what would have followed is not planned{of_values}"
