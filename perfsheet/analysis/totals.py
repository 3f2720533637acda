"""Kernel time by op type and category, and the FPS that follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import CONV, MATMUL, category
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.results import OpType
from perfsheet.analysis.statistics import known_ints, ratio
from perfsheet.analysis.summary import Fps
from perfsheet.capture.arrays import median
from perfsheet.capture.table import BoolArray
from perfsheet.capture.texts import Texts


def by_op_type(ops: Ops, low_cores: BoolArray) -> list[OpType]:
    """One entry per op code, most kernel time first."""
    return _totals(ops, ops.codes, low_cores, lambda label: (label, category(label)))


def by_category(ops: Ops, low_cores: BoolArray) -> list[OpType]:
    """One entry per category of ops/categories.py, most kernel time first."""
    return _totals(ops, ops.codes.mapped(category), low_cores, lambda label: ("", label))


def _totals(ops: Ops, labels: Texts, low_cores: BoolArray, names: Callable[[str], tuple[str, str]]) -> list[OpType]:
    timed = np.flatnonzero(ops.timed)
    entries: list[OpType] = []
    for label, places in labels.take(timed).places():
        positions = timed[places]
        kernel = ops.kernel_ns[positions]
        cores = known_ints(ops.cores[positions])
        op_code, named_category = names(label)
        entries.append(
            OpType(
                op_code=op_code,
                category=named_category,
                count=len(positions),
                kernel_ns=float(np.nansum(kernel)),
                share=ratio(float(np.nansum(ops.counted_ns[positions])), ops.total_ns),
                median_ns=median(kernel),
                longest_ns=float(np.fmax.reduce(kernel)),
                cores_min=cores[0] if cores else None,
                cores_max=cores[-1] if cores else None,
                low_core_count=int(low_cores[positions].sum()),
            )
        )
    return sorted(entries, key=lambda entry: -entry.kernel_ns)


def fps(facts: Facts) -> Fps:
    """1e9 × batch / the time of one inference: for all ops, for matmuls and convolutions, and for the rest.

    Unknown if more than a hundredth of the ops have no usable duration.
    """
    ops = facts.ops
    if not ops.nearly_all_timed:
        return Fps(None, None, None)
    work = ops.in_category(MATMUL, CONV)
    beyond = facts.inference_ns(np.zeros(len(ops)))
    times = [facts.inference_ns(ops.exposed_ns)]
    parts = (these & facts.of_busiest for these in (work, ~work))
    times += [facts.inference_ns(np.where(these, ops.exposed_ns, 0.0)) - beyond for these in parts]
    every, work_only, rest = map(ops.fps, times)
    return Fps(every, work_only, rest)
