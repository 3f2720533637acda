"""An amount of work, or the reason why it is unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """FLOPs or bytes of one op; `amount` None = unknown, and then `reason` says why."""

    amount: float | None
    reason: str = ""


def unknown(reason: str) -> Work:
    """Work that cannot be told from a capture."""
    return Work(None, reason)


NO_FLOP_MODEL = unknown("no FLOP model of this op")
SPARSE_MATMUL = unknown("sparse matmul: how many blocks are non-zero is not in the capture")
