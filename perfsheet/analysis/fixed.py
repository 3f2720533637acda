"""What is left of the kernel time once some causes are fixed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.results import Cause, IfFixed
from perfsheet.errors import usage


def if_fixed(facts: Facts, found: Sequence[Cause], ids: Collection[str]) -> IfFixed:
    """The effect of fixing the causes with these ids, each saving what is expected of it.

    An op belongs to one cause, so no time is saved twice. Raises PerfsheetError (exit status 2) for an unknown id.
    """
    if missing := sorted(set(ids) - {cause.id for cause in found}):
        raise usage(
            f"there is no cause {missing[0]}", f"the causes are C1 to C{len(found)}" if found else "none is found"
        )
    fixed = [cause for cause in found if cause.id in ids]
    ops = facts.ops
    left, left_ns = np.nan_to_num(ops.counted_ns), ops.total_ns
    for cause in fixed:
        if not cause.saves_gaps:
            left[cause.positions] -= np.nan_to_num(cause.expected)
            left_ns -= cause.expected_saving_ns or 0.0
    return IfFixed(
        causes=tuple(cause.id for cause in fixed),
        saving_ns=ops.total_ns - left_ns,
        left_ns=left_ns,
        least_ns=ops.total_ns - sum(cause.bound_ns or 0.0 for cause in fixed if not cause.saves_gaps),
        gap_saving_ns=sum(cause.expected_saving_ns or 0.0 for cause in fixed if cause.saves_gaps),
        fps=ops.fps(facts.inference_ns(left)) if ops.nearly_all_timed and not ops.planned else None,
        unknown=tuple(cause.id for cause in fixed if cause.expected_saving_ns is None),
    )
