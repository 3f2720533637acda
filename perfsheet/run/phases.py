"""Where a run is: read from the events of the target and from what the profiler prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from perfsheet.progress import Phase, Watch
from perfsheet.run.events import Event, Events
from perfsheet.run.process_tree import is_alive
from perfsheet.run.test_verdict import Source

# What the profiler says on its way through post-processing, in order; the same since 0.60.
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


class Tracker:
    """Follows one run and tells `watch`.

    `over` is True once the target has come to its end, `gone` once its process is no more, `tests` counts those that
    began, `launched` says that the profiler has started it. `said` gets the telling lines that pytest kept to itself.
    """

    def __init__(
        self, events: Path, source: Source, watch: Watch, profiled: bool, said: Callable[[str], None] = lambda _: None
    ) -> None:
        self._events, self._watch, self._said = Events(events), watch, said
        self._first = Phase.COLLECT if source == "pytest" else Phase.RUN
        self._profiled = profiled
        self.tests = 0
        self._total: int | None = None
        self.phase = Phase.START
        self.over = False
        self.launched = False
        self._pid: int | None = None

    def poll(self) -> None:
        """Take in what the target has told since the last time."""
        for event in self._events.new():
            self._take(event)
        if not self.over and self.gone:  # killed, or it called os._exit
            self._end()
        self._watch.alive()

    @property
    def gone(self) -> bool:
        """Whether the target's process was there and is no more."""
        return self._pid is not None and not is_alive(self._pid)

    def read(self, line: str) -> None:
        """Take in a line of output."""
        done = next((place for place, text in enumerate(_MILESTONES, 1) if text in line), 0)
        if done and self._profiled:
            self.poll()  # what the target told comes before it
            self._enter(Phase.POST_PROCESS)
            self._watch.progress(done, len(_MILESTONES))
        self.launched = self.launched or _LAUNCHED in line
        self._watch.line(line)

    @property
    def started(self) -> bool:
        """Whether the target has told of itself."""
        return self._pid is not None

    def _take(self, event: Event) -> None:
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
            case "said":
                self._said(event["line"])
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
