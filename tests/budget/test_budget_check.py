"""Captures against budgets, and against each other."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from support.accuracy import report_with, rows_for
from support.captures import fallback, host_op, op, shape, signpost
from support.comparing import ALL_PASSES, EVERYTHING
from support.real import CAPTURES, each

from perfsheet import Options, Selection, analyze, read
from perfsheet.budget import check, check_against
from perfsheet.budget.check import Captured, check_expected
from perfsheet.budget.reading import budget_of
from perfsheet.budget.writing import first_budget
from perfsheet.comparison import compare
from perfsheet.documents import parse_toml
from perfsheet.errors import NoDeviceOpError, PerfsheetError
from perfsheet.outputs.terminal.checks import print_test_limits
from perfsheet.outputs.terminal.screen import screen_for
from perfsheet.profiling import check_expectations
from perfsheet.provenance import Provenance, ReportedPcc, TestResult
from perfsheet.run.verdict import Expectation
from perfsheet.text.limits import sentence

ROWS = (
    op("MatmulDeviceOperation", 40_000, 64, pm=20_000),
    host_op(),
    fallback(),
    op("InterleavedToShardedDeviceOperation", 1000, 64),
    op("LayerNormDeviceOperation", 9000, 1),
    op("Matmul", 20_000, 32, pm=5000) | shape("OUTPUT_0", (1, 1, 64, 64)),
)


def checked(analysis, tables):
    return check(analysis, budget_of(tables, Path("perf-budget.toml")))


def measured(analysis, **limits):
    verdict = checked(analysis, {"limits": {key.replace("_", "-"): value for key, value in limits.items()}})
    return {one.limit.removeprefix("limits."): one.measured for one in verdict.checked}


def test_a_two_sided_limit_is_breached_by_what_is_too_good(analysis_of):
    tables = {"tolerance": "5 %", "limits": {"kernel-time": {"value": "100 us", "two-sided": True}, "ops": 4}}
    verdict = checked(analysis_of(*ROWS), tables)  # 70 µs
    assert [(one.limit, one.ok, one.allowed) for one in verdict.checked] == [
        ("limits.kernel-time", True, pytest.approx(105_000)),
        ("limits.kernel-time (at least)", False, pytest.approx(95_000)),
        ("limits.ops", True, 4),
    ]
    assert sentence(verdict.checked[1], several_files=False) == (
        "limits.kernel-time (at least): 70.000 µs, at least 95.000 µs allowed "
        "(100.000 µs − 5 %; better than the target: update it); rows 2, 7, 6, 5"
    )


def test_a_two_sided_floor_has_a_ceiling(analysis_of):
    verdict = checked(analysis_of(*ROWS), {"two-sided": True, "limits": {"fps": 1000.0, "reshards": 1}})
    assert [(one.limit, one.ok) for one in verdict.checked] == [
        ("limits.fps", True),
        ("limits.fps (at most)", False),
        ("limits.reshards", True),
        ("limits.reshards (at least)", True),
    ]


def test_gaps_have_limits(analysis_of):
    rows = [
        op("Matmul", 10_000, 64, gap=900_000),
        op("Softmax", 5000, 64, gap=3000),
        op("Matmul", 10_000, 64, gap=2000),
    ]
    found = measured(analysis_of(*rows), gap_time=0, gap_share=0, longest_gap=0)
    # What is before the first op is no gap between ops.
    assert found == {"gap-time": 5000, "gap-share": pytest.approx(5000 / 30_000), "longest-gap": 3000}
    verdict = checked(analysis_of(*rows), {"op-types": {"Matmul": {"gap-time": 0, "longest-gap": 0}}})
    assert [one.measured for one in verdict.checked] == [2000, 2000]


def test_a_gap_that_is_unknown_keeps_no_limit(analysis_of):
    rows = [op("Matmul", 10_000, 64, gap=0), op("Softmax", 5000, 64, gap=None), op("Matmul", 10_000, 64, gap=2000)]
    verdict = checked(analysis_of(*rows), {"limits": {"gap-time": "1 s", "gap-share": "99 %", "longest-gap": "1 s"}})
    assert [(one.ok, one.measured) for one in verdict.checked] == [(False, None)] * 3


def test_everything_that_can_be_limited(analysis_of):
    analysis = analysis_of(*ROWS)
    found = measured(
        analysis,
        kernel_time=0,
        kernel_time_per_pass=0,
        longest=0,
        ops=0,
        fps=0,
        fps_per_pass=0,
        utilization=0,
        utilization_grid=0,
        speed_of_light=0,
        reshards=0,
        reshard_time=0,
        low_core_ops=0,
        low_core_time=0,
        host_ops=0,
        host_fallbacks=0,
    )
    assert found == {
        "kernel-time": 70_000,
        "kernel-time-per-pass": 70_000,
        "longest": 40_000,
        "ops": 4,
        "fps": pytest.approx(1e9 / 70_000),
        "fps-per-pass": pytest.approx(1e9 / 70_000),
        "utilization": pytest.approx((20_000 * 108 / 64 + 5000 * 108 / 32) / 60_000),
        "utilization-grid": pytest.approx((20_000 * 64 / 64 + 5000 * 64 / 32) / 60_000),
        "speed-of-light": analysis.summary.speed_of_light.sol,
        "reshards": 1,
        "reshard-time": 1000,
        "low-core-ops": 1,
        "low-core-time": 9000,
        "host-ops": 2,
        "host-fallbacks": 1,
    }


def passes(*times):
    """Passes of two ops: so many ns, and twice as many."""
    return [row for ns in times for row in (op("Matmul", ns), op("Softmax", ns and 2 * ns))]


OF_PASSES = {"kernel_time": 0, "fps": 0, "ops": 0, "longest": 0, "kernel_time_per_pass": 0, "fps_per_pass": 0}


@pytest.mark.parametrize(
    ("which", "kernel_ns", "ops", "longest", "inference_ns", "per_pass_ns"),
    [
        (None, 330, 2, 220, 330, 370),  # the warm pass of median time; per pass: the mean of all
        ("last", 480, 2, 320, 480, 480),
        ("all", 1110, 6, 320, 370, 370),
    ],
)
def test_limits_are_of_one_inference(analysis_of, which, kernel_ns, ops, longest, inference_ns, per_pass_ns):
    options = {"selection": Selection(which_pass=which)}
    found = measured(analysis_of(*passes(100, 110, 160), options=options), **OF_PASSES)
    assert found == {
        "kernel-time": kernel_ns,
        "fps": pytest.approx(1e9 / inference_ns),
        "ops": ops,
        "longest": longest,
        "kernel-time-per-pass": pytest.approx(per_pass_ns),
        "fps-per-pass": pytest.approx(1e9 / per_pass_ns),
    }


def test_a_mean_pass_needs_the_durations_of_all_passes(analysis_of):
    """The pass that is shown has them all, another one does not."""
    rows = [*passes(100), op("Matmul", 110), op("Softmax", None), *passes(120)]
    verdict = checked(analysis_of(*rows), {"limits": {"kernel-time": "1 s", "kernel-time-per-pass": "1 s"}})
    kernel_time, per_pass = verdict.checked
    assert (kernel_time.measured, kernel_time.missing, kernel_time.ok) == (360, 0, True)
    assert (per_pass.missing, per_pass.ok) == (1, False)


MESH = [
    op(code, ns, device=device)
    for code, of_devices in (("Embedding", (200, 300)), ("Matmul", (500, 100)))
    for device, ns in enumerate(of_devices)
]


def test_devices_are_one_critical_path_unless_the_budget_says_otherwise(capture_of):
    table = read(capture_of(*MESH))

    def found(**window):
        limits = {"kernel-time": 0, "ops": 0, "fps": 0}
        verdict = check_expected(Captured(table), {"limits": limits, "window": window}, "", "test")
        return [one.measured for one in verdict.checked]

    assert found() == [800, 2, pytest.approx(1e9 / 800)]
    assert found(**{"per-device": True}) == [1100, 4, pytest.approx(1e9 / 700)]  # FPS: the busiest device


def test_a_duration_that_one_device_lacks_is_no_gain(analysis_of):
    """The slowest device's, so that the critical path would look shorter: 300 + 100 ns."""
    lacking = [
        row | {"DEVICE KERNEL DURATION [ns]": ""} if row["DEVICE KERNEL DURATION [ns]"] == "500" else row
        for row in MESH
    ]
    verdict = checked(
        analysis_of(*lacking),
        {
            "limits": {"kernel-time": 800, "longest": 500},
            "op-types": {"Matmul": {"kernel-time": 500}, "Embedding": {"kernel-time": 300}},
        },
    )
    assert [(one.measured, one.missing, one.ok) for one in verdict.checked] == [
        (400, 1, False),
        (300, 1, False),
        (100, 1, False),
        (300, 0, True),
    ]
    (one,) = against(analysis_of, MESH, lacking).breaches
    assert (one.measured, one.missing) == (400, 1)


