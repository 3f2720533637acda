"""Colours of charts and accents, distinct for all kinds of colour vision, on light and dark."""

from __future__ import annotations

from collections.abc import Sequence

ACCENT, QUIET = "#1F78B4", "#6B7785"

# Okabe and Ito's set (jfly.uni-koeln.de/color) without black and yellow, which vanish on dark or light, and a brown.
_CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31")
REST = "#8A94A0"
"""The rest."""


def colours(categories: Sequence[str], rest: str) -> dict[str, str]:
    """A colour for each category, in their order; `rest` and whatever is beyond the set share a grey."""
    named = [category for category in categories if category != rest]
    return dict.fromkeys((*named, rest), REST) | dict(zip(named, _CATEGORIES, strict=False))
