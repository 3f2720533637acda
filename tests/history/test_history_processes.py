"""Adding in processes: killed at any moment, two at once, 300 captures as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import environment, perfsheet, wait_until
from support.histories import NAMES, added

from examples.make_history import PLANTED, RUNS, commit_of, write_history
from perfsheet.history.engines import engine_of
from perfsheet.history.places import place_of
from perfsheet.history.schema import TABLES
from perfsheet.history.store import contents_of, open_store

pytestmark = pytest.mark.process

KILLS = 8


def adding(store: Path, *captures: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "perfsheet", "history", "add", *captures, "--into", store, "--names", NAMES]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(list(map(str, command)), env=environment(), start_new_session=True, **quiet)


def counts(store: Path) -> dict[str, int]:
    with engine_of("duckdb") as engine:
        engine.open(open_store(str(store)), TABLES)
        return {table.name: engine.query(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py() for table in TABLES}


def test_killed_at_any_moment_the_store_opens_and_a_second_add_completes_it(nights: Path, tmp_path: Path) -> None:
    captures = sorted(nights.rglob("*.csv"))[:26]  # enough for several processes
    began = time.monotonic()
    assert adding(tmp_path / "whole", *captures).wait() == 0
    whole, span = counts(tmp_path / "whole"), time.monotonic() - began
    found = set()
    for number in range(KILLS):
        store = tmp_path / f"killed-{number}"
        process = adding(store, *captures)
        time.sleep(span * (0.4 + 0.7 * number / KILLS))
        os.kill(process.pid, signal.SIGKILL)  # its own processes are left to find out
        process.wait()
        wait_until(lambda group=process.pid: not _alive(group), "the processes of the killed one end")
        found.add(contents_of(place_of(str(store))).runs.num_rows)
        added(store, *captures, names=NAMES)
        assert counts(store) == whole
    assert found <= {0, 13, 26}
    assert 0 in found


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interrupted_add_ends_at_once_and_says_so(nights: Path, tmp_path: Path) -> None:
    process = adding(tmp_path / "store", nights)
    wait_until(lambda: place_of(str(tmp_path)).names(), "it writes")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) in (0, 130)
    wait_until(lambda: not _alive(process.pid), "its processes end")


def test_two_at_once(nights: Path, tmp_path: Path) -> None:
    captures = sorted(nights.rglob("*.csv"))
    store = tmp_path / "store"
    both = [adding(store, *captures[:40]), adding(store, *captures[20:])]
    assert [process.wait() for process in both] == [0, 0]
    added(tmp_path / "alone", *captures, names=NAMES)
    assert counts(store) == counts(tmp_path / "alone")


def test_three_hundred_captures_with_three_changes(tmp_path: Path) -> None:
    write_history(tmp_path / "nights")
    store = tmp_path / "store"
    done = perfsheet("history", "add", tmp_path / "nights", "--into", store, "--names", NAMES)
    assert done.out == f"Added {RUNS} runs to {store}\n"
    (trend,) = json.loads(perfsheet("history", "trend", store, "--json").out)["trends"]
    changes = list(reversed(trend["changes"]))
    assert [change["at"]["commit"] for change in changes] == [commit_of(planted.at) for planted in PLANTED]
    for change, planted in zip(changes, PLANTED, strict=True):
        (moved,) = change["ops"]
        assert moved["op_code"] == planted.op_code
        assert moved["after_ns"] / moved["before_ns"] == pytest.approx(planted.factor, rel=0.02)
    ops = json.loads(perfsheet("history", "ops", store, "-n", "0", "--json").out)["ops"]
    assert [one["changes"] for one in ops if one["changes"]] == [1, 1, 1]
    assert len(ops) == 15


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "duckdb.py").write_text("raise ModuleNotFoundError(\"No module named 'duckdb'\", name='duckdb')\n")
    done = perfsheet("history", "trend", tmp_path, PYTHONPATH=str(tmp_path))
    assert (done.status, done.err) == (
        2,
        "perfsheet: the engine duckdb needs duckdb; pip install 'perfsheet[history]'\n",
    )
