"""The progress of a run: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from perfsheet.progress import Phase, Watch
from perfsheet.text.safe import clean, printed

if TYPE_CHECKING:
    from rich.console import RenderableType

_TAIL = 6
_BAR_WIDTH = 40
_TAIL_ON_FAILURE = 20
_PLAIN_PROGRESS_EVERY_S = 5.0


class View(Watch):
    """Shows only notices, on `err`; a context manager around the whole run."""

    def __init__(self, err: TextIO) -> None:
        self._err = err

    def __enter__(self) -> View:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def notice(self, text: str) -> None:
        """Print it at once."""
        self._print(text)

    def _print(self, text: str) -> None:
        # The reader may close the output (| head); the run goes on, and its log has everything.
        with contextlib.suppress(BrokenPipeError):
            print(printed(clean(text)), file=self._err, flush=True)


class PlainView(View):
    """Phases as lines on `err`, with the time since the start; the target's output goes to `echo` as it arrives.

    `detailed` adds every test and every step of post-processing.
    """

    def __init__(self, err: TextIO, echo: Callable[[str], None], detailed: bool = False) -> None:
        super().__init__(err)
        self._echo, self._detailed = echo, detailed
        self._started = time.monotonic()
        self._phase = Phase.START
        self._last_line_at = self._started

    def run(self, label: str) -> None:
        self._print_line(label)

    def overall(self, done: int, total: int) -> None:
        self._print_line(f"{_bar(done, total)}  {done} of {total}")

    def phase(self, phase: Phase) -> None:
        self._phase, self._last_line_at = phase, time.monotonic()
        if phase != Phase.DONE:
            self._print_line(phase.value)

    def test(self, nodeid: str, index: int, total: int | None) -> None:
        if self._detailed:
            self._print_line(f"test {index}{f' of {total}' if total else ''}: {nodeid}")

    def progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._detailed or now - self._last_line_at > _PLAIN_PROGRESS_EVERY_S:
            self._last_line_at = now
            self._print_line(f"{self._phase.value}: {100 * done // max(1, total)} % ({done:,} of {total:,})")

    def line(self, text: str) -> None:
        self._echo(text)

    def _print_line(self, text: str) -> None:
        self._print(f"perfsheet: [{time.monotonic() - self._started:7.1f} s] {text}")


class LiveView(View):
    """On a terminal: the phase, the time, the current test, a progress bar if possible, and the last lines of output.

    It disappears when the run ends; after a failure the last lines of output stay.
    """

    def __init__(self, err: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(err)
        self._console = Console(file=err, highlight=False)
        self._started = self._phase_started = time.monotonic()
        self._tail: deque[str] = deque(maxlen=_TAIL_ON_FAILURE)
        self._label = ""
        self._phase = Phase.START
        self._took: dict[Phase, float] = {}
        self._test = ""
        self._progress: tuple[int, int] | None = None
        self._overall: tuple[int, int] | None = None
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if kind is not None:
            for text in self._tail:
                self._console.print(self._line(f"  {text}", "dim"), no_wrap=True, overflow="ellipsis", crop=True)

    def run(self, label: str) -> None:
        self._label = label
        self._took.clear()
        self._enter(Phase.START)

    def overall(self, done: int, total: int) -> None:
        self._overall = (done, total)

    def phase(self, phase: Phase) -> None:
        self._took[self._phase] = time.monotonic() - self._phase_started
        self._enter(phase)

    def test(self, nodeid: str, index: int, total: int | None) -> None:
        self._test = f"test {index}{f' of {total}' if total else ''}: {nodeid}"

    def progress(self, done: int, total: int) -> None:
        self._progress = (done, total)

    def line(self, text: str) -> None:
        self._tail.append(text)

    def notice(self, text: str) -> None:
        self._live.console.print(self._line(text, "yellow"))

    def _enter(self, phase: Phase) -> None:
        self._phase, self._phase_started = phase, time.monotonic()
        self._progress = None
        if phase != Phase.RUN:
            self._test = ""

    def _render(self) -> RenderableType:
        from rich.console import Group

        now = time.monotonic()
        steps = [f"{phase.value} {_seconds(took)}" for phase, took in list(self._took.items()) if phase != self._phase]
        head = " · ".join(filter(None, (self._label, f"{self._phase.value} {_seconds(now - self._phase_started)}")))
        parts: list[RenderableType] = [self._line(f"● {head}   {_seconds(now - self._started)} in total", "bold cyan")]
        if self._overall:
            done, total = self._overall
            parts.insert(0, self._line(f"  {_bar(done, total)}  {done} of {total}", "bold"))
        if steps:
            parts.append(self._line(f"  ✓ {'  ✓ '.join(steps)}", "green"))
        if self._test:
            parts.append(self._line(f"  {self._test}"))
        if self._progress:
            done, total = self._progress
            parts.append(self._line(f"  {_bar(done, total)}  {done:,} of {total:,}", "cyan"))
        parts += [self._line(f"  │ {text}", "dim") for text in list(self._tail)[-_TAIL:]]
        return Group(*parts)

    def _line(self, text: str, style: str = "") -> RenderableType:
        from rich.text import Text

        return Text(clean(text), style=style, no_wrap=True, overflow="ellipsis")


def _bar(done: int, total: int) -> str:
    """`━━━━━━━━━━──────────  50 %`."""
    share = min(1.0, done / max(1, total))
    filled = round(_BAR_WIDTH * share)
    return f"{'━' * filled}{'─' * (_BAR_WIDTH - filled)} {100 * share:3.0f} %"


def _seconds(seconds: float) -> str:
    """`4.2 s`, `3 min 07 s`, `1 h 02 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
