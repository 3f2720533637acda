"""Fixtures of all tests; that this file is here puts `support` on the path."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import Row, write_csv


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller's terminal is like must not decide a test."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PERFSHEET_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


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
