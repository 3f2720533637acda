"""The grounds of an expected saving, best first."""

from __future__ import annotations

from enum import Enum

from perfsheet.capture.table import FloatArray
from perfsheet.light_dataclass import dataclass

CAUTIOUS = 0.25
"""The part of its bound by which a finding without an expected saving is ranked."""


class GroundKind(Enum):
    """What an expected saving rests on."""

    SIBLING = "sibling"
    NO_MORE_PIECES = "no more pieces"
    BEST_SEEN = "best seen"
    RECORD = "record of the rule"


@dataclass(frozen=True)
class Ground:
    """Why an expected saving is believed, in a few words; `brief` is without the settings that differ."""

    kind: GroundKind
    text: str
    brief: str = ""


@dataclass(frozen=True, eq=False)
class Expectation:
    """For each op of a finding the expected saving in ns (NaN = unknown), and the ground of most of it."""

    savings: FloatArray
    ground: Ground | None
