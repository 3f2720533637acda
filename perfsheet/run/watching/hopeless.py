"""Runs that can come to no report any more: the profiler would wait for nothing, two minutes at least."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from perfsheet.run.failures import refused
from perfsheet.run.watching.phases import Tracker
from perfsheet.run.watching.verdict import Source, read_verdict

_REFUSED_PATIENCE_S = 3.0
_SILENT_PATIENCE_S = 10.0


class Hopeless:
    """Tells, while a run goes on, that no report will come of it.

    Either pytest has refused the run, or the target's process is gone and no device has left a log (`device_logged`).
    `again`: the profiler runs the target several times, so that a target that is gone may come back.
    """

    def __init__(
        self,
        tracker: Tracker,
        verdict_file: Path,
        source: Source,
        device_logged: Callable[[], bool],
        again: bool = False,
    ) -> None:
        self._tracker, self._verdict_file, self._source = tracker, verdict_file, source
        self._device_logged, self._again = device_logged, again
        self._over_at = math.inf
        self._gone_at = math.inf
        self._verdict_read = False

    def __call__(self) -> bool:
        """Whether there is nothing to wait for; asked several times a second, it looks at files once."""
        self._tracker.poll()
        now = time.monotonic()
        if not self._tracker.over:
            self._over_at = self._gone_at = math.inf
            return False
        self._over_at = min(self._over_at, now)
        if self._tracker.gone:
            self._gone_at = min(self._gone_at, now)
        if not self._verdict_read and now - self._over_at > _REFUSED_PATIENCE_S:
            self._verdict_read = True
            if refused(read_verdict(self._verdict_file, self._source)):
                return True
        if not self._again and now - self._gone_at > _SILENT_PATIENCE_S:
            self._gone_at = math.inf if self._device_logged() else self._gone_at
            return self._gone_at != math.inf
        return False
