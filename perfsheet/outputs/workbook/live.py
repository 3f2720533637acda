"""Formulas that follow the input cells of Summary, each with the value that it has now; and links that follow sorting.

Each starts with SUM or HYPERLINK: that tells our formulas from text of a capture that turned into one, for linters of
workbooks. No text of a capture stands in any.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from perfsheet.analysis.analyze import NO_MODEL, NOISY, NOT_PHYSICAL
from perfsheet.analysis.rules import low_core_count
from perfsheet.outputs.workbook.cells import Formula

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.tables import Layout

REF_CORES = "ref_cores"
"""Defined name of the input cell on Summary: a core count, or `grid` for each op's own worker grid."""
LOW_CORES = "low_cores_pct"
"""Defined name of the input cell: few cores are this share of the worker grid or less, in percent."""
BATCH = "batch"
"""Defined name of the input cell: samples that the window works on."""

_ROW = "{row}"
_LONGEST_LITERAL = 250
"""Excel takes 255 characters between two quotes."""


class UtilizationPlaces(NamedTuple):
    """The names of the sheet's columns that the utilization is computed from."""

    ideal: str
    kernel: str
    cores: str
    grid: str

    @classmethod
    def on(cls, layout: Layout, ideal: str = "pm_ideal_ns") -> UtilizationPlaces:
        """Where they are on a sheet; `ideal` is the key of its PM IDEAL."""
        return cls(*map(layout.letters, (ideal, "kernel_duration_ns", "core_count", "worker_cores")))


def utilization(row: int, places: UtilizationPlaces, value: float | None) -> Formula | None:
    """(PM IDEAL / kernel duration) × (ref_cores / core count) of a row (from 0); None where the value is unknown."""
    return None if value is None else Formula(_utilization(places).replace(_ROW, str(row + 1)), value)


@lru_cache
def _utilization(places: UtilizationPlaces) -> str:
    ideal, kernel, cores, grid = (f"{letters}{_ROW}" for letters in places)
    reference = f'IF(ISNUMBER({REF_CORES}),{REF_CORES},IF({grid}="",NA(),{grid}))'
    return f"=SUM(({ideal}/{kernel})*({reference}/{cores}))"


def fps(kernel_ns: float, value: float | None) -> Formula | None:
    """1e9 × batch / kernel time."""
    return None if value is None else Formula(f"=SUM(1E9*{BATCH}/{kernel_ns!r})", value)


class FlagPlaces(NamedTuple):
    """The names of the sheet's columns that flags are computed from."""

    cores: str
    grid: str
    utilization: str
    by_grid: str

    @classmethod
    def on(cls, layout: Layout) -> FlagPlaces:
        """Where they are on a sheet."""
        return cls(*map(layout.letters, ("core_count", "worker_cores", "utilization_pct", "utilization_grid_pct")))


def flags(row: int, places: FlagPlaces, shown: Sequence[str], can_be_low: bool) -> Formula | str:
    """The flags of an op: the low core count follows low_cores_pct, not-physical the utilizations; the rest is fixed.

    `can_be_low`: core count and worker grid are known, and the op is timed. A text where nothing can change.
    """
    text, now = _flags(places, tuple(shown), can_be_low), ", ".join(shown)
    return Formula(text.replace(_ROW, str(row + 1)), now) if text else now


@lru_cache(maxsize=4096)
def _flags(places: FlagPlaces, shown: tuple[str, ...], can_be_low: bool) -> str:
    """The formula of every op with these flags; blank where nothing can change."""
    low, impossible = low_core_count.RULE.id, NOT_PHYSICAL
    cores, grid, first, second = (f"{letters}{_ROW}" for letters in places)
    own = [flag for flag in shown if flag not in (low, impossible)]
    split = own.index(NO_MODEL) + 1 if NO_MODEL in own else len([flag for flag in own if flag != NOISY])
    parts = [
        f'IF({cores}<={grid}*({LOW_CORES}/100),", {low}","")' if can_be_low else "",
        _literals(own[:split]),
        "" if NO_MODEL in own else f'IF(IFERROR(OR(N({first})>1,N({second})>1),FALSE),", {impossible}","")',
        _literals(own[split:]),
    ]
    text = "&".join(filter(None, parts))
    return f"=HYPERLINK(\"#'Hotspots'!A1\",MID({text},3,9999))" if "IF(" in text else ""


def _literals(names: Sequence[str]) -> str:
    text = "".join(f", {name}" for name in names)
    pieces = [text[at : at + _LONGEST_LITERAL] for at in range(0, len(text), _LONGEST_LITERAL)]
    return "&".join(f'"{piece}"' for piece in pieces)


def link_to_row(sheet: str, column: str, row: int, key: int, text: int) -> Formula:
    """A number that leads to the row of another sheet whose `column` has `key`, wherever sorting has put it.

    `row` (from 1) is where it is now: as long as that holds, nothing is searched.
    """
    there = f"'{sheet}'!${column}"
    place = f"IF({there}{row}={key},ROW({there}{row}),MATCH({key},{there}:${column},0))"
    return Formula(f"=HYPERLINK(\"#'{sheet}'!A\"&{place},{text})", text)


def link_to_id(sheet: str, identifier: str, text: str) -> Formula:
    """A text of ours that leads to the first row of another sheet whose column A has that id."""
    return Formula(f'=HYPERLINK("#\'{sheet}\'!A"&MATCH("{identifier}",\'{sheet}\'!$A:$A,0),"{text}")', text)
