"""A place for runs under the real profiler, with its two binaries replaced by stand-ins."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

STANDINS = Path(__file__).parents[1] / "standins"
sys.path.append(str(STANDINS))

TARGET = """
import json, os, sys
import pytest, raw_logs

def test_work():
    raw_logs.emit()

def test_fail():
    assert not os.environ.get("LAB_FAIL")

@pytest.mark.parametrize("case", ["a b", "x]y[", "$HOME *", "it's", 'say "hi"', "größe"])
def test_case(case):
    raw_logs.emit()

def test_arguments():
    with open(os.environ["LAB_ARGUMENTS"], "w") as file:
        json.dump(sys.argv[1:], file)
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder that serves as TT_METAL_HOME, with the tools and a target; afterwards no process may be left."""
    from tracy_lab import tool_names

    tools = tmp_path / "build" / "tools" / "profiler" / "bin"
    tools.mkdir(parents=True)
    for standin, name in zip(("tracy-capture", "tracy-csvexport"), tool_names(), strict=True):
        shutil.copy(STANDINS / "tools" / standin, tools / name)
    (tmp_path / "test_target.py").write_text(TARGET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TT_METAL_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(STANDINS))
    for name in ("TT_METAL_PROFILER_DIR", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "LAB_FAIL"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    from processes import alive

    assert alive(f"TT_METAL_HOME={tmp_path}") == []
