"""The one line that a graph report which cannot be read ends with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfsheet.errors import PerfsheetError, unusable

_HINT = "give a folder that TTNN's graph report made (generated/ttnn/reports/…), its db.sqlite, or a capture's JSON"


def unreadable(path: Path | str, reason: str) -> PerfsheetError:
    """A graph report that cannot be read (exit status 3)."""
    return unusable(f"{path}: {reason}", _HINT)


@contextmanager
def damage(path: Path, where: str) -> Iterator[None]:
    """Values of other types than TTNN writes, which anything that computes with them trips over, are damage."""
    try:
        yield
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError, RecursionError, StopIteration):
        raise unreadable(path, f"damaged: {where} holds other values than TTNN writes") from None