def test_a_first_budget_names_what_differs_from_the_defaults(analysis_of):
    def first(rows, **options):
        return parse_toml(first_budget(analysis_of(*rows, options=options), 0.0).encode(), Path("b.toml"), "")

    default = first(passes(100, 110, 160))
    assert "window" not in default
    assert default["limits"]["kernel-time"] == "330 ns"
    assert not [key for key in default["limits"] if key.endswith("per-pass")]
    everything = first(passes(100, 110, 160), **ALL_PASSES)
    assert everything["window"] == {"pass": "all"}
    assert (everything["limits"]["kernel-time"], everything["limits"]["kernel-time-per-pass"]) == ("1.11 µs", "370 ns")
    assert "window" not in first(MESH)
    assert first(MESH, per_device=True)["window"] == {"per-device": True}


GAP = "OP TO OP LATENCY [ns]"


def test_contradicted_durations_are_in_no_limit(analysis_of):
    """The second op ends 2 ms after it starts, but the third one starts 0.1 ms after it."""
    rows = [op("Matmul", 1000), op("Softmax", 2_000_000), op("LayerNorm", 700) | {GAP: "-1900000"}]
    analysis = analysis_of(*rows)
    limits = {"kernel-time": "1 s", "longest": "1 s", "fps": 1, "ops": 3}
    verdict = checked(analysis, {"limits": limits, "op-types": {"Matmul": {"kernel-time": 1000}}})
    assert [(one.measured, one.missing, one.ok) for one in verdict.checked] == [
        (1700, 1, False),
        (1000, 1, False),
        (None, 1, False),
        (3, 0, True),
        (1000, 0, True),
    ]
    assert "1 op without a usable duration" in sentence(verdict.checked[2], several_files=False)
    (note,) = verdict.notes
    assert note == "1 op whose duration the gaps contradict: times and shares are of the other 2"
    assert "kernel-time" not in parse_toml(first_budget(analysis, 0.0).encode(), Path("b.toml"), "")["limits"]


