"""Arrays of a capture."""

from __future__ import annotations

from typing import Any

import numpy as np


def distinct(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The distinct values, ascending. Without the counts, numpy 2 would import its masked arrays to find them."""
    return np.asarray(np.unique(values, return_counts=True)[0])
