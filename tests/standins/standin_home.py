"""The current folder as TT_METAL_HOME, with capture tools, a target, and the stand-in for the profiler's front end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import alive
from profiling import Clock
from support.command import PYTEST_WITHOUT_TEST_TOOLS

STANDINS = Path(__file__).parent

TARGET = """
import os, time, pytest
def test_passes(): print("from the test")
def test_fails(): assert not os.environ.get("FAIL")
def test_hangs(): time.sleep(600 if os.environ.get("HANG") else 0)
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time limits pass when a test says so."""
    return Clock(monkeypatch)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, TT_METAL_HOME too, with capture tools and a target; afterwards no process may be left."""
    tools = tmp_path / "build" / "tools" / "profiler" / "bin"
    tools.mkdir(parents=True)
    for name in ("tracy-capture", "tracy-csvexport"):
        (tools / name).touch()
    (tmp_path / "test_it.py").write_text(TARGET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TT_METAL_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(STANDINS / "fake_tracy"))
    for name in ("TT_METAL_PROFILER_DIR", "PYTEST_PLUGINS", "STANDIN_FAULT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PYTEST_WITHOUT_TEST_TOOLS.items():
        monkeypatch.setenv(name, value)
    yield tmp_path
    assert alive(f"TT_METAL_HOME={tmp_path}") == []
