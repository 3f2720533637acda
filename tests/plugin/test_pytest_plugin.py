"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.accuracy import FIRST_CALL, database
from support.captures import op, signpost, write_csv
from support.command import PATIENCE_S, ROOT, environment, perfsheet

pytestmark = pytest.mark.process

ROWS = (
    op("EmbeddingsDeviceOperation", 100),
    signpost("encoder started"),
    op("MatmulDeviceOperation", 4000),
    signpost("encoder finished"),
    op("ReshardDeviceOperation", 700),
)
TESTS = """
def test_no_reshard_in_the_encoder(perfsheet):
    perfsheet.expect(reshards=0, region="encoder")

def test_time(perfsheet):
    perfsheet.expect(kernel_time="{limit}", start="encoder started", end="encoder finished")

def test_another_op(perfsheet):
    perfsheet.expect({{"op-types": {{"Matmul": {{"ops": 1}}}}}})

def test_plain():
    pass
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "test_it.py").write_text(TESTS.format(limit="5 us"), encoding="utf-8")
    write_csv(tmp_path / "run.csv", ROWS)
    (tmp_path / "budget.toml").write_text('[limits]\nkernel-time = "5 us"\n', encoding="utf-8")
    (tmp_path / "tight.toml").write_text('[limits]\nkernel-time = "1 us"\nops = 3\n', encoding="utf-8")
    return tmp_path


def run_pytest(folder, *arguments, **variables) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, arguments)],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_nothing_happens_unless_asked(folder):
    status, out = run_pytest(folder, "-k", "plain")
    assert status == 0
    assert "perfsheet" not in out


def test_without_a_capture_limits_are_not_checked_and_that_is_said(folder):
    status, out = run_pytest(folder)
    assert status == 0
    assert "limits of 3 tests not checked: there is no capture" in out


def test_with_a_capture_tests_are_held_to_their_limits(folder):
    status, out = run_pytest(folder, "--perfsheet-capture", "run.csv")
    assert (status, "4 passed" in out) == (0, True)
    (folder / "test_it.py").write_text(TESTS.format(limit="3 us"), encoding="utf-8")
    status, out = run_pytest(folder, "--perfsheet-capture", "run.csv")
    assert (status, "1 failed, 3 passed" in out) == (1, True)
    assert "FAIL  limits.kernel-time: 4.000 µs, at most 3.000 µs allowed; row 4" in out
    assert "Traceback" not in out


def test_a_test_can_look_at_its_ops(folder):
    (folder / "test_it.py").write_text(
        "def test_it(perfsheet):\n"
        "    analysis = perfsheet.analysis(start='encoder started', end='encoder finished')\n"
        "    assert analysis.ops.codes == ['MatmulDeviceOperation']\n"
        "    assert not analysis.reshards.ops\n",
        encoding="utf-8",
    )
    assert run_pytest(folder, "--perfsheet-capture", "run.csv")[0] == 0
    status, out = run_pytest(folder, "-rs")
    assert (status, "no capture to look at" in out) == (0, True)


MISTAKES = (
    "perfsheet.expect(no_such_limit=1)",
    "perfsheet.expect(kernel_time='x')",
    "perfsheet.expect()",
    "perfsheet.expect({'limits': 5})",
    "perfsheet.expect({'window': 5}, ops=1)",
    "perfsheet.expect({'window': {'board': 5}}, ops=1)",
    "perfsheet.expect(ops=1, start=5)",
)


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("options", [(), ("--perfsheet-capture", "run.csv")], ids=["without", "with"])
def test_limits_that_cannot_be_followed_fail_the_test_in_one_line(folder, mistake, options):
    (folder / "test_it.py").write_text(f"def test_it(perfsheet):\n    {mistake}\n", encoding="utf-8")
    status, out = run_pytest(folder, *options)
    assert status == 1
    assert out.count("\nFAIL  test_it.py::test_it") == 1
    assert "perfsheet/" not in out.replace("__pycache__", "")


@pytest.mark.parametrize(
    "mistake",
    [
        "perfsheet.expect(ops=1, region='nowhere')",
        "perfsheet.analysis(start='nope')",
        "perfsheet.analysis(which_pass='x')",
    ],
)
def test_windows_that_are_not_there_fail_the_test_in_one_line(folder, mistake):
    (folder / "test_it.py").write_text(f"def test_it(perfsheet):\n    {mistake}\n", encoding="utf-8")
    status, out = run_pytest(folder, "--perfsheet-capture", "run.csv")
    assert (status, out.count("\nFAIL  `")) == (1, 1)
    status, out = run_pytest(folder, "--perfsheet-capture", "none.csv")
    assert (status, out.count("\nFAIL  none.csv: no such file")) == (1, 1)


def test_numbers_of_numpy_are_numbers(folder):
    (folder / "test_it.py").write_text(
        "import numpy\ndef test_it(perfsheet):\n    perfsheet.expect(ops=numpy.int64(2))\n", encoding="utf-8"
    )
    assert run_pytest(folder, "--perfsheet-capture", "run.csv")[0] == 1
    assert run(folder, "pytest -q test_it.py").status == 1


def test_a_budget_after_the_session(folder):
    status, out = run_pytest(
        folder, "-k", "plain", "--perfsheet-budget", "budget.toml", "--perfsheet-capture", "run.csv"
    )
    assert (status, "the limit is kept" in out) == (0, True)
    status, out = run_pytest(
        folder, "-k", "plain", "--perfsheet-budget", "tight.toml", "--perfsheet-capture", "run.csv"
    )
    assert status == 1
    assert "1 of 2 limits breached" in out
    assert "FAIL  limits.kernel-time: 4.800 µs, at most 1.000 µs allowed" in out


def test_a_budget_needs_a_capture_of_this_session(folder):
    reports = folder / "generated" / "profiler" / "reports" / "2026_01_01_00_00_00"
    reports.mkdir(parents=True)
    report = write_csv(reports / "ops_perf_results_2026_01_01_00_00_00.csv", ROWS)
    os.utime(report, (1, 1))
    status, out = run_pytest(folder, "-k", "plain", "--perfsheet-budget", "budget.toml")
    assert (status, "the profiler made no report during this session" in out) == (1, True)
    (folder / "test_it.py").write_text(
        f"import os\ndef test_plain():\n    os.utime({str(report)!r})\n", encoding="utf-8"
    )
    status, out = run_pytest(folder, "-k", "plain", "--perfsheet-budget", "budget.toml")
    assert (status, "the limit is kept" in out) == (0, True)


def test_a_failing_session_stays_failed_and_a_bad_budget_fails_one(folder):
    status, out = run_pytest(folder, "-k", "plain", "--perfsheet-budget", "none.toml", "--perfsheet-capture", "run.csv")
    assert (status, "none.toml: No such file" in out) == (1, True)


def test_workers_of_xdist_check_their_tests_and_the_budget_is_checked_once(folder):
    status, out = run_pytest(
        folder, "-n", "2", "--perfsheet-budget", "budget.toml", "--perfsheet-capture", "run.csv", PYTEST_ADDOPTS=""
    )
    assert (status, out.count("the limit is kept")) == (0, 1)


def test_limits_of_xdist_workers_are_not_lost(folder):
    (folder / "test_it.py").write_text(TESTS.format(limit="3 us"), encoding="utf-8")
    status, out = run_pytest(folder, "-n", "2")
    assert (status, "limits of 3 tests not checked" in out) == (0, True)
    done = run(folder, "pytest -q -n 2 test_it.py")
    assert done.status == 1
    assert done.err.count("test_it.py::test_time: limits.kernel-time: 4.000 µs, at most 3.000 µs allowed") == 1


def test_the_region_of_a_test_beats_the_window_of_the_run(folder):
    done = run(folder, "pytest -q test_it.py -k reshard", "--end-signpost", "encoder started", "--json")
    assert done.status == 0, done.err
    (limits,) = json.loads(done.out)["limits"]
    assert [check["measured"] for check in limits["checks"]] == [0]


def run(folder, command, *options):
    return perfsheet("run", "-c", command, "--replay", "run.csv", "-o", "out", "--force", *options, cwd=folder)


def test_under_perfsheet_run_limits_are_checked_when_the_capture_is_there(folder):
    done = run(folder, "pytest -q test_it.py --perfsheet-budget budget.toml")
    assert done.status == 0, done.err
    assert "ok    test_it.py::test_time: limits.kernel-time: 4.000 µs, at most 5.000 µs allowed" in done.out
    assert "ok    the session: limits.kernel-time: 4.800 µs, at most 5.000 µs allowed" in done.out


def test_under_perfsheet_run_a_breach_is_its_status(folder):
    (folder / "test_it.py").write_text(TESTS.format(limit="3 us"), encoding="utf-8")
    done = run(folder, "pytest -q test_it.py --perfsheet-budget tight.toml", "--json")
    assert done.status == 1
    assert "test_it.py::test_time: limits.kernel-time: 4.000 µs, at most 3.000 µs allowed; row 4" in done.err
    assert "the session: limits.kernel-time: 4.800 µs" in done.err
    limits = {entry["nodeid"]: entry for entry in json.loads(done.out)["limits"]}
    assert limits["test_it.py::test_time"]["checks"][0]["measured"] == 4000
    assert not limits["the session"]["passed"]
    assert limits["test_it.py::test_no_reshard_in_the_encoder"]["passed"]


def test_under_perfsheet_run_a_missing_window_is_reported(folder):
    (folder / "test_it.py").write_text(
        "def test_it(perfsheet):\n    with perfsheet.region('mine'):\n        pass\n"
        "    perfsheet.expect(ops=1, region='mine')\n",
        encoding="utf-8",
    )
    done = run(folder, "pytest -q test_it.py")
    assert done.status == 1
    assert "test_it.py::test_it: --start-signpost mine started: no such signpost" in done.err


def test_the_plugin_imports_nothing_heavy():
    """It is loaded into every pytest where perfsheet is installed."""
    code = (
        "import sys, perfsheet.pytest_plugin; "
        "print([name for name in ('numpy', 'pandas', 'typer', 'rich', 'psutil', 'tomlkit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


ACCURACY = """
import numpy as np

