"""What figures are of: one warm pass, the critical path of the devices, ops with durations that can be believed."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING, analysed
from support.captures import host_op, op, signpost, write_csv
from support.findings import findings_of
from support.oracle import Oracle
from support.real import CAPTURES, INVALID_DURATIONS, capture, each
from support.real import CASES as REAL_CASES

from perfsheet import Options, PerfsheetError, Selection, analyze, read
from perfsheet.text import sentences

CASES = Path(__file__).parents[1] / "data" / "cases"


def step(code, duration, gap=100, device=0, **cells):
    return op(code, duration, device=device, **{"OP TO OP LATENCY [ns]": gap}, **cells)


def one_pass(*durations, gap=100, **cells):
    return [step(f"Op{place}", duration, gap, **cells) for place, duration in enumerate(durations)]


def fps(nanoseconds):
    return pytest.approx(1e9 / nanoseconds)


def check(analysis, name):
    return next(one for one in analysis.checks if one.id == name)


# Passes


def test_figures_are_of_the_warm_pass_of_median_time(analysis_of):
    rows = [row for scale in (9, 5, 7, 6, 8) for row in one_pass(10 * scale, 20 * scale)]
    analysis = analysis_of(*rows)
    summary = analysis.summary
    # Of the warm passes of 150, 210, 180 and 240 ns the lower of both in the middle.
    assert (summary.window, summary.passes.chosen, summary.kernel_ns) == ("pass 4 of 5", 4, 180)
    assert summary.fps.all == fps(180)
    assert analysis.ops.kernel_ns.tolist() == [60, 120]
    assert [analysis.row_ref(at).row for at in range(2)] == [8, 9]
    assert "figures: pass 4 (--pass all: everything)" in sentences.passes(summary)


def test_a_cold_pass_is_not_chosen_even_if_it_is_of_median_time(analysis_of):
    rows = [*one_pass(20, 20, gap=90_000), *one_pass(10, 10), *one_pass(30, 30)]
    assert analysis_of(*rows).summary.passes.chosen == 2


def test_a_single_pass_is_the_whole_capture(analysis_of):
    summary = analysis_of(*one_pass(10, 20), host_op()).summary
    assert (summary.window, summary.passes.chosen, summary.host_rows) == ("whole capture", None, 1)
    assert sentences.passes(summary) == ""


def test_all_passes_are_at_hand(analysis_of):
    rows = [row for scale in (3, 1, 2) for row in one_pass(10 * scale, 20 * scale)]
    analysis = analysis_of(*rows)
    every = analysis.every
    assert (len(analysis.ops), len(every.ops), every.ops.total_ns) == (2, 6, 180)
    assert [analysis.row_ref(at).position for at in range(2)] == [2, 3]
    assert every.row_ref(2).row == analysis.row_ref(0).row
    assert analysis_of(*rows, options=EVERYTHING).summary.kernel_ns == every.summary.kernel_ns


def test_rows_between_the_ops_of_a_pass_belong_to_it(analysis_of):
    rows = [row for _ in range(3) for row in (signpost("start"), step("A", 10), host_op(), step("B", 20), host_op("x"))]
    summary = analysis_of(*rows).summary
    assert (summary.host_rows, summary.signpost_rows, summary.device_rows) == (1, 0, 2)


def replay(session, *durations, start=0, trace=1):
    cells = {"METAL TRACE ID": trace, "METAL TRACE REPLAY SESSION ID": session}
    return [
        step(f"Op{place}", duration, start=1000 * session + start + place, **cells)
        for place, duration in enumerate(durations)
    ]


def test_an_incomplete_replay_is_named_and_left_out(analysis_of):
    rows = [*replay(1, 10, 20, 30), *replay(2, 11, 21, 31), *replay(3, 12)]
    analysis = analysis_of(*rows)
    summary = analysis.summary
    assert (summary.passes.count, summary.passes.ops_per_pass, summary.kernel_ns) == (2, 3, 60)
    assert summary.passes.fps_per_pass == fps(61.5)
    assert summary.passes.incomplete == "replay 3 of trace 1 (1 of 3 ops)"
    assert any("replay 3 of trace 1 (1 of 3 ops)" in warning for warning in summary.warnings)
    assert "incomplete, left out: replay 3" in sentences.passes(summary)
    everything = analysis_of(*rows, options=EVERYTHING).summary
    assert (everything.ops, everything.kernel_ns, everything.fps.all) == (7, 135, fps(61.5))


def test_one_whole_replay_is_the_pass(analysis_of):
    rows = [op("Before", 99), *replay(1, 12), *replay(2, 10, 20, 30)]
    summary = analysis_of(*rows).summary
    assert (summary.window, summary.kernel_ns, summary.fps.all) == ("pass 1 of 1", 60, fps(60))
    assert "one whole trace replay of 3 ops" in sentences.passes(summary)
    everything = analysis_of(*rows, options=EVERYTHING).summary
    assert (everything.kernel_ns, everything.fps.all, everything.passes.fps_per_pass) == (171, fps(60), fps(60))


def test_const_evaluated_ops_are_left_out_and_counted(analysis_of):
    rows = [row | {"CONST_EVAL_OP": str(constant)} for row, constant in (
        (step("Fold", 900), True), (step("A", 10), False), (step("Fold", 90), "true"), (step("B", 20), ""),
    )]  # fmt: skip
    extra = ("CONST_EVAL_OP",)
    analysis = analysis_of(*rows, extra=extra)
    summary = analysis.summary
    assert (list(analysis.ops.codes), summary.kernel_ns, summary.fps.all) == (["A", "B"], 30, fps(30))
    assert summary.const_eval_rows == 2
    assert "2 const-evaluated ops left out; figures: the others (--pass all: everything)" in sentences.passes(summary)
    everything = analysis_of(*rows, extra=extra, options=EVERYTHING).summary
    assert (everything.ops, everything.kernel_ns, everything.const_eval_rows) == (4, 1020, 0)
    nothing_else = analysis_of(rows[0], rows[2], extra=extra).summary
    assert (nothing_else.ops, nothing_else.kernel_ns) == (2, 990)


def test_passes_after_const_evaluated_ops_are_found(analysis_of):
    rows = [step("Fold", 900, CONST_EVAL_OP="true"), *one_pass(30, 40), *one_pass(10, 20), *one_pass(50, 60)]
    summary = analysis_of(*rows, extra=("CONST_EVAL_OP",)).summary
    assert (summary.passes.count, summary.passes.chosen, summary.kernel_ns) == (3, 2, 30)


# Devices


def on(device, **durations):
    return [step(code, duration, device=device) for code, duration in durations.items()]


def test_an_op_of_a_mesh_is_shown_once_with_its_slowest_device(analysis_of):
    rows = [*on(0, A=10, B=50, C=7), *on(1, A=20, B=30, C=7), *on(2, A=15, B=40, C=7)]
    analysis = analysis_of(*rows)
    summary = analysis.summary
    assert (analysis.ops.device.tolist(), analysis.ops.kernel_ns.tolist()) == ([1, 0, 0], [20, 50, 7])
    assert (summary.ops, summary.device_rows, summary.kernel_ns, summary.kernel_sum_ns) == (3, 9, 77, 186)
    assert (summary.fps.all, sum(one.share for one in analysis.top())) == (fps(77), pytest.approx(1))
    steps = analysis.facts.steps
    assert (steps.devices.tolist(), steps.mean_ns.tolist(), steps.shortest_ns.tolist()) == (
        [3] * 3,
        [15, 40, 7],
        [10, 30, 7],
    )
    sums = analysis_of(*rows, options={"per_device": True}).summary
    assert (sums.ops, sums.kernel_ns, sums.critical_path_ns, sums.fps.all) == (9, 186, 77, fps(67))


def test_of_ops_that_only_some_devices_run_the_slowest_branch_counts(analysis_of):
    """Between A and B device 1 runs X and Y, device 2 runs Z: both at once, so that the longer of both counts."""
    rows = [*on(0, A=10, B=10, C=10, D=10, E=10, F=10), *on(1, A=9, X=30, Y=5, B=9, C=9, D=9, E=9, F=9)]
    rows += [*on(2, A=8, Z=25, B=8, C=8, D=8, E=8, F=8)]
    analysis = analysis_of(*rows)
    assert list(analysis.ops.codes) == ["A", "X", "Y", "B", "C", "D", "E", "F"]
    assert analysis.summary.critical_path_ns == analysis.summary.kernel_ns == 60 + 35
    assert (analysis.facts.devices.unmatched, check(analysis, "devices").ok) == (3, False)


def test_devices_that_cannot_be_aligned_are_said_and_the_busiest_counts_alone(analysis_of):
    analysis = analysis_of(*on(0, A=10, B=20), *on(1, X=50, Y=60, Z=1), *on(2, A=10, B=20))
    summary = analysis.summary
    assert list(analysis.ops.codes) == ["X", "Y", "Z"]
    assert (summary.kernel_ns, summary.kernel_sum_ns, summary.critical_path_ns) == (111, 171, None)
    assert summary.fps.all == fps(111)
    assert any("differ too much" in warning for warning in summary.warnings)
    assert "figures: device 1 alone, since the ops of device 0 differ too much" in sentences.device_totals(summary)


def test_devices_of_two_hosts_are_a_mesh_of_all(analysis_of):
    """Both hosts number their devices from 0; the same call on another host is another op."""
    times = {(0, 0): (10, 50), (0, 1): (20, 30), (1, 0): (12, 60), (1, 1): (18, 40)}
    rows = [
        step(code, duration, device=device, call=call, **{"HOST ID": host})
        for (host, device), durations in times.items()
        for call, (code, duration) in enumerate(zip("AB", durations, strict=True))
    ]
    analysis = analysis_of(*rows, extra=["HOST ID"])
    summary = analysis.summary
    assert (summary.devices, summary.ops, summary.device_rows) == ((0, 1, 2, 3), 2, 8)
    assert (summary.kernel_ns, summary.kernel_sum_ns, summary.fps.all) == (80, 240, fps(80))
    assert check(analysis, "calls").ok
    sums = analysis_of(*rows, extra=["HOST ID"], options=EVERYTHING).summary
    assert (sums.kernel_ns, sums.fps.all) == (240, fps(72))


@st.composite
def meshes(draw: st.DrawFn):
    """The same ops on several devices; some devices lack ops, or run more."""
    codes = [f"Op{place}" for place in range(draw(st.integers(1, 12)))]
    rows = []
    for device in range(draw(st.integers(2, 4))):
        for code in codes:
            if draw(st.integers(0, 9)):
                rows.append(step(code, draw(st.sampled_from([None, 0, 3, 50, 1000, 70_000])), device=device))
            if not draw(st.integers(0, 9)):
                other = draw(st.sampled_from(["Reshard", "LayerNorm", "AllGatherAsync", "Tilize"]))
                rows.append(step(other, draw(st.integers(0, 5000)), device=device, cores=draw(st.integers(1, 64))))
    return [*rows, step("Op0", 10)]


@given(rows=meshes())
def test_the_critical_path_lies_between_the_busiest_device_and_all_of_them(rows, tmp_path_factory):
    analysis = analyze(read(write_csv(tmp_path_factory.getbasetemp() / "mesh.csv", rows)))
    assert_critical_path(analysis)


@each(CAPTURES)
def test_the_critical_path_of_real_captures(path):
    assert_critical_path(analysed(path))


def assert_critical_path(analysis):
    summary, tolerance = analysis.summary, 1 + 1e-9
    path = analysis.ops.total_ns
    if not analysis.facts.scope.every.timed[analysis.facts.scope.within].any():
        assert summary.critical_path_ns is None
        return
    known = [total.kernel_ns for total in summary.device_totals if not math.isnan(total.kernel_ns)]
    busiest, everything = max(known), math.fsum(known)
    assert busiest <= path * tolerance
    assert path <= everything * tolerance
    if summary.devices_problem:
        assert (path, summary.critical_path_ns) == (pytest.approx(busiest), None)
    else:
        assert summary.critical_path_ns == pytest.approx(path)
    # Each step once, and the slowest of its devices.
    devices, kernel = analysis.facts.devices, np.nan_to_num(analysis.facts.scope.every.kernel_ns, nan=-1)
    within = analysis.facts.scope.within
    if devices.aligned:
        steps = devices.step[devices.critical]
        assert len(np.unique(steps)) == len(steps)
        shared = np.unique(devices.step[np.bincount(devices.step)[devices.step] > 1])
        assert np.isin(shared, steps).all()
        for index in devices.critical.tolist():
            assert kernel[within[index]] == kernel[within[devices.step == devices.step[index]]].max()
    for finding in analysis.findings:
        if not finding.rule.saves_gaps and finding.saving_ns is not None:
            assert finding.saving_ns <= path * tolerance
    assert math.fsum(one.added_ns for one in analysis.findings if not one.rule.saves_gaps) <= path * tolerance
    assert all(-1e-6 * path <= what_if.left_ns <= path * tolerance for what_if in analysis.what_if)


# Durations that cannot be right


def test_durations_that_the_gaps_contradict_are_not_timed(analysis_of):
    wrong = 6_900_000_000
    rows = [
        step("A", 500),
        step("Bad", wrong, -wrong),  # tt-metal's own test: above 1 ms, with a gap below −1 ms
        step("C", 300, wrong),
        step("D", 200, 40),
    ]
    analysis = analysis_of(*rows)
    ops, summary = analysis.ops, analysis.summary
    assert ops.invalid.tolist() == [False, True, False, False]
    assert (summary.kernel_ns, summary.invalid_rows, summary.timed_ops, summary.fps.all) == (1000, 1, 3, None)
    assert [one.op_code for one in analysis.top()] == ["A", "C", "D"]
    # The gap after it is from an end that is not its own.
    assert np.isnan(ops.gap_ns).tolist() == [False, True, True, False]
    assert (summary.time_split.elapsed_ns, summary.time_split.unknown_gaps) == (1040, 2)
    assert "invalid-duration" in analysis.flags(1)
    assert any("contradicts the gaps" in warning for warning in summary.warnings)
    with pytest.raises(PerfsheetError, match="contradicts the gaps") as caught:
        analysis_of(*rows, options={"strict": True})
    assert caught.value.status == 3


def test_an_op_that_the_next_one_overtakes_has_a_wrong_end(analysis_of):
    """The next one is short and begins seconds before this one ended."""
    analysis = analysis_of(step("Bad", 5_000_000_000), step("B", 400, -4_999_000_000), step("C", 300, 10))
    assert (analysis.ops.invalid.tolist(), analysis.summary.kernel_ns) == ([True, False, False], 700)


def test_a_long_op_before_a_wrong_one_is_kept(analysis_of):
    analysis = analysis_of(step("Long", 2_000_000), step("Bad", 6_000_000_000, -5_999_000_000), step("C", 300, 10))
    assert (analysis.ops.invalid.tolist(), analysis.summary.kernel_ns) == ([False, True, False], 2_000_300)


@pytest.mark.parametrize(("duration", "gap"), [(1_000_000, -2_000_000), (2_000_000, -1_000_000), (2_000_000, 5)])
def test_at_the_limit_durations_are_believed(analysis_of, duration, gap):
    analysis = analysis_of(step("A", 10), step("B", duration, gap))
    assert not analysis.ops.invalid.any()
    assert analysis.summary.kernel_ns == duration + 10


def test_ops_of_sub_devices_may_overlap_for_long(analysis_of):
    cells = {"SUB DEVICE ID": 1}
    rows = [step("A", 3_000_000, start=0), step("B", 2_500_000, -2_900_000, start=100_000, **cells)]
    analysis = analysis_of(*rows, generation="S10")
    assert not analysis.ops.invalid.any()


def test_a_wrong_op_of_another_device_proves_nothing(analysis_of):
    rows = [step("Long", 2_000_000, device=0), step("Bad", 6_000_000_000, -5_999_000_000, device=1)]
    every = analysis_of(*rows, options=EVERYTHING).ops
    assert every.invalid.tolist() == [False, True]


def test_the_llama_window():
    """tt-metal#48043: 13 of 20 ops of 6.92 s; the rest takes 60,546 ns."""
    analysis = analysed(capture(INVALID_DURATIONS.removesuffix(".csv")))
    summary = analysis.summary
    assert (summary.ops, summary.invalid_rows, summary.timed_ops, summary.kernel_ns) == (20, 13, 7, 60_546)
    assert (summary.fps.all, len(analysis.top())) == (None, 7)
    assert max(finding.saving_ns or 0 for finding in analysis.findings) <= 60_546


