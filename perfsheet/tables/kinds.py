"""Kinds of values: how each is written in text, in data (JSON, CSV, frames) and in the workbook."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perfsheet.analysis.results import RowRef
from perfsheet.light_dataclass import dataclass
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.analysis.graph.sources import Source


@dataclass(frozen=True)
class Kind:
    """How the values of a column are shown.

    `text` is for people (terminal, page, Markdown), `data` for programs, `cell` for the workbook, in the cell style
    `style`; those of a `signed` kind are differences. `unit` stands behind the title in every header, `text_unit` only
    where the values don't carry it themselves, `cell_unit` only in the workbook, because texts carry a unit that fits.
    Unknown values are None in all three.
    """

    name: str
    text: Callable[[Any], str]
    data: Callable[[Any], Any]
    style: str = "text"
    cell: Callable[[Any], Any] | None = None
    number: bool = True
    width: float = 12
    unit: str = ""
    text_unit: str = ""
    cell_unit: str = ""
    signed: bool = False


def number(value: float | None) -> float | int | None:
    """A number for data: whole ones without a fraction, as the capture has them; NaN is unknown."""
    if value is None or math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def percent(fraction: float | None) -> float | None:
    """A fraction in percent; NaN is unknown."""
    return None if fraction is None or not math.isfinite(fraction) else 100 * fraction


def row_data(ref: RowRef | None) -> dict[str, Any] | None:
    """A row reference as a JSON object."""
    if ref is None:
        return None
    return {
        "file": ref.file,
        "row": ref.row,
        "device_id": ref.device_id,
        "global_call_count": ref.global_call_count,
        "replay_session": ref.replay_session,
    }


def source_data(source: Source | None) -> dict[str, Any] | None:
    """A place in the source as a JSON object."""
    if source is None:
        return None
    return {
        "file": source.file,
        "line": source.line,
        "function": source.function,
        "call": source.call,
        "module": list(source.module),
    }


def _place_text(source: Source, ops: int) -> str:
    return f"{source.place} ×{ops:,}" if ops > 1 else source.place


def _places_data(places: Sequence[tuple[Source, int]]) -> list[dict[str, Any]]:
    return [{**(source_data(source) or {}), "ops": ops} for source, ops in places]


def _rows_data(refs: Sequence[RowRef]) -> list[dict[str, Any] | None]:
    return [row_data(ref) for ref in refs]


def _row_text(ref: RowRef | None) -> str:
    return "–" if ref is None else formats.place(ref, ref.several_files)


def _count(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:,.0f}"


def _plain(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.0f}"


def _optional(text: Callable[[float], str]) -> Callable[[float | None], str]:
    return lambda value: "–" if value is None or math.isnan(value) else text(value)


def _decimal(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _same(value: Any) -> Any:
    return value


def _or_null(value: str | None) -> str | None:
    return value or None


def _text(value: str | None) -> str:
    return value or ""


def _joined(values: Sequence[str]) -> str:
    return ", ".join(values)


TEXT = Kind("text", _text, _or_null, number=False, width=24)
"""Text; a blank one is unknown."""
LABEL = Kind("label", _text, _same, number=False, width=24)
"""Text that may be blank."""
QUIET = replace(LABEL, name="quiet", style="quiet")
"""Text that steps back, such as an id."""
LIST = Kind("list", _joined, list, cell=_joined, number=False, width=30)
COUNT = Kind("count", _count, number, "count", width=9)
ID = Kind("number", _plain, number, "plain_number", width=9)
"""A whole number that is a name: no separators."""
NS = Kind("ns", lambda value: formats.whole(number(value)), number, "ns", width=16, unit="ns")
PERCENT = Kind("percent", formats.in_percent, percent, "percent", width=11, text_unit="%")
"""A fraction, shown and exported in percent."""
# fmt: off
DELTA_NS = Kind("ns difference", lambda value: formats.signed(None if value is None else round(value)), number,
    "delta_ns", width=20, unit="ns", signed=True)
# fmt: on
"""A difference of two times; shown in whole ns."""
# fmt: off
DELTA_PERCENT = Kind("% difference", lambda fraction: formats.signed_percent(fraction).removesuffix(" %"), percent,
    "delta_percent", width=13, unit="%", signed=True)
# fmt: on
"""A relative difference, as a fraction, shown and exported in percent."""
RATE = Kind("rate", formats.rate, number, "decimal", width=11, unit="1/s")
DECIMAL = Kind("decimal", _optional(_decimal), number, "decimal", width=11)
CORES = Kind("cores", formats.span, list, "right", formats.span_cell, width=9)
"""The distinct core counts of a group, ascending."""
YES_NO = Kind("yes or no", lambda value: "yes" if value else "no", bool, cell=lambda value: "yes" if value else "no")
ROW = Kind("row", _row_text, row_data, "link_number", lambda ref: None if ref is None else ref.row, width=9)
"""The row of the capture: a link in the workbook, an object in JSON, the columns `file` and `row` in CSV."""
ROWS = Kind("rows", lambda refs: ", ".join(map(_row_text, refs)), _rows_data, number=False)
# fmt: off
SOURCE = Kind("source", lambda source: "" if source is None else source.place, source_data,
    cell=lambda source: None if source is None else source.place, number=False, width=24)
"""Where in the source: `file.py:12`; an object in JSON."""
SOURCES = Kind("sources", lambda places: ", ".join(_place_text(*place) for place in places), _places_data,
    cell=lambda places: ", ".join(_place_text(*place) for place in places), number=False, width=34)
# fmt: on
"""Several places, each with how many ops come from it."""
BYTES = Kind("bytes", formats.size, number, "count", width=14, cell_unit="B")
PCC = Kind("pcc", formats.pcc, number, "pcc", width=9)
LINK = Kind("link", _text, _same, "link", number=False)
"""Text that leads to another sheet of the workbook."""
