"""Signposts, and the regions between opening and closing ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.statistics import known, ratio
from perfsheet.analysis.window import Window
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, OpsTable, RowKind
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Signpost:
    """A signpost: its record number, the host time (ns after the first signpost, None = unknown), and the device ops up
    to the next signpost with their kernel time."""

    row: int
    name: str
    host_ns: float | None
    ops: int
    kernel_ns: float


@dataclass(frozen=True)
class Region:
    """The rows between an opening and a closing signpost. `number` counts regions of the same name, from 1.

    `depth` is 0 for outermost regions. `kernel_ns` covers all device ops inside, `self_ns` those in no inner region;
    `share` is the fraction of the window's kernel time. `closed` is False if the capture ends first. `start` and `end`:
    places of its first row, and of the one behind its last, among the rows that were selected.
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
    start: int
    end: int

    def has(self, places: IntArray) -> BoolArray:
        """Whether rows with these places (`places_in`) lie inside."""
        return np.asarray((places >= self.start) & (places < self.end))


@dataclass(frozen=True)
class Signposts:
    """All signposts of a window and the tree of regions, in order; `outside_*`: device ops in no region.

    `unmatched` are closing signposts without an opening one.
    """

    signposts: tuple[Signpost, ...]
    regions: tuple[Region, ...]
    outside_ops: int
    outside_ns: float
    unmatched: tuple[Signpost, ...]


def signposts(window: Window, ops: Ops) -> Signposts:
    """Read the signposts of a window; the time of a region is the kernel time of the device ops between its rows."""
    table = ops.table
    kernel = np.zeros(len(table))
    kernel[ops.rows] = np.nan_to_num(ops.kernel_ns)
    is_op = np.zeros(len(table))
    is_op[ops.rows] = 1
    time, count = _running(kernel[window.rows]), _running(is_op[window.rows])
    window_marks = marks(table, window)
    inside, unmatched = spans(window_marks, len(window.rows))
    listed = tuple(_listed(window_marks, time, count))
    return Signposts(
        signposts=listed,
        regions=tuple(_regions(inside, window_marks, time, count, window, ops)),
        outside_ops=int(count[-1] - sum(count[span.end] - count[span.start] for span in inside if span.depth == 0)),
        outside_ns=float(time[-1] - sum(time[span.end] - time[span.start] for span in inside if span.depth == 0)),
        unmatched=tuple(listed[index] for index in unmatched),
    )


def _running(values: FloatArray) -> FloatArray:
    """The running sum before each index, and the total."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _regions(
    spans: list[Span], marks: list[Mark], time: FloatArray, count: FloatArray, window: Window, ops: Ops
) -> Iterator[Region]:
    totals = [(float(time[span.end] - time[span.start]), int(count[span.end] - count[span.start])) for span in spans]
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
            start=span.start,
            end=span.end,
        )


def places_in(selected: Window, ops: Ops) -> IntArray:
    """For each op its place among the rows that were selected; record numbers repeat where a run has several files."""
    places = np.full(len(ops.table), -1, dtype=np.int64)
    places[selected.rows] = np.arange(len(selected.rows))
    return np.asarray(places[ops.rows])


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


_OPENS = {"start", "started", "starts", "begin", "begins", "began", "begun", "enter"}
_CLOSES = {"stop", "stopped", "stops", "end", "ended", "ends", "finish", "finished", "done", "exit"}
_WORDS = re.compile(r"[^\W_]+|[\W_]+")


def marks(table: OpsTable, window: Window) -> list[Mark]:
    """The signposts of a window, in order."""
    places = np.flatnonzero(table.kind[window.rows] == RowKind.SIGNPOST).tolist()
    names, host = table.text("op_code"), table.number("host_start_ns")
    return [
        Mark(place, names[row].strip(), int(table.row[row]), float(host[row]))
        for place, row in zip(places, window.rows[places].tolist(), strict=True)
    ]


def label(name: str) -> tuple[str, str]:
    """The name of the region that a signpost refers to, and whether it `opens` or `closes` it (blank: neither).

    `OFT block started`, `start_OFT block` and `OFT block ended` all refer to `OFT block`.
    """
    parts = _WORDS.findall(name)
    words = [index for index, part in enumerate(parts) if part[0].isalnum()]
    for index in (words[-1:] + words[:1]) if words else []:
        verb = parts[index].lower()
        if verb in _OPENS | _CLOSES:
            rest = "".join(parts[:index] + parts[index + 1 :]).strip(" _-:.[]()")
            return rest, "opens" if verb in _OPENS else "closes"
    return name, ""


@dataclass(frozen=True)
class Mark:
    """A signpost: its index among the rows of the window, its text, its record number and its host time."""

    place: int
    name: str
    row: int
    host_ns: float


@dataclass
class Span:
    """A region: `start` and `end` are indices among the rows of the window, `opened` is the index of its opening mark.

    `index` is its own index among all regions, `parent` that of the region around it.
    """

    index: int
    name: str
    opened: int
    start: int
    end: int
    depth: int
    parent: int | None = None
    closed: bool = False


def spans(marks: list[Mark], end: int) -> tuple[list[Span], list[int]]:
    """Match opening and closing marks, innermost first; returns the spans by start, and the unmatched marks.

    A plain mark opens a region if a closing one of its name follows: `Oft module` … `Oft module finished`.
    """
    labels = [label(mark.name) for mark in marks]
    closings = Counter(name for name, role in labels if role == "closes")
    still_open: list[Span] = []
    open_by_name: dict[str, list[int]] = {}
    matched: list[Span] = []
    unmatched: list[int] = []
    for index, (mark, (name, role)) in enumerate(zip(marks, labels, strict=True)):
        if role == "closes":
            closings[name] -= 1
            depth = _opened_by(name, open_by_name)
            if depth is None:
                unmatched.append(index)
                continue
            # Regions that are still open inside end with it.
            for inner in still_open[depth:]:
                inner.end = mark.place
                open_by_name[inner.name].pop()
            still_open[depth].closed = True
            del still_open[depth:]
        elif role == "opens" or closings[name] > 0:
            outer = still_open[-1].index if still_open else None
            span = Span(len(matched), name, index, mark.place, end, len(still_open), outer)
            still_open.append(span)
            open_by_name.setdefault(name, []).append(span.depth)
            matched.append(span)
    return matched, unmatched


def _opened_by(name: str, open_by_name: dict[str, list[int]]) -> int | None:
    """The depth of the innermost open region of that name, else of one whose name it abbreviates.

    `OftNet finished` ends `OftNet module`.
    """
    same = open_by_name.get(name)
    if same:
        return same[-1]
    longer = [depths[-1] for opened, depths in open_by_name.items() if depths and opened.startswith(f"{name} ")]
    return max(longer, default=None)
