"""Progress of a long task while it runs; views subclass Watch to show it."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """The phases of a run, in order; each value is the name of the phase in every output."""

    START = "start"
    COLLECT = "collect"
    RUN = "run"
    CAPTURE = "capture"
    POST_PROCESS = "post-process"
    GRAPH = "capturing the graph"
    ANALYSE = "analyse"
    DONE = "done"


class Watch:
    """Is notified of the progress of a run, from the main thread only. Here every method does nothing."""

    def run(self, label: str) -> None:
        """A run of several begins: `label` says which, such as "run 2 of 5"."""

    def overall(self, done: int, total: int) -> None:
        """`done` of `total` runs of a series are over."""

    def phase(self, phase: Phase) -> None:
        """A phase begins."""

    def test(self, nodeid: str, index: int, total: int | None) -> None:
        """Test number `index` (from 1) of `total` (None = unknown) begins."""

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` steps of the phase are done."""

    def line(self, text: str) -> None:
        """The target or the profiler has printed a line."""

    def notice(self, text: str) -> None:
        """Something that the user should know at once: why the run waits, or what will be missing."""

    def alive(self) -> None:
        """Called several times a second while the run goes on."""
