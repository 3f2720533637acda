"""The grounds of an expected saving, best first."""

from __future__ import annotations

from enum import Enum

from perfsheet.light_dataclass import dataclass


class GroundKind(Enum):
    """What an expected saving rests on."""

    SIBLING = "sibling"
    BEST_SEEN = "best seen"
    RECORD = "record of the rule"


@dataclass(frozen=True)
class Ground:
    """Why an expected saving is believed, in a few words."""

    kind: GroundKind
    text: str
