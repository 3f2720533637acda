"""Tests of commands see nothing of the machine that they run on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch, tmp_path):
    """No profiler of the user's, no width of a terminal; an empty folder to work in."""
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR", "COLUMNS", "PERFSHEET_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
