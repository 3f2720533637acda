"""Several runs of one target, and its cases, against the stand-in for the profiler's front end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from profiling import ActsOnce, Clock, RecordingWatch
from standin_home import STANDINS
from support.command import PATIENCE_S

from perfsheet import Options
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.profiling import Plan, ProfilingResult, profile_cases, profile_target
from perfsheet.profiling.model import MeasuredRun
from perfsheet.progress import Phase, Watch
from perfsheet.run import RunRequest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


def series(
    *places: object, warmup: int = 0, command: str = "pytest test_it.py", watch: Watch | None = None
) -> ProfilingResult:
    text = f"STANDIN_SERIES={','.join(map(str, places))} {command}"
    request = RunRequest(text, python=sys.executable, timeout_s=PATIENCE_S)
    return profile_target(request, Plan(len(places) - warmup, warmup), Options(), watch or Watch())


def test_one_run_has_no_repeats(home: Path) -> None:
    done = series(9100)
    assert (done.analysis.repeats, done.status, len(done.runs)) == (None, ExitStatus.DONE, 1)


def graph(plan: Plan, command: str) -> tuple[ProfilingResult, list[MeasuredRun]]:
    runs: list[MeasuredRun] = []
    request = RunRequest(command, python=sys.executable, timeout_s=PATIENCE_S)
    return profile_target(request, plan, Options(), Watch(), runs.append), runs


SCRIPT = "import ttnn; ttnn.relu(ttnn.open_device(0)); open('ran', 'a').write('x')"


@pytest.mark.parametrize("repeat", [1, 3])
def test_graph_is_captured_once_and_lies_beside_the_run_that_is_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch, repeat: int
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(STANDINS / name) for name in ("fake_tracy", "fake_ttnn")))
    (home / "it.py").write_text(SCRIPT)
    done, runs = graph(Plan(repeat, graph=True), "STANDIN_SERIES=9000,9200,9100 python it.py")
    assert (home / "ran").read_text() == "x" * (repeat + 1)
    assert done.shown.csv is not None
    assert done.graph_report == done.shown.csv.parent / "graph"
    assert (done.graph_report / "db.sqlite").is_file()
    assert done.analysis.provenance.record is not None
    assert done.analysis.provenance.record.graph_report == "graph"
    assert len(runs) == repeat + 1
    assert runs[-1].outcome == done.shown == done.runs[2 if repeat == 3 else 0].outcome
    assert sum(run.outcome.graph_report is not None for run in done.runs) == 1


def test_graph_that_cannot_be_captured_leaves_the_profiled_run_as_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(STANDINS / name) for name in ("fake_tracy", "fake_ttnn")))
    (home / "it.py").write_text("import os, sys; sys.exit('PERFSHEET_GRAPH' in os.environ)")
    done, runs = graph(Plan(graph=True), "python it.py")
    assert (done.status, done.graph_report, len(done.analysis.ops.kernel_ns)) == (ExitStatus.DONE, None, 2)
    assert len(runs) == 1


def test_warm_up_is_thrown_away(home: Path) -> None:
    done = series(50_000, 9000, 9500, 9100, warmup=1)
    repeats = done.analysis.repeats
    assert repeats is not None
    assert repeats.durations[:, 0].tolist() == [9000, 9500, 9100]
    assert done.shown.csv == done.runs[2].outcome.csv
    assert done.analysis.ops.kernel_ns[0] == 9100
    assert len(list((home / "generated/profiler/reports").glob("**/ops_perf_results*.csv"))) == 3


def test_run_with_other_ops_is_set_apart_and_said(home: Path) -> None:
    done = series(9000, "other", 9100)
    assert done.analysis.repeats is not None
    assert done.analysis.repeats.aligned == 2
    warnings = done.analysis.summary.warnings
    assert any("run 2 is left out: 3 ops instead of 2; first at op 2" in warning for warning in warnings)
    assert done.status == ExitStatus.DONE


def test_run_that_fails_after_another_worked_is_listed(home: Path) -> None:
    done = series(9000, "traceback", 9100)
    assert done.status == ExitStatus.PROFILER_FAILED
    assert [failed.label for failed in done.failures] == ["run 2"]
    assert done.analysis.repeats is not None
    assert done.analysis.repeats.aligned == 2
    assert any("run 2 produced no report" in warning for warning in done.analysis.summary.warnings)


def test_time_limit_ends_the_series(home: Path, clock: Clock) -> None:
    watch = ActsOnce(lambda watch: watch.phases.count(Phase.CAPTURE) == 2, clock.pass_every_limit)
    done = series(9000, "slow-report", 9100, watch=watch)
    assert done.status == ExitStatus.TIMEOUT
    assert len(done.runs) == 1
    assert (home / "series").read_text() == "2"


def test_first_run_that_fails_is_the_end(home: Path) -> None:
    with pytest.raises(PerfsheetError) as caught:
        series("markers", 9000)
    assert caught.value.status == ExitStatus.PROFILER_FAILED
    assert (home / "series").read_text() == "1"


def test_failing_tests_count_in_every_run(home: Path) -> None:
    assert series(9000, 9100, command="FAIL=1 pytest test_it.py").status == ExitStatus.TESTS_FAILED


@pytest.mark.parametrize("plan", [(0, 0, 5.0), (1, -1, 5.0), (1, 0, -1.0), (1, 0, float("nan"))])
def test_plans_that_make_no_sense(plan: tuple[int, int, float]) -> None:
    with pytest.raises(PerfsheetError) as caught:
        Plan(*plan)
    assert caught.value.status == ExitStatus.USAGE


CASES = """
import pytest
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_case(n):
    assert n != 2
    if n == 4: pytest.skip("not here")
