import math

import pytest
from support.captures import op

from perfsheet import Options, PerfsheetError


def only(analysis):
    (ranked,) = analysis.top()
    return ranked


def test_the_documented_formula(analysis_of):
    ranked = only(analysis_of(op(duration=2000, cores=16, pm=250)))
    assert ranked.utilization == pytest.approx(250 / 2000 * 108 / 16, rel=1e-12)
    assert ranked.utilization_grid == pytest.approx(250 / 2000 * 64 / 16, rel=1e-12)


@pytest.mark.parametrize(("reference", "expected"), [(64, 0.5), ("grid", 0.5), (32, 0.25), (100.5, 0.78515625)])
def test_other_references(analysis_of, reference, expected):
    ranked = only(analysis_of(op(duration=2000, cores=16, pm=250), options={"ref_cores": reference}))
    assert ranked.utilization == pytest.approx(expected, rel=1e-12)
    assert ranked.utilization_grid == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("cell", ["", "-", "0", "1", "1.0", "-5", "text"])
def test_no_model_is_unknown_and_never_zero(analysis_of, cell):
    ranked = only(analysis_of(op(pm=cell)))
    assert (ranked.pm_ideal_ns, ranked.utilization, ranked.utilization_grid) == (None, None, None)
    assert "no-model" in ranked.flags


def test_just_above_the_sentinel_is_a_model(analysis_of):
    ranked = only(analysis_of(op(pm="1.5", duration=108, cores=1)))
    assert ranked.utilization == pytest.approx(1.5)
    assert "no-model" not in ranked.flags


@pytest.mark.parametrize("cores", ["", "0", "-1", "-"])
def test_without_a_core_count_utilization_is_unknown(analysis_of, cores):
    analysis = analysis_of(op(pm=100, cores=cores), op(duration=1))
    ranked = analysis.top()[0]
    assert (ranked.core_count, ranked.utilization, ranked.utilization_grid) == (None, None, None)
    assert "low-core-count" not in ranked.flags
    assert next(check for check in analysis.checks if check.id == "no-core-count").count == 1


def test_without_a_grid_the_documented_utilization_stands_alone(analysis_of):
    ranked = only(analysis_of(op(pm=100, duration=1000, cores=12), generation="S6"))
    assert ranked.worker_cores is None
    assert ranked.utilization == pytest.approx(0.9)
    assert ranked.utilization_grid is None


def test_with_the_grid_as_reference_and_no_grid_both_are_unknown(analysis_of):
    ranked = only(analysis_of(op(pm=100, cores=12), generation="S6", options={"ref_cores": "grid"}))
    assert (ranked.utilization, ranked.utilization_grid) == (None, None)


def test_a_duration_of_zero_is_ranked_last_with_no_utilization(analysis_of):
    analysis = analysis_of(op("Zero", 0, pm=5), op("Add", 10, pm=5))
    assert [(op.op_code, op.share) for op in analysis.top()] == [("Add", 1), ("Zero", 0)]
    assert analysis.top()[1].utilization is None
    assert next(check for check in analysis.checks if check.id == "zero-duration").count == 1


def test_only_zero_durations_have_no_shares(analysis_of):
    analysis = analysis_of(op(duration=0), op("Reshard", duration=0, cores=1))
    assert all(math.isnan(op.share) for op in analysis.top())
    assert analysis.summary.fps.all is None


@pytest.mark.parametrize(
    ("duration", "check"), [("", "blank"), ("-", "blank"), ("-7", "implausible"), ("1e30", "implausible")]
)
def test_unusable_durations_are_left_out_and_said(analysis_of, duration, check):
    analysis = analysis_of(op("Bad", duration, 1), op("Reshard", duration, 1), op("Good", 10))
    assert [op.op_code for op in analysis.top()] == ["Good"]
    assert analysis.ops.total_ns == 10
    assert not any(total.rows for total in analysis.rule_totals)
    assert (analysis.summary.device_rows, analysis.summary.timed_rows) == (3, 1)
    assert next(found for found in analysis.checks if found.id == f"{check}-duration").count == 2
    assert any("2 device rows" in warning for warning in analysis.summary.warnings)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (op(duration=100, cores=64, pm=200, compute=200, bandwidth=1), "longer than the kernel took"),
        (op(duration=100, cores=64, pm=80, compute=80, bandwidth=1), "reference core count is larger"),
        (op(duration=100, cores=8, pm=80, compute=1, bandwidth=80), "DRAM time"),
        (op(duration=100, cores=8, pm=80, compute=80, bandwidth=1), "modelled for other cores"),
    ],
)
def test_above_100_percent_is_shown_marked_and_explained(analysis_of, row, words):
    ranked = only(analysis_of(row))
    assert ranked.utilization > 1
    assert "not-physical" in ranked.flags
    assert words in ranked.not_physical_reason


def check_of(analysis):
    return next(check for check in analysis.checks if check.id == "not-physical")


MATH = {"compute": 80, "bandwidth": 1}


@pytest.mark.parametrize(
    ("row", "explained"),
    [
        (op(duration=100, cores=64, pm=80, **MATH), True),
        (op(duration=100, cores=8, pm=80, compute=1, bandwidth=80), True),
        (op("MoveDeviceOperation", 100, 64, pm=1800, compute=1800, bandwidth=1), True),
        (op(duration=100, cores=8, pm=80, grid=56, **MATH), True),
        (op(duration=100, cores=8, pm=80, **MATH), False),
        (op(duration=100, cores=64, pm=200, compute=1, bandwidth=200), False),
        (op(duration=100, cores=8, pm=80, grid="", **MATH), False),
    ],
)
def test_what_is_above_100_percent_for_a_known_reason_is_no_warning(analysis_of, row, explained):
    check = check_of(analysis_of(row))
    assert (check.ok, check.count) == (explained, 1)
    assert "1 device row above 100 %" in check.detail
    assert ("no known error" in check.detail) == (not explained)


def test_exactly_100_percent_is_physical(analysis_of):
    ranked = only(analysis_of(op(duration=100, cores=64, pm=100), options={"ref_cores": 64}))
    assert ranked.utilization == 1
    assert "not-physical" not in ranked.flags
    assert ranked.not_physical_reason is None


def test_above_100_percent_by_the_own_grid_alone_is_marked_too(analysis_of):
    ranked = only(analysis_of(op(duration=100, cores=32, pm=60), options={"ref_cores": 32}))
    assert ranked.utilization < 1 < ranked.utilization_grid
    assert "not-physical" in ranked.flags


@pytest.mark.parametrize(
    "options",
    [
        {"ref_cores": 0},
        {"ref_cores": -1},
        {"ref_cores": math.nan},
        {"ref_cores": math.inf},
        {"low_cores_pct": -1},
        {"low_cores_pct": 101},
        {"low_cores_pct": math.nan},
        {"batch": 0},
        {"batch": math.inf},
        {"board": "n999"},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(PerfsheetError) as caught:
        Options(**options)
    assert caught.value.status == 2