# Ops that others hide


def overlapping(code, start, end, gap, sub_device, **cells):
    cells = {"DEVICE FW END CYCLE": end, "DEVICE FW DURATION [ns]": end - start, "SUB DEVICE ID": sub_device} | cells
    return step(code, end - start, gap, start=start, **cells)


def test_an_op_that_a_longer_one_hides_is_no_finding(analysis_of):
    """On sub-device 0 a long op runs; beside it a reshard on one core, which would be two findings."""
    rows = [
        overlapping("Matmul", 0, 10_000, 0, ""),
        overlapping("Dispatch", 10_100, 40_100, 100, 0),
        overlapping("Reshard", 10_200, 30_200, -29_900, 1, cores=1),
        overlapping("Softmax", 40_300, 45_300, 10_100, ""),
    ]
    analysis = analysis_of(*rows, generation="S10")
    summary = analysis.summary
    assert analysis.ops.hidden.tolist() == [False, False, True, False]
    assert (summary.hidden_ops, summary.kernel_ns, summary.overlapping_ns) == (1, 45_000, 65_000)
    assert summary.fps.all == fps(45_300)
    assert not any(2 in finding.positions for finding in analysis.findings)
    assert "hidden" in analysis.flags(2)
    assert [one.share for one in analysis.top()] == pytest.approx([30 / 45, 0, 10 / 45, 5 / 45])
    for shares in (analysis.op_types, analysis.categories, analysis.groups):
        assert math.fsum(one.share for one in shares) == pytest.approx(1)
    assert check(analysis, "overlap").count == 1
    assert not any("impossible" in warning or "negative" in warning for warning in summary.warnings)
    alone = analysis_of(rows[0], overlapping("Reshard", 10_200, 30_200, 200, 1, cores=1), generation="S10")
    assert findings_of(alone, "reshard")
    sums = analysis_of(*rows, generation="S10", options={"per_device": True}).summary
    assert (sums.kernel_ns, sums.hidden_ops) == (65_000, 0)


