"""Signposts, and the regions between those that open and those that close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.statistics import known, ratio
from perfsheet.analysis.windows.regions import Mark, Span, marks, spans
from perfsheet.analysis.windows.window import Window
from perfsheet.capture.table import FloatArray


@dataclass(frozen=True)
class Signpost:
    """One signpost: its record in the file, when the host set it (ns after the first one, None = unknown), and the
    device ops from it to the next one with their kernel time."""

    row: int
    name: str
    host_ns: float | None
    ops: int
    kernel_ns: float


@dataclass(frozen=True)
class Region:
    """What lies between an opening and a closing signpost. `number` counts regions of one name, from 1.

    `depth` is 0 for the outermost. `kernel_ns` is of all device ops inside, `self_ns` of those in no inner region,
    `share` of the kernel time of the window.
    `closed` is False when the capture ends before it does.
    """

    name: str
    number: int
    depth: int
    first_row: int
    last_row: int
    ops: int
    self_ops: int
    kernel_ns: float
    self_ns: float
    share: float
    closed: bool


@dataclass(frozen=True)
class Signposts:
    """All signposts of a window and the tree of regions, in order; `outside_*`: device ops in no region.

    `unmatched` are closing signposts that nothing opened.
    """

    signposts: tuple[Signpost, ...]
    regions: tuple[Region, ...]
    outside_ops: int
    outside_ns: float
    unmatched: tuple[Signpost, ...]


def signposts(window: Window, ops: Ops) -> Signposts:
    """Read the signposts of a window. Times of regions are kernel times of the device ops between their rows."""
    table = ops.table
    kernel = np.zeros(len(table))
    kernel[ops.rows] = np.nan_to_num(ops.kernel_ns)
    is_op = np.zeros(len(table))
    is_op[ops.rows] = 1
    time, count = _running(kernel[window.rows]), _running(is_op[window.rows])
    found = marks(table, window)
    inside, unmatched = spans(found, len(window.rows))
    listed = tuple(_listed(found, time, count))
    return Signposts(
        signposts=listed,
        regions=tuple(_regions(inside, found, time, count, window, ops)),
        outside_ops=int(count[-1] - sum(count[one.end] - count[one.start] for one in inside if one.depth == 0)),
        outside_ns=float(time[-1] - sum(time[one.end] - time[one.start] for one in inside if one.depth == 0)),
        unmatched=tuple(listed[index] for index in unmatched),
    )


def _running(values: FloatArray) -> FloatArray:
    """Sums over the places before each place, and over all of them."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _regions(
    spans: list[Span], marks: list[Mark], time: FloatArray, count: FloatArray, window: Window, ops: Ops
) -> Iterator[Region]:
    totals = [(float(time[one.end] - time[one.start]), int(count[one.end] - count[one.start])) for one in spans]
    inner = [(0.0, 0)] * len(spans)
    for span, (own_ns, own_ops) in zip(spans, totals, strict=True):
        if span.parent is not None:
            inner[span.parent] = (inner[span.parent][0] + own_ns, inner[span.parent][1] + own_ops)
    seen: Counter[str] = Counter()
    for span, (own_ns, own_ops), (inner_ns, inner_ops) in zip(spans, totals, inner, strict=True):
        seen[span.name] += 1
        yield Region(
            name=span.name or marks[span.opened].name,
            number=seen[span.name],
            depth=span.depth,
            first_row=marks[span.opened].row,
            last_row=int(ops.table.row[window.rows[min(span.end, len(window.rows) - 1)]]),
            ops=own_ops,
            self_ops=own_ops - inner_ops,
            kernel_ns=own_ns,
            self_ns=own_ns - inner_ns,
            share=ratio(own_ns, ops.total_ns),
            closed=span.closed,
        )


def _listed(marks: list[Mark], time: FloatArray, count: FloatArray) -> Iterator[Signpost]:
    following_places = [*(mark.place for mark in marks), len(time) - 1][1:]
    for mark, following in zip(marks, following_places, strict=True):
        yield Signpost(
            row=mark.row,
            name=mark.name,
            host_ns=known(mark.host_ns - marks[0].host_ns),
            ops=int(count[following] - count[mark.place]),
            kernel_ns=float(time[following] - time[mark.place]),
        )