def test_the_kernel_time_of_ops_that_overlap_is_that_of_the_headline(analysis_of):
    """The second op starts 200 ns after the first and ends before it."""
    analysis = analysis_of(op("Matmul", 1000), op("Softmax", 400) | {GAP: "-800"}, op("LayerNorm", 300))
    verdict = checked(analysis, {"limits": {"kernel-time": 1300}, "op-types": {"Softmax": {"kernel-time": 400}}})
    assert [one.measured for one in verdict.checked] == [1300, 400]
    assert verdict.passed
    assert analysis.summary.kernel_ns == 1300


def test_ceilings_and_floors_with_tolerance(analysis_of):
    analysis = analysis_of(*ROWS)
    verdict = checked(
        analysis,
        {
            "tolerance": "10 %",
            "limits": {"kernel-time": "63.64 us", "longest": "36 us", "ops": 3, "fps": 15_000, "utilization": "99 %"},
        },
    )
    assert [one.ok for one in verdict.checked] == [True, False, False, True, False]
    assert not verdict.passed
    assert [one.limit for one in verdict.breaches] == ["limits.longest", "limits.ops", "limits.utilization"]
    longest = verdict.breaches[0]
    assert (longest.allowed, longest.measured, longest.why) == (pytest.approx(39_600), 40_000, "36.000 µs + 10 %")
    assert [ref.row for ref in longest.rows] == [2]
    assert [ref.row for ref in verdict.breaches[1].rows] == [2, 7, 6, 5]


