"""Fixtures of all tests; that this file is here puts `support` on the path."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import numpy.testing  # noqa: F401 with numpy<2 its first import starts a process (lscpu)
import pytest
from hypothesis import HealthCheck, settings
from support.captures import Row, write_csv
from support.chromium import launched

# A busy machine must not fail a property test, so there is no deadline. `make test` tries the same examples in every
# run; `make test-full` tries more, and new ones each time.
_PROPERTIES = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("quick", max_examples=50, derandomize=True, **_PROPERTIES)
settings.register_profile("full", max_examples=300, **_PROPERTIES)
settings.load_profile("quick")

_STARTERS = ("process", "browser", "lab", "torch", "app", "history")


def _starts_processes(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in _STARTERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse processes to a test without the marker `process`, so that `make test` stays quick and safe under load."""
    if _starts_processes(item):
        return (yield)

    def refuse(_popen: object, command: object, *_: object, **__: object) -> None:
        pytest.fail(f"this test starts a process ({command}): mark it with pytest.mark.process")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", refuse)
        return (yield)


@pytest.fixture(autouse=True)
def signals_as_in_a_terminal(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """`nohup` and `&` switch signals off in what they start; tests of signals, and their processes, need them on."""
    if not _starts_processes(request.node):
        yield
        return
    handlers = {signal.SIGINT: signal.default_int_handler}
    if sys.platform != "win32":
        handlers |= {signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller's terminal is like must not decide a test."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PERFSHEET_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def browser():
    """The one Chromium of all tests of pages: a process has room for one driver."""
    with launched() as opened:
        yield opened


@pytest.fixture
def capture_of(tmp_path: Path):
    """Write rows as a capture and give its path."""

    def write(*rows: Row, generation: str = "S8", name: str = "run.csv", **how: object) -> Path:
        return write_csv(tmp_path / name, rows, generation, **how)

    return write


@pytest.fixture
def analysis_of(capture_of):
    """Analyse rows; `options` is a dict of analysis options."""
    from perfsheet import Options, analyze, read

    def analyse(*rows: Row, options: dict[str, object] | None = None, **how: object):
        return analyze(read(capture_of(*rows, **how)), Options(**(options or {})))

    return analyse
