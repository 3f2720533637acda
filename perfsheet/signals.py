"""Handling of Ctrl-C, SIGTERM and SIGHUP: the first one ends the work cleanly, those after it are ignored."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_Handler = Callable[[int, "FrameType | None"], object] | signal.Handlers


class _Process:
    """State of this process: `ends` if the first signal ends it, `ending` once that signal has come."""

    ends = False
    ending = False


@contextlib.contextmanager
def interruptible(ends_process: bool = False) -> Iterator[None]:
    """Let the first Ctrl-C, SIGTERM or SIGHUP raise KeyboardInterrupt, and ignore those after it.

    `ends_process`: the process ends after the first one, so they stay ignored; else the former handlers are restored. A
    signal that the parent process has disabled (nohup, a background job of a shell) stays disabled.
    """
    before, _Process.ends = _Process.ends, _Process.ends or ends_process

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        _Process.ending = _Process.ends
        raise KeyboardInterrupt

    try:
        with _handlers(interrupt):
            yield
    finally:
        _Process.ends = before


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Ignore these signals, so that a cleanup is not cut short."""
    with _handlers(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handlers(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python allows handlers only there
        yield
        return
    before = {number: signal.getsignal(number) for number in _STOPPING}
    changed = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in changed:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in () if _Process.ending else changed.items():
            signal.signal(number, signal.SIG_DFL if previous is None else previous)
