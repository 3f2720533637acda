"""Ops of a capture, built alone by TTNN on a mock board: as recorded, and in other ways.

    board = session("n150", (8, 8), python=None)
    trials = try_ops(analysis, positions, board)

TTNN accepts or refuses each way; how fast it is, only a device tells. Failures raise perfsheet.errors.PerfsheetError.
"""

from perfsheet.trials.results import Built, Trial, Tried
from perfsheet.trials.session import Session, session
from perfsheet.trials.trial import described, try_ops

__all__ = ["Built", "Session", "Trial", "Tried", "described", "session", "try_ops"]
