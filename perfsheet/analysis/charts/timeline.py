"""Where in the run the time goes: kernel time of consecutive ops, by category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.categories import category
from perfsheet.analysis.ops import Ops
from perfsheet.capture.table import FloatArray, IntArray

_MOST_BINS = 400
_MOST_CATEGORIES = 7
REST = "all else"


@dataclass(frozen=True, eq=False)
class Timeline:
    """The ops in execution order, `ops_per_bin` to a bin.

    `first`: place of the first op of each bin, from 1. `kernel_ns` has a line per bin and a column per category;
    all of it sums to the kernel time. The last category is `all else` where there are more than seven.
    """

    ops_per_bin: int
    first: IntArray
    categories: tuple[str, ...]
    kernel_ns: FloatArray


def timeline(ops: Ops) -> Timeline:
    """Bins of equally many ops, at most 400 of them: one op each in captures up to that length."""
    per_bin = max(1, -(-len(ops) // _MOST_BINS))
    bins = -(-len(ops) // per_bin)
    names = ops.codes.mapped(category)
    kernel = np.nan_to_num(ops.kernel_ns)
    time = {name: float(kernel[rows].sum()) for name, rows in names.places()}
    ranked = sorted(time, key=lambda name: -time[name])
    shown = ranked if len(ranked) <= _MOST_CATEGORIES + 1 else [*ranked[:_MOST_CATEGORIES], REST]
    place = {name: min(index, len(shown) - 1) for index, name in enumerate(ranked)}
    kernel_ns = np.zeros((bins, len(shown)))
    column = np.array([place.get(name, 0) for name in names.values], dtype=np.int64)[names.codes]
    np.add.at(kernel_ns, (np.arange(len(ops)) // per_bin, column), kernel)
    return Timeline(per_bin, np.arange(bins) * per_bin + 1, tuple(shown), kernel_ns)
