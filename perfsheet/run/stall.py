"""Runs that can come to no report any more: the profiler would wait for nothing, two minutes at least."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from perfsheet.run.failures import refused
from perfsheet.run.phases import Tracker
from perfsheet.run.test_verdict import Source, read_verdict

_PATIENCE_S = 3.0
_SILENT_PATIENCE_S = 10.0
_LOOK_EVERY_S = 1.0


class Hopeless:
    """Tells, while a run goes on, that no report will come of it.

    Pytest has refused the run or came to no test; or the target's process is gone without a device log
    (`device_logged`); or it ended before it could tell anything (`target_lives` asks for its process). `again`: the
    profiler runs the target several times, so that a target that is gone may come back.
    """

    def __init__(
        self,
        tracker: Tracker,
        verdict_file: Path,
        source: Source,
        device_logged: Callable[[], bool],
        target_lives: Callable[[], bool],
        again: bool = False,
    ) -> None:
        self._tracker, self._verdict_file, self._source = tracker, verdict_file, source
        self._device_logged, self._target_lives, self._again = device_logged, target_lives, again
        self._over, self._gone, self._absent = _Since(), _Since(), _Since()
        self._verdict_read = self._is_absent = False
        self._look_at = 0.0

    def __call__(self) -> bool:
        """Whether there is nothing to wait for; asked several times a second."""
        tracker = self._tracker
        tracker.poll()
        if not tracker.started:
            return tracker.launched and self._never_started()
        if self._over.seconds(tracker.over) > _PATIENCE_S and not self._verdict_read:
            self._verdict_read = True
            if refused(read_verdict(self._verdict_file, self._source)):
                return True
        patience = _SILENT_PATIENCE_S if tracker.tests or self._source == "script" else _PATIENCE_S
        gone = self._gone.seconds(tracker.over and tracker.gone)
        return not self._again and gone > patience and not self._device_logged()

    def _never_started(self) -> bool:
        now = time.monotonic()
        if now >= self._look_at:  # a look at all processes costs more than one at a file
            self._look_at = now + _LOOK_EVERY_S
            self._is_absent = not self._target_lives()
        return self._absent.seconds(self._is_absent) > _PATIENCE_S


class _Since:
    """For how long something has been so."""

    def __init__(self) -> None:
        self._at: float | None = None

    def seconds(self, is_so: bool) -> float:
        if not is_so:
            self._at = None
            return 0.0
        now = time.monotonic()
        self._at = now if self._at is None else self._at
        return now - self._at
