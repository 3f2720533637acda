"""A suite whose targets run under a profiler: the stand-in for its front end makes the reports."""

from __future__ import annotations

import json
import sys

import pytest
from support.command import perfsheet

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]

TESTS = """
import os
from perfsheet.models.e2e import write_perf_report

def test_it():
    with open("runs", "a") as runs:
        runs.write("x")
    profiled = os.path.getsize("runs") > 1
    write_perf_report("m", 2, 3.0, 2.5 if profiled else 1.0)

def test_fails():
    with open("runs", "a") as runs:
        runs.write("x")
    assert 0
"""


def run(home, *targets):
    (home / "test_suite.py").write_text(TESTS)
    (home / "suite.toml").write_text(f'[suite]\nname = "s"\npython = "{sys.executable}"\n' + "".join(targets))
    ended = perfsheet("suite", "run", "suite.toml", "--force", cwd=home, TT_METAL_HOME=str(home))
    found = json.loads((home / "generated/suite/s/results.json").read_text())["models"]
    return ended, found, len((home / "runs").read_text())


def target(name, test, collect=""):
    return f'[[target]]\nmodel = "{name}"\ncommand = "pytest test_suite.py::{test}"\n{collect}\n'


def test_times_are_taken_without_the_profiler_and_ops_with_it(home):
    ended, (found,), runs = run(home, target("m", "test_it"))
    assert ended.status == 0, ended.err
    assert runs == 2
    assert (found["inference_s"], found["batch"], found["replayed"]) == (1.0, 2, False)
    assert found["kernel_ns"] > 0
    assert found["device_fps"] == pytest.approx(2e9 / found["kernel_ns"])
    assert "recorded" not in ended.out
    folder = home / "generated/suite/s"
    assert (folder / found["capture"]).is_file()
    assert (folder / found["workbook"]).is_file()


def test_what_is_not_collected_is_not_run(home):
    ended, (found,), runs = run(home, target("m", "test_it", 'collect = ["device"]'))
    assert (ended.status, runs) == (0, 1)
    assert found["inference_s"] is None
    assert found["kernel_ns"] > 0


def test_what_fails_is_not_profiled(home):
    ended, (found,), runs = run(home, target("m", "test_fails"))
    assert (ended.status, runs) == (1, 1)
    assert (found["outcome"], found["kernel_ns"]) == ("failed", None)