# Totals as they were


@each(CAPTURES)
def test_everything_is_the_sum_of_the_file(path):
    """To the nanosecond, but for durations that cannot be right."""
    analysis = analysed(path, **EVERYTHING)
    oracle = Oracle(path)
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["OP TYPE"] == "tt_dnn_device"]
    left_out = {one.row for one in oracle.ops} - {one.row for one in oracle.timed}
    blank = sum(not row["DEVICE KERNEL DURATION [ns]"] for row in rows)
    assert len(left_out) == (13 if path.name == INVALID_DURATIONS else blank)
    summary = analysis.summary
    assert (summary.ops, summary.device_rows) == (len(rows), len(rows))
    if oracle.timed:
        total = math.fsum(one.kernel for one in oracle.timed)
        assert summary.kernel_ns == summary.kernel_sum_ns == total
        assert math.fsum(one.kernel_ns for one in summary.device_totals) == total
        assert analysed(path).every.summary.kernel_ns == total


# Cases of faults that were found


def case(name, **options):
    return analyze(read(CASES / f"{name}.csv"), Options(**options))


def test_case_of_two_eager_passes_whose_cache_flag_is_stale(tmp_path):
    analysis = case("eager-two-passes-cache-flag-false")
    assert (analysis.summary.window, analysis.summary.passes.all[0].cold) == ("pass 2 of 2", True)
    assert round(analysis.summary.fps.all) == 5999
    text = (CASES / "eager-two-passes-cache-flag-false.csv").read_text()
    (tmp_path / "hits.csv").write_text(text.replace("False", "True"))
    other = analyze(read(tmp_path / "hits.csv"))
    found, of_hits = ([(one.rule.id, one.saving_ns) for one in each.findings] for each in (analysis, other))
    assert found == of_hits