def test_modules(perfsheet):
    x = np.arange(8.0)
    assert perfsheet.accuracy(x, 2 * x) == 1.0
    assert perfsheet.accuracy(pcc=0.998, name="encoder.attention", at_least=0.99) == 0.998
    perfsheet.accuracy(pcc=0.997, name="encoder.attention")
    perfsheet.expect(pcc_tests={limit})

def test_below(perfsheet):
    perfsheet.accuracy([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], name="mlp", at_least=0.99)
"""


def test_accuracy_is_a_property_of_the_test(folder):
    (folder / "test_it.py").write_text(ACCURACY.format(limit=0.997), encoding="utf-8")
    status, out = run_pytest(folder, "--perfsheet-capture", "run.csv", "--junit-xml", "junit.xml")
    assert (status, "1 failed, 1 passed" in out) == (1, True)
    assert "FAIL  PCC of mlp: -1, at least 0.99 required" in out
    assert "Traceback" not in out
    junit = (folder / "junit.xml").read_text(encoding="utf-8")
    for name, value in (("pcc", "1.0"), ("pcc:encoder.attention", "0.997"), ("pcc:mlp", "-1.0")):
        assert f'<property name="{name}" value="{value}' in junit

    (folder / "test_it.py").write_text(ACCURACY.format(limit=0.9975), encoding="utf-8")
    _, out = run_pytest(folder, "--perfsheet-capture", "run.csv", "-k", "modules")
    assert "FAIL  limits.pcc-tests: 0.997, at least 0.9975 allowed" in out


def test_a_budget_of_the_session_limits_what_its_tests_report(folder):
    (folder / "test_it.py").write_text(ACCURACY.format(limit=0.9), encoding="utf-8")
    (folder / "pcc.toml").write_text("[limits]\npcc-tests = 0.9975\n", encoding="utf-8")
    arguments = ("--perfsheet-capture", "run.csv", "--perfsheet-budget", "pcc.toml")
    status, out = run_pytest(folder, *arguments, "-k", "modules")
    assert (status, "FAIL  limits.pcc-tests: 0.997, at least 0.9975 allowed" in out) == (1, True)


@pytest.mark.parametrize(
    "mistake",
    ["accuracy()", "accuracy([1, 2])", "accuracy([1], [2], pcc=1)", "accuracy(pcc=1.2)", "accuracy(pcc=float('nan'))"],
)
def test_what_is_no_accuracy_fails_the_test_in_one_line(folder, mistake):
    (folder / "test_it.py").write_text(f"def test_it(perfsheet):\n    perfsheet.{mistake}\n", encoding="utf-8")
    status, out = run_pytest(folder)
    assert (status, "Traceback" in out) == (1, False)
    assert "FAIL  " in out


def test_ops_are_held_to_the_accuracy_of_a_graph_report(folder):
    (folder / "test_it.py").write_text(
        "def test_it(perfsheet):\n    perfsheet.expect(pcc=0.99)\n    assert perfsheet.analysis().graph is not None\n",
        encoding="utf-8",
    )
    write_csv(folder / "run.csv", [op("MatmulDeviceOperation", 100, call=FIRST_CALL + n) for n in range(2)])
    _, out = run_pytest(folder, "--perfsheet-capture", "run.csv")
    assert "FAIL  limits.pcc: cannot be measured, at least 0.99 allowed" in out
    for name, lowest, expected in (("good", 0.995, 0), ("bad", 0.98, 1)):
        database(folder / f"{name}.sqlite", 2, [(0, 0.999), (1, lowest)], [])
        status, out = run_pytest(folder, "--perfsheet-capture", "run.csv", "--perfsheet-graph", f"{name}.sqlite")
        assert (status, "FAIL  limits.pcc: 0.98, at least 0.99 allowed; row 3" in out) == (expected, bool(expected))
    status, out = run_pytest(folder, "--perfsheet-capture", "run.csv", "--perfsheet-graph", "nowhere")
    assert (status, "FAIL  nowhere: there is no such file or folder" in out) == (1, True)


def test_run_collects_what_tests_report(folder):
    (folder / "test_it.py").write_text(
        "def test_it(perfsheet, record_property):\n"
        "    perfsheet.accuracy(pcc=0.98, name='encoder')\n"
        "    perfsheet.expect(pcc_tests=0.99)\n"
        "def test_other(record_property):\n    record_property('PCC', float('nan'))\n",
        encoding="utf-8",
    )
    ended = perfsheet("run", "-c", "pytest test_it.py", "--replay", "run.csv", "--json", "-", cwd=folder)
    told = json.loads(ended.out)
    assert {test["nodeid"]: test["pcc"] for test in told["run"]["tests"]} == {
        "test_it.py::test_it": 0.98,
        "test_it.py::test_other": None,
    }
    assert told["run"]["tests"][1]["accuracy"] == [{"pcc": None, "module": None, "reported": "nan"}]
    assert told["limits"][0]["checks"][0]["measured"] == 0.98
    assert not told["limits"][0]["passed"]
