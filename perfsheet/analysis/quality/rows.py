"""A check that counts rows."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.result import Check
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray


def row_check(name: str, label: str, bad: BoolArray, fine: str, trouble: str) -> Check:
    """`{rows}` in `trouble` stands for the number of ops that are bad."""
    count = int(np.count_nonzero(bad))
    return Check(name, label, not count, count, trouble.format(rows=rows(count, "device row")) if count else fine)
