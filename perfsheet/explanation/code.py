"""The Python of a cure, as far as the capture tells it: proposed, or accepted by TTNN on a mock board."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.errors import PerfsheetError
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.board import board_of
from perfsheet.trials.causes import proposed
from perfsheet.trials.trial import describe


@dataclass(frozen=True)
class Piece:
    """Some Python, and what it is; blank where the capture does not tell enough."""

    label: str
    code: str


NOTHING = Piece("", "")


def proposal(analysis: Analysis, finding: Finding) -> Piece:
    """The first way of the cure; nobody has asked TTNN for it."""
    grid = _grid(analysis)
    return NOTHING if grid is None else Piece(*proposed(analysis, finding, grid))


def as_recorded(analysis: Analysis, position: int) -> str:
    """The Python of an op as it was recorded, built alone; blank where the capture does not tell enough of it."""
    grid = _grid(analysis)
    trial = None if grid is None else describe(analysis, [position], grid)
    return "" if trial is None or trial.code is None else trial.code.text


def _grid(analysis: Analysis) -> tuple[int, int] | None:
    try:
        return board_of(analysis)[1]
    except PerfsheetError:  # a grid that no board has
        return None
