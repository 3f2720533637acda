"""From signposts to the regions between those that open and those that close."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.windows.window import Window
from perfsheet.capture.table import OpsTable, RowKind

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
class Mark:
    """A signpost: its place among the rows of the window, its text, its record number and when the host set it."""

    place: int
    name: str
    row: int
    host_ns: float


@dataclass
class Span:
    """A region: `start` and `end` are places among the rows of the window, `opened` the index of its opening mark.

    `index` is its own among all regions, `parent` that of the region around it.
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
    """Match openings and closings, innermost first; the spans in order of their start.

    A plain mark opens a region when a closing signpost of its name follows: `Oft module` … `Oft module finished`.
    """
    said = [label(mark.name) for mark in marks]
    closings = Counter(name for name, role in said if role == "closes")
    still_open: list[Span] = []
    open_by_name: dict[str, list[int]] = {}
    found: list[Span] = []
    unmatched: list[int] = []
    for index, (mark, (name, role)) in enumerate(zip(marks, said, strict=True)):
        if role == "closes":
            closings[name] -= 1
            depth = _opened_by(name, open_by_name)
            if depth is None:
                unmatched.append(index)
                continue
            # What it leaves open inside ends with it.
            for inner in still_open[depth:]:
                inner.end = mark.place
                open_by_name[inner.name].pop()
            still_open[depth].closed = True
            del still_open[depth:]
        elif role == "opens" or closings[name] > 0:
            outer = still_open[-1].index if still_open else None
            span = Span(len(found), name, index, mark.place, end, len(still_open), outer)
            still_open.append(span)
            open_by_name.setdefault(name, []).append(span.depth)
            found.append(span)
    return found, unmatched


def _opened_by(name: str, open_by_name: dict[str, list[int]]) -> int | None:
    """The depth of the innermost open region of that name, else of one that the name abbreviates.

    `OftNet finished` ends `OftNet module`.
    """
    same = open_by_name.get(name)
    if same:
        return same[-1]
    longer = [depths[-1] for opened, depths in open_by_name.items() if depths and opened.startswith(f"{name} ")]
    return max(longer, default=None)