def test_a_limit_is_kept_to_the_nanosecond(analysis_of):
    analysis = analysis_of(*ROWS)
    assert checked(analysis, {"limits": {"kernel-time": 70_000}}).passed
    assert not checked(analysis, {"limits": {"kernel-time": 69_999}}).passed


def test_op_types_go_by_what_they_are(analysis_of):
    verdict = checked(
        analysis_of(*ROWS),
        {"op-types": {"MatmulDeviceOperation": {"kernel-time": 59_999, "ops": 2}, "Gone": {"kernel-time": 0}}},
    )
    assert [(one.measured, one.ok) for one in verdict.checked] == [(60_000, False), (2, True), (0, True)]
    assert verdict.notes == ("perf-budget.toml: the window has no op Gone",)


def test_single_ops_go_by_shape_and_layout(analysis_of):
    verdict = checked(
        analysis_of(*ROWS), {"ops": [{"op-code": "Matmul", "shape": "32×64 → 64×64", "longest": "19 us"}]}
    )
    (one,) = verdict.breaches
    assert (one.limit, one.measured) == ("ops.Matmul · 32×64 → 64×64.longest", 20_000)


def test_what_cannot_be_measured_is_not_kept(analysis_of):
    analysis = analysis_of(op("MatmulDeviceOperation", None, pm=1), op("Softmax", 100, pm=1))
    verdict = checked(
        analysis, {"limits": {"utilization": 0}, "op-types": {"MatmulDeviceOperation": {"kernel-time": "9 s"}}}
    )
    assert [(one.measured, one.ok) for one in verdict.checked] == [(None, False), (None, False)]


def test_a_part_of_a_capture(capture_of):
    table = read(capture_of(op("Softmax", 5), signpost("a started"), *ROWS, signpost("a finished"), op("Softmax", 7)))
    window = {"start-signpost": "a started", "end-signpost": "a finished"}
    verdict = check_expected(Captured(table), {"limits": {"kernel-time": 1}, "window": window}, "", "test")
    assert verdict.breaches[0].measured == 70_000


@each(CAPTURES)
@pytest.mark.parametrize("window", [{}, {"selection": Selection(which_pass="last")}, EVERYTHING])
def test_a_capture_keeps_its_own_first_budget(path, window):
    try:
        analysis = analyze(read(path), Options(batch=4, **window))
    except NoDeviceOpError:
        pytest.skip("no device op")
    text = first_budget(analysis, 0.0)
    budget = budget_of(parse_toml(text.encode(), path, ""), path)
    assert budget.window(Options()) == analysis.ops.options
    verdict = check(analysis, budget)
    assert verdict.passed, [(one.limit, one.measured, one.allowed) for one in verdict.breaches]
    assert len(verdict.checked) > 3


def test_op_codes_are_quoted_in_a_first_budget(analysis_of, tmp_path):
    nasty = 'a"b]\n[limits]\nops=0 \x7f\\'
    analysis = analysis_of(op(nasty, 100), op("Softmax", 100))
    text = first_budget(analysis, 0.05)
    assert check(analysis, budget_of(parse_toml(text.encode(), tmp_path, ""), tmp_path)).passed


def against(analysis_of, base, new, fail_over=0.05, options=None, **how):
    sides = [analysis_of(*rows, name=f"{name}.csv", options=options) for name, rows in (("base", base), ("new", new))]
    return check_against(compare(*sides), fail_over, **how)