"""


def test_cases_side_by_side(home: Path) -> None:
    """A failing case, one without a report, and a skipped one do not stop the others."""
    (home / "test_it.py").write_text(CASES)
    request = RunRequest("STANDIN_SERIES=9000,9100,no-op,9300 pytest test_it.py", name="demo", python=sys.executable)
    kept: list[MeasuredRun] = []
    cases, status = profile_cases(request, Plan(), Options(), RecordingWatch(), kept.append)
    assert [case.nodeid for case in cases] == [f"test_it.py::test_case[{n}]" for n in (1, 2, 3, 4)]
    assert [case.outcome for case in cases] == ["passed", "failed", None, "skipped"]
    assert [case.kernel_ns for case in cases] == [12_100, 12_200, None, 12_400]
    assert "tests failed: 1 failed" in cases[1].problem
    assert "no op on a device" in cases[2].problem
    assert status == ExitStatus.TESTS_FAILED
    assert len(kept) == 3
    assert cases[0].csv is not None
    assert Path(cases[0].csv).parts[-3] == "demo_test_case_1"
    assert cases[0].share_of("low-core-count") == 0


def test_skipped_case_ends_well_though_it_runs_no_op(home: Path) -> None:
    (home / "test_it.py").write_text(CASES.replace("n != 2", "n"))
    request = RunRequest("STANDIN_SERIES=9000,9100,9200,no-op pytest test_it.py", python=sys.executable)
    cases, status = profile_cases(request, Plan(), Options(), RecordingWatch())
    assert status == ExitStatus.DONE
    assert [(case.outcome, case.kernel_ns, case.problem) for case in cases][3] == ("skipped", None, "")


def test_what_would_meet_every_case_ends_them_all(home: Path) -> None:
    (home / "test_it.py").write_text(CASES)
    with pytest.raises(PerfsheetError) as caught:
        profile_cases(
            RunRequest("PYTHONPATH= pytest test_it.py", python=sys.executable), Plan(), Options(), RecordingWatch()
        )
    assert caught.value.status == ExitStatus.NO_PROFILER


def test_cases_repeated(home: Path) -> None:
    (home / "test_it.py").write_text("import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_case(n): pass\n")
    request = RunRequest("STANDIN_SERIES=100,110,200,200 pytest test_it.py", python=sys.executable)
    cases, status = profile_cases(request, Plan(repeat=2), Options(), RecordingWatch())
    assert status == ExitStatus.DONE
    assert [case.kernel_spread.max_ns for case in cases if case.kernel_spread] == [3210, 3300]
