"""Limits that tests state for their own ops, under the real profiler: checked on the capture that it makes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.command import ROOT
from tracy_lab import needs_tracy, run

pytestmark = needs_tracy

TESTS = """
import raw_logs

def test_fast(perfsheet):
    raw_logs.emit()
    with perfsheet.region("mine"):
        pass
    perfsheet.expect(kernel_time="13 us", reshards=1)

def test_slow(perfsheet):
    perfsheet.expect({"op-types": {"Matmul": {"longest": "8 us"}}})
"""


@pytest.fixture(autouse=True)
def plugin(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """perfsheet is not installed beside the lab's ttnn, so its plugin is named."""
    (lab / "test_limits.py").write_text(TESTS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((os.environ["PYTHONPATH"], str(ROOT))))
    monkeypatch.setenv("PYTEST_PLUGINS", "perfsheet.pytest_plugin")


def test_kept_limits_are_listed(lab: Path) -> None:
    ended = run("-c", "pytest test_limits.py -k fast", "--json")
    assert ended.status == 0, ended.err
    (limits,) = json.loads(ended.out)["limits"]
    assert (limits["nodeid"], limits["passed"]) == ("test_limits.py::test_fast", True)
    assert [(one["limit"], one["measured"]) for one in limits["checks"]] == [
        ("limits.kernel-time", 12_700),
        ("limits.reshards", 1),
    ]


def test_a_breach_fails_the_run_though_all_tests_passed(lab: Path) -> None:
    ended = run("-c", "pytest test_limits.py")
    assert ended.status == 1
    assert "2 passed" in ended.out
    assert (
        "perfsheet: test_limits.py::test_slow: op-types.Matmul.longest: 9.000 µs, at most 8.000 µs allowed; row 2"
        in ended.err
    )


def test_a_budget_of_the_session(lab: Path) -> None:
    (lab / "b.toml").write_text('[limits]\nkernel-time = "1 us"\n', encoding="utf-8")
    ended = run("-c", "pytest test_limits.py -k fast --perfsheet-budget b.toml")
    assert ended.status == 1
    assert "the session: limits.kernel-time: 12.700 µs, at most 1.000 µs allowed" in ended.err


def test_cases_keep_their_own_limits(lab: Path) -> None:
    (lab / "test_cases.py").write_text(
        "import pytest, raw_logs\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_case(perfsheet, n):\n"
        "    raw_logs.emit(raw_logs.BLOCK * n)\n    perfsheet.expect(kernel_time=f'{14 - n} us')\n",
        encoding="utf-8",
    )
    ended = run("-c", "pytest test_cases.py", "--split-cases", "--json")
    assert ended.status == 1
    first, second = json.loads(ended.out)["cases"]
    assert (first["outcome"], first["problem"]) == ("passed", None)
    assert second["outcome"] == "failed"
    assert second["problem"] == "limits of the test are breached: limits.kernel-time"


def test_repeated_runs_compare_within_their_noise(lab: Path) -> None:
    """What `--repeat` leaves is a side of a comparison, by a pattern."""
    for name, spread in (("base", "0.02"), ("now", "0.02")):
        ended = run("-c", "pytest test_limits.py -k fast", "-n", name, "--repeat", "3", "-q", STANDIN_SPREAD=spread)
        assert ended.status == 0, ended.err
    reports = lab / "generated" / "profiler" / "reports"
    from support.command import perfsheet

    ended = perfsheet("compare", reports / "base" / "*" / "ops*.csv", reports / "now" / "*" / "ops*.csv", "--json")
    told = json.loads(ended.out)
    assert (told["noise"]["judged_by"], told["noise"]["base_samples"], told["noise"]["new_samples"]) == ("runs", 3, 3)
    assert {one["status"] for one in told["ops"]} <= {"same", "changed"}