def test_against_another_capture(analysis_of):
    slower = (*ROWS[:-1], ROWS[-1] | {"DEVICE KERNEL DURATION [ns]": "24000"})
    verdict = against(analysis_of, ROWS, slower)
    (one,) = verdict.breaches
    assert (one.limit, one.allowed, one.measured) == ("against.kernel-time", pytest.approx(73_500), 74_000)
    assert [ref.row for ref in one.rows] == [7]
    assert against(analysis_of, ROWS, slower, 0.06).passed
    assert against(analysis_of, slower, ROWS).passed
    assert against(analysis_of, ROWS, ROWS, 0.0).passed


def test_op_types_against_another_capture(analysis_of):
    slower = (*ROWS[:2], *ROWS[2:-1], ROWS[-1] | {"DEVICE KERNEL DURATION [ns]": "22000"})
    verdict = against(analysis_of, ROWS, slower, 0.05, fail_op_over=0.03)
    assert [one.limit for one in verdict.breaches] == ["against.op-types.MatmulDeviceOperation.kernel-time"]


def test_more_passes_are_not_slower(analysis_of):
    rows = [row for row in ROWS if row["OP TYPE"] == "tt_dnn_device"]
    verdict = against(analysis_of, rows, rows * 3, 0.0, options=ALL_PASSES)
    assert verdict.passed
    assert verdict.checked[0].limit == "against.kernel-time-per-pass"
    (one,) = against(analysis_of, rows, rows * 3, 0.0).checked  # one pass with one
    assert (one.limit, one.value, one.measured, one.ok) == ("against.kernel-time", 70_000, 70_000, True)


def test_growth_within_the_noise_is_none(analysis_of, tmp_path):
    from support.captures import write_csv

    from perfsheet.analysis.repeats import analyze_runs

    def runs(name, *totals):
        paths = [
            str(write_csv(tmp_path / f"{name}{number}.csv", [op("Softmax", total), op("Matmul", 100)]))
            for number, total in enumerate(totals)
        ]
        return analyze_runs(paths, lambda path: analyze(read(path)))

    noisy, slower = runs("noisy", 1000, 1020, 980), runs("slower", 1060, 1080, 1040)
    assert check_against(compare(noisy, slower), 0.02).passed
    assert "within the noise" in check_against(compare(noisy, slower), 0.02).checked[0].why
    assert not check_against(compare(runs("steady", 1000, 1001, 999), runs("up", 1060, 1061, 1059)), 0.02).passed
    # Where the noise could explain anything it explains nothing.
    assert not check_against(compare(runs("wild", 1000, 1300, 700), runs("wilder", 1100, 1400, 800)), 0.05).passed
    assert not check_against(compare(runs("two", 1000, 1010), runs("one", 1400)), 0.05).passed


def test_limits_on_a_replayed_capture_say_so(analysis_of):
    measured_now = analysis_of(*ROWS)
    replayed = dataclasses.replace(measured_now, provenance=Provenance(replayed=True))
    for verdict, expected in (
        (checked(measured_now, {"limits": {"ops": 9}}), 0),
        (checked(replayed, {"limits": {"ops": 9}}), 1),
        (checked(replayed, {"limits": {"ops": 9}}) + checked(replayed, {"limits": {"reshards": 9}}), 1),
        (check_against(compare(measured_now, replayed), 0.1), 1),
    ):
        assert sum(note.startswith("replayed: ") for note in verdict.notes) == expected


def test_limits_of_tests_on_a_replayed_capture_say_so(analysis_of):
    replayed = dataclasses.replace(analysis_of(*ROWS), provenance=Provenance(replayed=True))
    (result,) = check_expectations(replayed, [Expectation("t", {"limits": {"ops": 9}}, "")])
    out = io.StringIO()
    print_test_limits(screen_for(out), [result])
    assert "replayed: the limits are checked on a recorded capture" in out.getvalue()


