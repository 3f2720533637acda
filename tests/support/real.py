"""Captures of real runs, in a folder `shared` beside the checkout. They are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
WHY_NOT = "no folder shared/data with real captures beside the checkout"

_LARGEST = int(os.environ.get("PERFSHEET_LARGEST_CAPTURE", "0"))
"""Bytes; larger captures are left out. `make test-oldest` sets it: its question is the libraries, not the captures."""

CAPTURES = sorted(path for path in DATA.glob("*.csv") if not _LARGEST or path.stat().st_size <= _LARGEST)
CASES = sorted((DATA.parent / "cases").glob("*.csv"))
OTHER_FILES = sorted((DATA / "other-files").glob("*")) if DATA.is_dir() else []

INVALID_DURATIONS = "blackhole-p150-llama-decode-invalid-durations.csv"
"""Start and end markers of different replays: 13 of its 20 kernels seem to last 6.92 s."""

needs_real_captures = pytest.mark.skipif(not CAPTURES, reason=WHY_NOT)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Parametrize `path` over real files, or skip with the reason."""
    params = [pytest.param(path, id=path.name) for path in paths]
    return pytest.mark.parametrize("path", params or [pytest.param(None, marks=pytest.mark.skip(reason=WHY_NOT))])


def capture(name: str) -> Path:
    path = DATA / f"{name}.csv"
    if not path.is_file():
        pytest.skip(WHY_NOT)
    return path