def test_case_of_a_replay_that_was_cut():
    summary = case("trace-3-replays-last-cut").summary
    assert (summary.passes.count, summary.passes.ops_per_pass, summary.ops) == (2, 27, 27)
    assert "(9 of 27 ops)" in summary.passes.incomplete
    assert (round(summary.fps.all), round(summary.passes.fps_per_pass)) == (5999, 5999)
    everything = case("trace-3-replays-last-cut", **EVERYTHING).summary
    assert (everything.ops, round(everything.fps.all)) == (63, 5999)


def test_case_of_replays_that_are_sorted_by_host_start():
    """An eager pass and three replays; the signposts stand where the trace was captured."""
    name = "trace-replays-sorted-by-host-start"
    analysis = case(name)
    assert (analysis.summary.passes.count, analysis.summary.ops) == (3, 27)
    assert len(analysis.facts.passes.outside) == 27
    assert round(analysis.summary.fps.all) == 5999
    window = Selection(start_signpost="PERF_DECODE", end_signpost="PERF_DECODE_END")
    with pytest.raises(PerfsheetError, match="rows are not in device order") as caught:
        case(name, selection=window)
    assert caught.value.status == 2
    assert "`which_pass`" in str(caught.value)


def test_fps_of_overlapping_ops_leave_compiling_out(analysis_of):
    """10 µs, then a wait of 2 ms that compiles, then two ops side by side for 30 µs: 40 µs of an inference."""
    rows = [
        overlapping("Matmul", 0, 10_000, 0, ""),
        overlapping("Dispatch", 2_010_000, 2_040_000, 2_000_000, 0),
        overlapping("Reshard", 2_010_000, 2_030_000, -30_000, 1),
    ]
    analysis = analysis_of(*rows, generation="S10")
    assert analysis.summary.fps.all == pytest.approx(1e9 / 40_000)
    assert analysis.facts.passes.all[0].fps == pytest.approx(1e9 / 40_000)


