"""What findings save together: per op no more than it takes, so that overlapping findings don't count twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.numbers import ratio
from perfsheet.analysis.result import Finding, WhatIf
from perfsheet.analysis.windows.passes import fps_per_pass
from perfsheet.capture.table import FloatArray

STEPS = (1, 3, 5, 10)


LITTLE = 0.2
"""A finding that adds less than this part of its saving to those before it is a part of one of them."""

_NEGLIGIBLE_NS = 1e-3


def added(facts: Facts, ranked: Sequence[Finding]) -> Iterator[tuple[float, int | None]]:
    """What each finding adds to those before it in ns, and which of them it is a part of, if it adds little.

    Savings of one op add up to its kernel duration at most, and those of findings after which it still does its work to
    what it takes above the speed of light. Savings of gaps are taken from the gap before the op in the same way; host
    rows save nothing twice.
    """
    ops = facts.ops
    left = {False: np.nan_to_num(ops.kernel_ns), True: np.nan_to_num(ops.gap_ns)}
    owner = np.full(len(ops), -1, dtype=np.int64)
    for index, finding in enumerate(ranked):
        if len(finding.positions) != len(finding.savings):
            yield finding.saving_ns or 0.0, None
            continue
        at = finding.positions
        more = float(_take(finding, left[finding.rule.waits]).sum())
        around = None
        if finding.saving_ns and more < LITTLE * finding.saving_ns and (owner[at] >= 0).any():
            weight = np.bincount(owner[at][owner[at] >= 0], np.nan_to_num(finding.savings)[owner[at] >= 0])
            around = int(np.argmax(weight))
        elif not finding.rule.waits:
            owner[at[owner[at] < 0]] = index
        yield more, around


def _take(finding: Finding, pool: FloatArray) -> FloatArray:
    """Take a finding's savings out of what is left of its ops."""
    at = finding.positions
    taken = np.minimum(np.nan_to_num(finding.savings), pool[at] - finding.floors)
    taken[taken < _NEGLIGIBLE_NS] = 0
    pool[at] -= taken
    return taken


def what_if(facts: Facts, ranked: Sequence[Finding]) -> tuple[WhatIf, ...]:
    """What is left when the first 1, 3, 5, 10 and all findings are mended."""
    counts = sorted({*(step for step in STEPS if step < len(ranked)), len(ranked)} - {0})
    return tuple(_after(facts, ranked[:count], of=len(ranked)) for count in counts)


def _after(facts: Facts, mended: Sequence[Finding], of: int) -> WhatIf:
    ops = facts.ops
    left = np.nan_to_num(ops.kernel_ns)
    for finding in mended:
        if not finding.rule.waits:
            _take(finding, left)
    saving = ops.total_ns - float(left.sum())
    # Another device than before may be the busiest one now.
    busiest = max(float(left[here].sum()) for here in facts.by_device)
    fps = 1e9 * ops.options.batch / busiest if busiest else None
    return WhatIf(
        findings=len(mended),
        all=len(mended) == of,
        saving_ns=saving,
        share=ratio(saving, ops.total_ns),
        left_ns=ops.total_ns - saving,
        gap_saving_ns=float(sum(one.added_ns for one in mended if one.rule.waits)),
        fps=fps,
        fps_per_pass=fps_per_pass(ops, facts.passes, left) if facts.passes.how != "one" else fps,
    )
