"""Checks that count rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.results import Check
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray

if TYPE_CHECKING:
    from perfsheet.analysis.summary import CaptureSummary


def row_check(name: str, label: str, bad: BoolArray, fine: str, problem: str, repaired: bool = False) -> Check:
    """A check that counts the rows in `bad`; the detail is `problem` with `{rows}` filled in, or `fine` without any."""
    count = int(np.count_nonzero(bad))
    detail = problem.format(rows=rows(count, "device row")) if count else fine
    return Check(name, label, not count, count, detail, repaired and bool(count))


def counts(summary: CaptureSummary) -> Iterator[Check]:
    """The rows of the window by kind, and what was dropped."""
    time = "usable kernel duration" if summary.plan is None else "known least time"
    for name, count, detail in (
        ("device-rows", summary.device_rows, "device rows in the window; all figures cover these"),
        ("timed-rows", summary.timed_rows, f"of these with a {time}: ranked and summed"),
        ("host-rows", summary.host_rows, "host and python-fallback rows, not in any figure"),
        ("signpost-rows", summary.signpost_rows, "signposts, not in any figure"),
    ):
        yield Check(name, "Rows", True, count, detail)
    dropped = summary.dropped_rows
    yield Check("dropped-rows", "Rows", not dropped, dropped, "rows dropped while reading")
