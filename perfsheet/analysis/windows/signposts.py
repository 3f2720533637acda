"""Signposts, and the regions between those that open and those that close."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.numbers import known
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.windows.window import Window
from perfsheet.capture.table import FloatArray, IntArray, RowKind

_OPENS = {"start", "started", "starts", "begin", "begins", "began", "begun", "enter"}
_CLOSES = {"stop", "stopped", "stops", "end", "ended", "ends", "finish", "finished", "done", "exit"}
_WORDS = re.compile(r"[^\W_]+|[\W_]+")


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

    `depth` is 0 for the outermost. `kernel_ns` is of all device ops inside, `self_ns` of those in no inner region.
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
    places = np.flatnonzero(table.kind[window.rows] == RowKind.SIGNPOST).tolist()
    marks = [
        _Mark(place, table.text("op_code")[row].strip(), int(table.row[row]), table.number("host_start_ns")[row])
        for place, row in zip(places, window.rows[places].tolist(), strict=True)
    ]
    spans, unmatched = _spans(marks, len(window.rows))
    listed = tuple(_listed(marks, time, count))
    return Signposts(
        signposts=listed,
        regions=tuple(_regions(spans, marks, time, count, window, table.row)),
        outside_ops=int(count[-1] - sum(count[one.end] - count[one.start] for one in spans if one.depth == 0)),
        outside_ns=float(time[-1] - sum(time[one.end] - time[one.start] for one in spans if one.depth == 0)),
        unmatched=tuple(listed[index] for index in unmatched),
    )


def label(name: str) -> tuple[str, str]:
    """What a signpost names, and whether it `opens`, `closes` or only marks it (blank).

    `OFT block started`, `start_OFT block` and `OFT block ended` all name `OFT block`.
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
class _Mark:
    place: int
    name: str
    row: int
    host_ns: float


@dataclass
class _Span:
    """`start` and `end` are places among the rows of the window, `opened` the index of its mark."""

    name: str
    opened: int
    start: int
    end: int
    depth: int
    closed: bool = False


def _running(values: FloatArray) -> FloatArray:
    """Sums over the places before each place, and over all of them."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _spans(marks: list[_Mark], end: int) -> tuple[list[_Span], list[int]]:
    """Match openings and closings, innermost first; the spans in order of their start.

    A plain mark opens a region when a closing signpost of its name follows: `Oft module` … `Oft module finished`.
    """
    closings = Counter(name for name, role in (label(mark.name) for mark in marks) if role == "closes")
    open_spans: list[_Span] = []
    spans: list[_Span] = []
    unmatched: list[int] = []
    for index, mark in enumerate(marks):
        name, role = label(mark.name)
        if role == "closes":
            closings[name] -= 1
            depth = _opened_by(name, open_spans)
            if depth is None:
                unmatched.append(index)
                continue
            # What it leaves open inside ends with it.
            for inner in open_spans[depth:]:
                inner.end = mark.place
            open_spans[depth].closed = True
            del open_spans[depth:]
        elif role == "opens" or closings[name] > 0:
            span = _Span(name, index, mark.place, end, len(open_spans))
            open_spans.append(span)
            spans.append(span)
    return spans, unmatched


def _opened_by(name: str, open_spans: list[_Span]) -> int | None:
    """The innermost open region of that name, else one that the name abbreviates: `OftNet finished` ends `OftNet "
    "module`."""
    depths = range(len(open_spans) - 1, -1, -1)
    same = next((at for at in depths if open_spans[at].name == name), None)
    return same if same is not None else next((at for at in depths if open_spans[at].name.startswith(f"{name} ")), None)


def _regions(
    spans: list[_Span], marks: list[_Mark], time: FloatArray, count: FloatArray, window: Window, row_numbers: IntArray
) -> Iterator[Region]:
    seen: Counter[str] = Counter()
    for index, span in enumerate(spans):
        seen[span.name] += 1
        children = [
            one for one in spans[index + 1 :] if one.depth == span.depth + 1 and span.start < one.start < span.end
        ]
        inside, ops = time[span.end] - time[span.start], count[span.end] - count[span.start]
        last = int(row_numbers[window.rows[min(span.end, len(window.rows) - 1)]])
        yield Region(
            name=span.name or marks[span.opened].name,
            number=seen[span.name],
            depth=span.depth,
            first_row=marks[span.opened].row,
            last_row=last,
            ops=int(ops),
            self_ops=int(ops - sum(count[one.end] - count[one.start] for one in children)),
            kernel_ns=float(inside),
            self_ns=float(inside - sum(time[one.end] - time[one.start] for one in children)),
            closed=span.closed,
        )


def _listed(marks: list[_Mark], time: FloatArray, count: FloatArray) -> Iterator[Signpost]:
    following_places = [*(mark.place for mark in marks), len(time) - 1][1:]
    for mark, following in zip(marks, following_places, strict=True):
        yield Signpost(
            row=mark.row,
            name=mark.name,
            host_ns=known(mark.host_ns - marks[0].host_ns),
            ops=int(count[following] - count[mark.place]),
            kernel_ns=float(time[following] - time[mark.place]),
        )