def test_case_of_sub_devices():
    """Firmware runs from cycle 0 to 561,600 at 1.35 GHz; Σ kernel duration is 680 µs."""
    analysis = case("subdevices-overlap")
    summary = analysis.summary
    assert summary.time_split.elapsed_ns == pytest.approx(561_600 / 1.35)
    assert summary.fps.all == fps(561_600 / 1.35)
    assert (summary.kernel_sum_ns, summary.overlapping_ns, summary.hidden_ops) == (680_000, 680_000, 3)
    assert "680.000 µs of kernels run in 400.000 µs, 3 ops hidden" in sentences.overlap(summary)
    hidden = set(np.flatnonzero(analysis.ops.hidden).tolist())
    assert not any(hidden & set(finding.positions.tolist()) for finding in analysis.findings)
    assert math.fsum(one.share for one in analysis.top()) == pytest.approx(1)
    assert check(analysis, "markers").count == 0
    assert summary.warnings == ()


def test_case_of_constants_among_the_ops_of_an_inference():
    """The first 6 of 27 ops, which take 49,116 ns, are a compiler's."""
    summary = case("const-eval-rows").summary
    assert (summary.ops, summary.const_eval_rows, summary.kernel_ns) == (21, 6, 166_697 - 49_116)
    assert summary.fps.all == fps(166_697 - 49_116)
    everything = case("const-eval-rows", **EVERYTHING).summary
    assert (everything.ops, everything.kernel_ns) == (27, 166_697)


@each([path for path in REAL_CASES if path.stem == "two-hosts-merged-host-id"])
def test_case_of_two_hosts_in_one_file(path):
    """85.86 FPS is the pace of the busiest of 16 devices; the critical path over all of them is slightly longer."""
    summary = analysed(path).summary
    assert (len(summary.devices), summary.ops, summary.device_rows) == (16, 26, 416)
    assert summary.fps.all == fps(11_735_709)
    everything = analysed(path, **EVERYTHING)
    assert round(everything.summary.fps.all, 2) == 85.86
    assert check(everything, "calls").ok
