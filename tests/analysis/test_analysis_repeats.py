"""Repeats: what an independent computation (the statistics module) says, and which runs are left out."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import op, shape

from perfsheet import Options, analyze, read
from perfsheet.analysis.repeats import align, observe
from perfsheet.analysis.statistics import spread

import numpy as np  # isort: skip

EVERY_DEVICE = Options(per_device=True)
BLOCK = (("Matmul", 64), ("Reshard", 8), ("Unary", 32))


@pytest.fixture
def observed(capture_of):
    """Observations of runs whose ops took these durations."""

    def make(*runs, block=BLOCK):
        found = []
        for number, durations in enumerate(runs, 1):
            rows = [op(code, ns, cores) for (code, cores), ns in zip(block, durations, strict=True)]
            path = capture_of(*rows, name=f"run{number}.csv")
            found.append(observe(analyze(read(path)).ops, f"run {number}", str(path)))
        return found

    return make


def test_every_op_over_all_runs(observed) -> None:
    runs = [(9000, 700, 3000), (9100, 800, 3000), (8900, 600, 3060), (9400, 700, 3010)]
    repeats = align(observed(*runs))
    assert repeats.aligned == 4
    for position in range(3):
        values = [run[position] for run in runs]
        found = repeats.op(position)
        assert (found.runs, found.min_ns, found.max_ns) == (4, min(values), max(values))
        assert found.median_ns == statistics.median(values)
        assert found.mean_ns == pytest.approx(statistics.mean(values), rel=1e-12)
        assert found.std_ns == pytest.approx(statistics.stdev(values), rel=1e-12)
        assert found.cv == pytest.approx(statistics.stdev(values) / statistics.mean(values), rel=1e-12)
    assert repeats.noisy.tolist() == [False, True, False]
    assert repeats.total.max_ns == max(map(sum, runs))


def test_run_of_median_kernel_time_is_shown(observed) -> None:
    repeats = align(observed((3, 3, 3), (1, 1, 1), (2, 2, 2)))
    assert (repeats.shown, [run.shown for run in repeats.runs]) == (2, [False, False, True])
    assert align(observed((3, 3, 3), (1, 1, 1))).shown == 1  # of two, the faster one


def test_threshold_of_noise(observed) -> None:
    runs = observed((100, 100, 100), (102, 110, 100))
    assert align(runs, noisy_pct=5).noisy.tolist() == [False, True, False]
    assert align(runs, noisy_pct=1).noisy.tolist() == [True, True, False]
    assert align(runs, noisy_pct=10).noisy.tolist() == [False, False, False]


def test_single_run_has_no_deviation(observed) -> None:
    repeats = align(observed((9000, 700, 3000)))
    assert repeats.op(0).std_ns is None
    assert repeats.op(0).cv is None
    assert not repeats.noisy.any()


def test_unknown_durations_do_not_count(observed) -> None:
    repeats = align(observed((9000, None, None), (9000, 500, None), (9600, None, None)))
    assert (repeats.op(1).runs, repeats.op(1).median_ns, repeats.op(1).cv) == (1, 500, None)
    assert (repeats.op(2).runs, repeats.op(2).median_ns) == (0, None)
    assert repeats.total.runs == 3


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([op("Matmul", 1), op("Unary", 1)], "2 ops instead of 3; first at op 2: Unary instead of Reshard"),
        (
            [op("Matmul", 1), op("Reshard", 1)],
            "2 ops instead of 3; first at op 3: it ends, the others continue with Unary",
        ),
        (
            [op("Matmul", 1), op("Reshard", 1), op("Unary", 1), op("Add", 1)],
            "4 ops instead of 3; first at op 4: it continues with Add, the others end",
        ),
        ([op("Matmul", 1), op("Reshard", 1, device=1), op("Unary", 1)], "first at op 2: Reshard on device 1"),
        (
            [op("Matmul", 1) | shape("INPUT_0", (1, 1, 64, 64)), op("Reshard", 1), op("Unary", 1)],
            "first at op 1: Matmul in another configuration: Matmul | 1×1×64×64",
        ),
    ],
)
def test_run_with_other_ops_is_set_apart(observed, capture_of, rows, said) -> None:
    alike = observed((9000, 700, 3000), (9100, 700, 3000))
    path = capture_of(*rows, name="other.csv")
    other = observe(analyze(read(path), EVERY_DEVICE).ops, "run 3", str(path))
    repeats = align([other, *alike])
    assert [run.aligned for run in repeats.runs] == [False, True, True]
    assert said in repeats.runs[0].difference
    assert repeats.aligned == 2
    assert repeats.op(0).max_ns == 9100


def test_other_cores_alone_are_the_same_op(observed) -> None:
    """Core counts are measured, as durations are: they don't make an op another one."""
    first = observed((9000, 700, 3000))
    second = observed((9000, 700, 3000), block=(("Matmul", 63), ("Reshard", 8), ("Unary", 32)))
    assert align([*first, *second]).aligned == 2


def test_checks_and_flags(observed, capture_of) -> None:
    path = capture_of(*(op(code, 100, cores) for code, cores in BLOCK))
    repeats = align(observed((100, 100, 100), (100, 150, 100)), failures=["run 3 came to no report: it hung"])
    analysis = analyze(read(path), repeats=repeats)
    assert analysis.flags(1)[-1] == "noisy"
    assert "noisy" not in analysis.flags(0)
    warnings = analysis.summary.warnings
    assert any("run 3 came to no report" in warning for warning in warnings)
    assert any("1 device row whose kernel duration varies by more than 5 %" in warning for warning in warnings)
    assert any("so its noise is unknown" in warning for warning in analyze(
        read(path), repeats=align(observed((100, 100, 100)))
    ).summary.warnings)  # fmt: skip


@given(st.lists(st.floats(1, 1e9), min_size=2, max_size=9))
def test_statistics_of_any_values(values: list[float]) -> None:
    found = spread(np.array(values))
    assert found.mean_ns == pytest.approx(statistics.fmean(values), rel=1e-9)
    assert found.std_ns == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)
    assert found.min_ns is not None
    assert found.max_ns is not None
    assert found.median_ns is not None
    assert found.min_ns <= found.median_ns <= found.max_ns
