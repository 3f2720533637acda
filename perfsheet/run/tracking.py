"""Where a run is while it goes on, read from the target's events and the profiler's output, and whether it stalls."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from perfsheet.progress import Phase, Watch
from perfsheet.run.failures import refused
from perfsheet.run.verdict import Event, EventFile, Source, read_verdict

# What the profiler prints on its way through post-processing, in order; unchanged since 0.60.
_MILESTONES = (
    "Host side ops time report generated",
    "Host side ops data report generated",
    "Importing ops logs",
    "Appending device data",
    "OPs' perf analysis is finished",
    "Copying runtime artifacts",
    "Generating OPs CSV",
    "OPs csv generated at",
)
_LAUNCHED = "Test process started"
_PATIENCE_S = 3.0
_SILENT_PATIENCE_S = 10.0
_LOOK_EVERY_S = 1.0


class Tracker:
    """Follows one run and reports its progress to `watch`.

    `over` is True once the target has finished, `gone` once its process has ended, `tests` counts the tests that have
    begun, `launched` is True once the profiler has started the target. `on_runtime_line` gets lines about the profiler
    or the device that pytest captured.
    """

    def __init__(
        self,
        events: Path,
        source: Source,
        watch: Watch,
        profiled: bool,
        on_runtime_line: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._events, self._watch, self._on_runtime_line = EventFile(events), watch, on_runtime_line
        self._first = Phase.COLLECT if source == "pytest" else Phase.RUN
        self._profiled = profiled
        self.tests = 0
        self._total: int | None = None
        self.phase = Phase.START
        self.over = False
        self.launched = False
        self._pid: int | None = None

    def poll(self) -> None:
        """Process the target's events since the last call."""
        for event in self._events.new():
            self._process(event)
        if not self.over and self.gone:  # killed, or it called os._exit
            self._end()
        self._watch.alive()

    @property
    def gone(self) -> bool:
        """Whether the target's process has started and ended."""
        from perfsheet.machine.processes import is_alive

        return self._pid is not None and not is_alive(self._pid)

    def read(self, line: str) -> None:
        """Process a line of output."""
        done = next((number for number, text in enumerate(_MILESTONES, 1) if text in line), 0)
        if done and self._profiled:
            self.poll()  # the target's events come before it
            self._enter(Phase.POST_PROCESS)
            self._watch.progress(done, len(_MILESTONES))
        self.launched = self.launched or _LAUNCHED in line
        self._watch.line(line)

    @property
    def started(self) -> bool:
        """Whether the target has sent its first events."""
        return self._pid is not None

    def _process(self, event: Event) -> None:
        match event["event"]:
            case "session":
                self.tests, self._pid, self.over = 0, event.get("pid"), False
                self._enter(self._first)
            case "collected":
                self._total = event["count"]
            case "test":
                self._enter(Phase.RUN)
                self.tests += 1
                self._watch.test(event["nodeid"], self.tests, self._total)
            case "runtime":
                self._on_runtime_line(event["line"])
            case "end" | "exit":
                self._end()

    def _end(self) -> None:
        self.over = True
        if self._profiled and self.phase != Phase.POST_PROCESS:
            self._enter(Phase.CAPTURE)

    def _enter(self, phase: Phase) -> None:
        if phase != self.phase:
            self.phase = phase
            self._watch.phase(phase)


class StallDetector:
    """Detects, while a run goes on, that it will produce no report: the profiler would still wait for minutes.

    That is so when pytest has rejected the command or run no test, when the target's process is gone without a device
    log (`device_logged`), or when it ended before its first event (`target_lives` looks for its process). `reruns`: the
    profiler runs the target several times, so that a target that is gone may come back.
    """

    def __init__(
        self,
        tracker: Tracker,
        verdict_file: Path,
        source: Source,
        device_logged: Callable[[], bool],
        target_lives: Callable[[], bool],
        reruns: bool = False,
    ) -> None:
        self._tracker, self._verdict_file, self._source = tracker, verdict_file, source
        self._device_logged, self._target_lives, self._reruns = device_logged, target_lives, reruns
        self._over, self._gone, self._absent = _Stopwatch(), _Stopwatch(), _Stopwatch()
        self._verdict_read = self._is_absent = False
        self._look_at = 0.0

    def __call__(self) -> bool:
        """Whether there is nothing left to wait for; called several times a second."""
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
        return not self._reruns and gone > patience and not self._device_logged()

    def _never_started(self) -> bool:
        now = time.monotonic()
        if now >= self._look_at:  # looking at all processes costs more than reading a file
            self._look_at = now + _LOOK_EVERY_S
            self._is_absent = not self._target_lives()
        return self._absent.seconds(self._is_absent) > _PATIENCE_S


class _Stopwatch:
    """How long a condition has been true."""

    def __init__(self) -> None:
        self._since: float | None = None

    def seconds(self, is_true: bool) -> float:
        if not is_true:
            self._since = None
            return 0.0
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since
