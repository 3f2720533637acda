"""The pieces that several results of the JSON contract share."""

from __future__ import annotations

import math
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import RowRef
from perfsheet.analysis.statistics import Spread, known
from perfsheet.capture.table import IntArray
from perfsheet.tables.spreads import SPREAD, as_spreads

Json = dict[str, Any]


def row(ref: RowRef) -> Json:
    """Where an op stands in its capture."""
    return {
        "file": ref.file,
        "row": ref.row,
        "device_id": ref.device_id,
        "global_call_count": ref.global_call_count,
        "replay_session": ref.replay_session,
    }


def rows(analysis: Analysis, positions: IntArray) -> list[Json]:
    """Where several ops stand."""
    return [row(analysis.row_ref(position)) for position in positions.tolist()]


def percent(fraction: float | None) -> float | None:
    """A fraction in percent."""
    return None if fraction is None else known(100 * fraction)


def number(value: float | None) -> float | int | None:
    """Whole numbers without a fraction, as the capture has them; NaN is unknown."""
    if value is None or math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def spread(spread: Spread) -> Json:
    """The statistics of one figure."""
    return SPREAD.records(as_spreads([spread]))[0]
