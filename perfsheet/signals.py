"""Ctrl-C, SIGTERM and SIGHUP: each ends the work in good order, once."""

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
    """What this process does about signals: `ends` when the first one ends it, `ending` once that has come."""

    ends = False
    ending = False


@contextlib.contextmanager
def interruptible(ends_process: bool = False) -> Iterator[None]:
    """Let the first Ctrl-C, SIGTERM or SIGHUP raise KeyboardInterrupt, and ignore those after it.

    `ends_process`: the process ends after that, so that they stay ignored; else the former handlers come back. A signal
    that the caller has switched off (nohup, a shell's background job) stays off.
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
    """Let no signal cut short what has to be done."""
    with _handlers(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handlers(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python allows it there only
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