# Accuracy


def beside(capture_of, figures, accuracy=()):
    report = report_with(figures)
    tests = tuple(TestResult(f"t.py::{n}", "passed", 1.0, "", of_test) for n, of_test in enumerate(accuracy))
    return analyze(read(capture_of(*rows_for(report))), provenance=Provenance(results=tests), graph=report)


def reported(*values):
    return tuple(ReportedPcc(str(n), value, str(value)) for n, value in enumerate(values))


ACCURACY = {"pcc": 0.99, "pcc-accumulated": 0.98, "pcc-tests": 0.97}


def test_limits_on_accuracy(capture_of):
    analysis = beside(
        capture_of, [(0.9999, 0.9), (0.992, 0.979), (None, None)], [reported(0.999, 0.97), reported(0.98), ()]
    )
    verdict = checked(analysis, {"limits": ACCURACY, "op-types": {"Matmul": {"pcc": 0.993}}})
    assert [(one.measured, one.ok) for one in verdict.checked] == [
        (0.992, True),
        (0.979, False),
        (0.97, True),
        (0.992, False),
    ]
    assert [one.rows[0].row for one in verdict.checked if one.rows] == [3, 3, 3]
    assert sentence(verdict.breaches[0], False) == ("limits.pcc-accumulated: 0.979, at least 0.98 allowed; row 3")


def test_a_tolerance_does_not_lower_a_pcc(capture_of):
    analysis = beside(capture_of, [(0.9899999, 0.9)])
    (breach,) = checked(analysis, {"tolerance": "5 %", "limits": {"pcc": 0.99}}).breaches
    assert sentence(breach, False) == "limits.pcc: 0.989999, at least 0.99 allowed; row 2"


@pytest.mark.parametrize(
    ("figures", "accuracy"),
    [([(None, None)], [()]), ([(None, None)], [reported(0.99, None)]), ([(None, None)], [])],
)
def test_accuracy_that_is_unknown_keeps_no_limit(capture_of, figures, accuracy):
    verdict = checked(beside(capture_of, figures, accuracy), {"limits": ACCURACY})
    assert [(one.measured, one.ok) for one in verdict.checked] == [(None, False)] * 3
    assert sentence(verdict.checked[0], False) == "limits.pcc: cannot be measured, at least 0.99 allowed"


def test_without_a_graph_report_no_op_has_a_pcc(analysis_of):
    assert [one.ok for one in checked(analysis_of(*ROWS), {"limits": ACCURACY}).checked] == [False] * 3


@pytest.mark.parametrize("value", [1.01, -0.5, "99 %", "2"])
def test_no_limit_is_what_no_pcc_can_be(analysis_of, value):
    with pytest.raises(PerfsheetError, match=r"limits.pcc = .* is not valid; write 0.999"):
        checked(analysis_of(*ROWS), {"limits": {"pcc": value}})


def test_a_first_budget_has_the_accuracy_of_today(capture_of, analysis_of):
    analysis = beside(capture_of, [(0.99987, 0.9), (0.99999, -0.5)], [reported(0.97)])
    tables = parse_toml(first_budget(analysis, 0.0).encode(), Path("b.toml"), "")
    assert {key: value for key, value in tables["limits"].items() if "pcc" in key} == {
        "pcc": 0.99987,
        "pcc-tests": 0.97,
    }
    assert checked(analysis, tables).passed
    assert "pcc" not in first_budget(analysis_of(*ROWS), 0.0)


def test_a_test_is_held_to_its_own_accuracy(capture_of):
    analysis = beside(capture_of, [(0.999, 0.99)], [reported(0.98), reported(0.5)])
    stated = [Expectation(name, {"limits": {"pcc-tests": 0.97, "pcc": 0.99}}) for name in ("t.py::0", "t.py::1", "")]
    assert [result.trouble for result in check_expectations(analysis, stated)] == [
        "",
        "limits.pcc-tests",
        "limits.pcc-tests",
    ]
