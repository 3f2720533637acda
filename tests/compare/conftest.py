from __future__ import annotations

import pytest

from perfsheet.comparison import compare


@pytest.fixture
def compared(analysis_of):
    """Compare two lists of rows."""

    def comparing(base, new, noise=5.0, **how):
        sides = [analysis_of(*rows, name=f"{name}.csv", **how) for name, rows in (("base", base), ("new", new))]
        return compare(*sides, noise)

    return comparing
