"""What findings save together: per op no more than it takes, so that overlapping findings don't count twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis.numbers import ratio
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import Finding, WhatIf

STEPS = (1, 3, 5, 10)


def added(ops: Ops, ranked: Sequence[Finding]) -> Iterator[float]:
    """What each finding adds to those before it, in ns.

    Savings of one op add up to its kernel duration at most: two findings that could each save 60 % of an op save all of
    it together. Savings of gaps are taken from the gap before the op in the same way; host rows save nothing twice.
    """
    left = {
        False: np.nan_to_num(ops.kernel_ns),
        True: np.clip(np.nan_to_num(ops.number("op_to_op_latency_ns")), 0, None),
    }
    for finding in ranked:
        if len(finding.positions) != len(finding.savings):
            yield finding.saving_ns or 0.0
            continue
        pool = left[finding.rule.waits]
        taken = np.minimum(np.nan_to_num(finding.savings), pool[finding.positions])
        pool[finding.positions] -= taken
        yield float(taken.sum())


def what_if(ops: Ops, ranked: Sequence[Finding], busiest: int | None) -> tuple[WhatIf, ...]:
    """What is left when the first 1, 3, 5, 10 and all findings are mended; FPS of the device `busiest`."""
    counts = sorted({*(step for step in STEPS if step < len(ranked)), len(ranked)} - {0})
    return tuple(_after(ops, ranked[:count], busiest) for count in counts)


def _after(ops: Ops, mended: Sequence[Finding], busiest: int | None) -> WhatIf:
    left = np.nan_to_num(ops.kernel_ns)
    for finding in mended:
        if not finding.rule.waits:
            left[finding.positions] -= np.minimum(np.nan_to_num(finding.savings), left[finding.positions])
    saving = float(sum(one.added_ns for one in mended if not one.rule.waits))
    on_busiest = float(left[ops.device == busiest].sum())
    return WhatIf(
        findings=len(mended),
        saving_ns=saving,
        share=ratio(saving, ops.total_ns),
        left_ns=ops.total_ns - saving,
        gap_saving_ns=float(sum(one.added_ns for one in mended if one.rule.waits)),
        fps=1e9 * ops.options.batch / on_busiest if on_busiest else None,
    )
