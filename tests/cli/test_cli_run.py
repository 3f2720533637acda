"""`perfsheet run` as a process: what goes where, and that it ends whenever it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from standin_home import STANDINS
from support.captures import op, write_csv
from support.command import PATIENCE_S, environment, perfsheet, wait_until

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


def run(home: Path, *arguments: str, **variables: str):
    command = ("run", "-c", "pytest -v test_it.py", "--python", sys.executable, *arguments)
    return perfsheet(*command, cwd=home, TT_METAL_HOME=str(home), **variables)


def test_default_streams_the_output_and_tells_phases(home: Path) -> None:
    done = run(home)
    assert done.status == 0
    assert "test_it.py::test_passes PASSED" in done.out
    phases = [line.partition("] ")[2] for line in done.err.splitlines() if line.startswith("perfsheet: [")]
    assert phases == ["start", "collect", "run", "capture", "post-process", "analyse"]
    assert done.out.splitlines()[-1].startswith("Wrote ")


def test_quiet_says_where_the_report_is_and_no_more(home: Path) -> None:
    done = run(home, "--quiet")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Wrote ")
    assert len(done.out.splitlines()) == 1


def test_quiet_keeps_errors(home: Path) -> None:
    done = run(home, "--quiet", FAIL="1")
    assert done.status == 1
    assert "tests failed: 2 passed, 1 failed" in done.err


def test_verbose_names_every_test(home: Path) -> None:
    assert "] test 2 of 3: test_it.py::test_fails" in run(home, "--verbose").err


def test_json_has_standard_output_for_itself(home: Path) -> None:
    done = run(home, "--json", FAIL="1")
    result = json.loads(done.out)
    assert done.status == 1
    assert [test["outcome"] for test in result["run"]["tests"]] == ["passed", "failed", "passed"]
    assert result["run"]["profiler_status"] == 0
    record = json.loads((Path(result["workbook"]).parent / "run.json").read_text(encoding="utf-8"))
    assert record == {"schema_version": 1, **result["run"]}
    assert "test_it.py::test_passes PASSED" in done.err


def test_report_made_later_knows_the_run_of_its_very_capture(home: Path) -> None:
    result = json.loads(run(home, "--json", FAIL="1").out)
    (capture,) = map(Path, result["capture"]["paths"])
    again = json.loads(perfsheet("report", capture, "--force", "--json").out)
    assert again == result
    assert "tests: 2 passed, 1 failed" in perfsheet("top-ops", capture).out
    changed = capture.read_text().replace("9100", "9101")
    capture.write_text(changed)
    assert "run" not in json.loads(perfsheet("report", capture, "--force", "--json").out)
    capture.with_name("run.json").write_text("[]")
    assert perfsheet("top-ops", capture).status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--quiet", "--verbose"), "--quiet and --verbose"),
        (("--repeat", "0"), "--repeat 0"),
        (("--replay", "x.csv", "--repeat", "2"), "nothing to repeat"),
        (("--replay", "x.csv", "--split-cases"), "nothing to repeat or to split"),
        (("--replay", "x.csv", "--graph"), "perfsheet report --graph REPORT"),
        (("--split-cases", "--graph"), "--graph and --split-cases exclude each other"),
    ],
)
def test_options_that_do_not_go_together(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(home, *arguments)
    assert done.status == 2
    assert said in done.err


def test_graph(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its phase has a name on the screen, and run.json says where the report is."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(STANDINS / name) for name in ("fake_tracy", "fake_ttnn")))
    (home / "test_it.py").write_text("import ttnn\ndef test_it(): ttnn.relu(ttnn.open_device(0))\n")
    done = run(home, "--graph", "--json")
    assert done.status == 0
    phases = [line.partition("] ")[2] for line in done.err.splitlines() if line.startswith("perfsheet: [")]
    assert phases[-4:] == ["post-process", "analyse", "capturing the graph", "analyse"]
    result = json.loads(done.out)
    folder = Path(result["workbook"]).parent
    assert result["run"]["graph_report"] == "graph"
    assert json.loads((folder / "run.json").read_text(encoding="utf-8")) == {"schema_version": 1, **result["run"]}
    assert (folder / "graph" / "db.sqlite").is_file()
    (capture,) = result["capture"]["paths"]
    assert json.loads(perfsheet("report", capture, "--force", "--json").out) == result


def test_graph_that_fails_is_a_warning_even_when_quiet(home: Path) -> None:
    done = run(home, "--graph", "--quiet")
    assert done.status == 0
    assert done.err.startswith("warning: there is no graph report: ")
    assert done.out.startswith("Wrote ")


def test_repeats(home: Path) -> None:
    done = run(home, "--repeat", "2", STANDIN_SERIES="9000,9100")
    assert done.status == 0
    assert "2 of 2 runs aligned" in done.out
    assert "perfsheet: [" in done.err
    assert "run 2 of 2" in done.err


def test_cases(home: Path) -> None:
    done = run(home, "--split-cases", FAIL="1")
    assert done.status == 1
    assert "test_it.py::test_fails" in done.out
    workbook = Path(done.out.rpartition("Wrote ")[2].strip())
    assert workbook.is_file()
    assert workbook.parent.parent == home / "generated" / "profiler" / "reports"


def test_record_of_a_replay_overwrites_nothing_without_force(home: Path, tmp_path: Path) -> None:
    capture, out = write_csv(tmp_path / "old.csv", [op()]), tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text("precious")
    assert run(home, "--replay", str(capture), "-o", str(out)).status == 0
    assert (out / "run.json").read_text() == "precious"
    assert json.loads((out / "old.run.json").read_text(encoding="utf-8"))["replayed"] is True
    assert run(home, "--replay", str(capture), "-o", str(out), "--force").status == 0
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["replayed"] is True


def test_a_replay_puts_no_record_beside_the_capture(home: Path, tmp_path: Path) -> None:
    (tmp_path / "captures").mkdir()
    capture = write_csv(tmp_path / "captures" / "old.csv", [op()])
    assert run(home, "--replay", str(capture)).status == 0
    assert sorted(path.name for path in capture.parent.iterdir()) == ["old.csv", "old.xlsx"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_the_workbook_is_written(tmp_path: Path, number: signal.Signals) -> None:
    """It ends with 130, what was there before stays, and nothing half-written is left."""
    capture = write_csv(tmp_path / "big.csv", [op(f"Op{n % 50}", 1 + n, call=n) for n in range(45_000)])
    (tmp_path / "big.xlsx").write_text("precious")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "perfsheet", "report", str(capture), "--force"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(TMPDIR=str(temporary)), text=True)
    wait_until(lambda: any(temporary.glob("perfsheet-workbook-*")), "the workbook is being written")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "perfsheet: interrupted\n")
    assert (tmp_path / "big.xlsx").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(("big", "."))) == [
        "big.csv",
        "big.xlsx",
    ]
    assert list(temporary.iterdir()) == []


def test_hang_up_does_not_end_what_nohup_keeps(home: Path) -> None:
    """`nohup perfsheet run … &`: the signal was switched off by the caller."""
    script = (
        "import os, signal, threading; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGHUP)).start()\n"
        "from perfsheet.cli import main; main()"
    )
    arguments = ["run", "-c", "pytest test_it.py", "--python", sys.executable, "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=home,
        env=environment(TT_METAL_HOME=str(home)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
