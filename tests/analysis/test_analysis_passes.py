"""Passes, replays, layers, and the devices of a window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING, analysed
from support.captures import host_op, op, shape, signpost
from support.real import capture

from perfsheet import Selection
from perfsheet.analysis.windows.periods import smallest_period, tandems
from perfsheet.outputs import json_output


def model(duration=100, gap=10):
    gaps = {"OP TO OP LATENCY [ns]": gap}
    return [op("Embedding", duration, **gaps), op("Matmul", duration, **gaps), op("Softmax", duration, **gaps)]


def test_one_run_is_one_pass(analysis_of):
    summary = analysis_of(*model()).summary
    assert (summary.passes.how, summary.passes.count, summary.passes.ops_per_pass) == ("one", 1, 3)
    assert summary.passes.fps_per_pass == summary.fps.all


def test_a_model_that_runs_again_is_two_passes(analysis_of):
    rows = (*model(100, 90_000), *model(80, 10))
    analysis = analysis_of(*rows, options={"batch": 4})
    found = analysis.summary.passes
    assert (found.how, found.count, found.ops_per_pass) == ("repeated", 2, 3)
    assert [one.kernel_ns for one in found.all] == [300, 240]
    assert [one.gap_ns for one in found.all] == [180_000, 20]
    assert [one.cold for one in found.all] == [True, False]
    assert [one.fps for one in found.all] == [pytest.approx(4e9 / 300), pytest.approx(4e9 / 240)]
    assert found.fps_per_pass == pytest.approx(2 * 4e9 / 540)
    assert (analysis.summary.kernel_ns, analysis.summary.fps.all) == (240, pytest.approx(4e9 / 240))
    both = analysis_of(*rows, options={"batch": 4, **EVERYTHING}).summary
    assert (both.kernel_ns, both.fps.all) == (540, pytest.approx(2 * 4e9 / 540))


def test_a_sweep_of_one_op_is_one_pass(analysis_of):
    assert analysis_of(*(op("Relu", 10) for _ in range(6))).summary.passes.count == 1
    shapes = [op("Relu", 10) | shape("INPUT_0", (1, 1, 32, 32 * size)) for size in (1, 2, 1, 2)]
    assert analysis_of(*shapes).summary.passes.count == 1


def test_another_shape_is_another_model(analysis_of):
    other = [row | shape("INPUT_0", (1, 1, 64, 64)) for row in model()]
    assert analysis_of(*model(), *other).summary.passes.count == 1


def test_an_op_more_is_no_repetition(analysis_of):
    assert analysis_of(op("Tilize"), *model(), *model()).summary.passes.count == 1


@pytest.mark.parametrize(
    ("which", "expected", "label"), [("first", 100, "1 of 3"), ("2", 200, "2 of 3"), ("last", 300, "3 of 3")]
)
def test_one_pass_can_be_chosen(analysis_of, which, expected, label):
    rows = [row for number in (1, 2, 3) for row in [*model(100 * number), host_op(), signpost()]]
    analysis = analysis_of(*rows, options={"selection": Selection(which_pass=which)})
    assert analysis.ops.kernel_ns.tolist() == [expected] * 3
    assert analysis.summary.window == f"pass {label}"
    assert analysis.facts.warm.all() == (which != "first")
    passes = analysis.summary.passes
    assert (passes.count, passes.chosen, passes.counted) == (3, int(label[0]), 1)


def test_passes_of_several_devices_agree(analysis_of):
    rows = [row | {"DEVICE ID": str(device)} for _ in range(2) for row in model() for device in (0, 1)]
    found = analysis_of(*rows).summary.passes
    assert (found.count, found.ops_per_pass) == (2, 6)
    uneven = [*rows, *(row | {"DEVICE ID": "1"} for row in model())]
    found = analysis_of(*uneven).summary.passes
    assert found.count == 1
    assert "different number of times" in found.note


def replay(session, start, duration=100, device=0):
    return [
        row | {"METAL TRACE REPLAY SESSION ID": str(session), "DEVICE FW START CYCLE": str(start + place)}
        | {"METAL TRACE ID": "1", "DEVICE ID": str(device)}
        for place, row in enumerate(model(duration))
    ]  # fmt: skip


def test_replays_are_passes(analysis_of):
    rows = [op("Compile", 999), *replay(1, 100, 10), *replay(2, 200, 20), *replay(3, 300, 30)]
    analysis = analysis_of(*rows)
    found = analysis.summary.passes
    assert (found.how, found.count, found.ops_per_pass) == ("replayed", 3, 3)
    assert [one.kernel_ns for one in found.all] == [30, 60, 90]
    assert not any(one.cold for one in found.all)
    assert analysis.facts.passes.outside.tolist() == [0]
    assert (analysis.summary.window, analysis.facts.warm.tolist()) == ("pass 2 of 3", [True] * 3)
    assert analysis_of(*rows, options=EVERYTHING).facts.warm.tolist() == [False, *[True] * 9]
    last = analysis_of(*rows, options={"selection": Selection(which_pass="last")})
    assert last.ops.kernel_ns.tolist() == [30, 30, 30]


def test_traces_that_are_replayed_unequally_often_are_said(analysis_of):
    prefill = [row | {"METAL TRACE ID": "9"} for row in replay(1, 50, 10)]
    analysis = analysis_of(*prefill, *replay(1, 100, 40), *replay(2, 200, 40))
    found = analysis.summary.passes
    assert (found.count, found.ops_per_pass) == (2, 3)
    assert len(analysis.facts.passes.outside) == 3
    assert "(trace 1 × 2, trace 9 × 1)" in found.note
    assert any("unequally often" in warning for warning in analysis.summary.warnings)


def test_what_ran_once_before_the_passes_is_outside(analysis_of):
    first, later = model(100, 1000), model(100, 10)
    first[0] |= {"OP TO OP LATENCY [ns]": "400000"}
    later[0] |= {"OP TO OP LATENCY [ns]": "300000"}
    analysis = analysis_of(op("TilizeWeights", 50), *first, *later)
    found = analysis.summary.passes
    assert (found.how, found.count, found.ops_per_pass) == ("repeated", 2, 3)
    assert analysis.facts.passes.outside.tolist() == [0]
    assert found.fps_per_pass == pytest.approx(1e9 / 300)


def test_equal_layers_of_two_passes_are_told_from_passes_by_the_gaps(analysis_of):
    layer = [op(code, 10, **{"OP TO OP LATENCY [ns]": 100}) for code in ("Norm", "Matmul")]
    start = [layer[0] | {"OP TO OP LATENCY [ns]": "90000"}, layer[1]]
    cold = [row | {"OP TO OP LATENCY [ns]": "5000000"} for row in layer]
    found = analysis_of(*cold * 4, *start, *layer * 3, *start, *layer * 3).summary.passes
    assert (found.count, found.ops_per_pass) == (3, 8)
    assert analysis_of(*layer * 12).summary.passes.count == 12


def test_regions_that_the_user_marked_are_passes(analysis_of):
    region = [signpost("start"), *model(), signpost("stop")]
    analysis = analysis_of(op("Weights"), *region, *region)
    found = analysis.summary.passes
    assert (found.how, found.count, found.ops_per_pass) == ("signposts", 2, 3)
    assert analysis.facts.passes.outside.tolist() == [0]
    last = analysis_of(op("Weights"), *region, *region, options={"selection": Selection(which_pass="last")})
    assert (len(last.ops), last.summary.window) == (3, "pass 2 of 2")


def test_a_chosen_pass_of_equal_layers_is_one_pass(analysis_of):
    layers = [*model(), *model()]
    region = [signpost("start"), *layers, signpost("stop")]
    analysis = analysis_of(op("Weights"), *region, *region, options={"selection": Selection(which_pass="last")})
    passes = analysis.summary.passes
    assert (len(analysis.ops), passes.count, passes.counted, passes.layers[0].count) == (6, 2, 1, 2)


def test_unequal_regions_are_no_passes(analysis_of):
    rows = [signpost("start"), *model(), signpost("stop"), signpost("start"), *model()[:2], signpost("stop")]
    assert analysis_of(op("Weights"), *rows).summary.passes.count == 1


def layered(layers):
    layer = [op("LayerNorm", 10), op("Matmul", 30), op("Gelu", 5)]
    return [op("Embedding", 10), *(layer * layers), op("Pool", 10)]


def test_a_layer_is_found_once_with_its_count(analysis_of):
    (layer,) = analysis_of(*layered(12)).summary.passes.layers
    assert (layer.count, layer.codes) == (12, ("LayerNorm", "Matmul", "Gelu"))
    assert (layer.kernel_ns, layer.share) == (12 * 45, pytest.approx(540 / 560))


def test_layers_are_those_of_one_pass(analysis_of):
    (layer,) = analysis_of(*layered(4), *layered(4)).summary.passes.layers
    assert layer.count == 4


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 5))
def test_the_smallest_period_repeats_to_the_whole(piece, times):
    sequence = np.array(piece * times)
    period = smallest_period(sequence)
    assert len(sequence) % period == 0
    assert len(sequence) // period >= times
    assert (sequence == np.tile(sequence[:period], len(sequence) // period)).all()
    for shorter in range(1, period):
        if len(sequence) % shorter == 0:
            assert (sequence != np.tile(sequence[:shorter], len(sequence) // shorter)).any()


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60))
def test_tandems_repeat_and_do_not_overlap(items):
    sequence = np.array(items)
    taken: set[int] = set()
    for one in tandems(sequence, sequence):
        piece = sequence[one.start : one.start + one.period]
        assert one.count >= 2
        assert (sequence[one.start : one.start + one.length] == np.tile(piece, one.count)).all()
        places = set(range(one.start, one.start + one.length))
        assert not places & taken
        taken |= places


def on(device, *durations):
    return [op(f"Op{place}", duration, device=device) for place, duration in enumerate(durations)]


def test_the_critical_path_takes_the_slowest_of_each_step(analysis_of):
    summary = analysis_of(*on(0, 10, 50, 7), *on(1, 20, 30, 7)).summary
    assert [(one.device, one.ops, one.kernel_ns) for one in summary.device_totals] == [(0, 3, 67), (1, 3, 57)]
    assert summary.critical_path_ns == 20 + 50 + 7


def test_one_device_is_its_own_critical_path(analysis_of):
    summary = analysis_of(*on(0, 10, 50)).summary
    assert summary.critical_path_ns == summary.kernel_ns == 60


def test_unequal_op_lists_are_aligned(analysis_of):
    rows = [*on(0, 10, 20, 30, 40), op("Op0", 11, device=1), op("Extra", 5, device=1)]
    rows += [op(f"Op{place}", 9 + 10 * place, device=1) for place in (1, 2, 3)]
    analysis = analysis_of(*rows)
    assert analysis.facts.devices.unmatched == 1
    assert analysis.summary.critical_path_ns == 11 + 5 + 20 + 30 + 40
    assert next(check for check in analysis.checks if check.id == "devices").count == 1


@pytest.mark.parametrize("dropped", [1, 10, 30])
def test_periodic_ops_with_some_missing_are_aligned(analysis_of, dropped):
    layer = [op(f"Op{place}", 10) for place in range(29)]
    whole = layer * 40
    missing = set(range(17, len(whole), len(whole) // dropped)[:dropped])
    other = [row | {"DEVICE ID": "1"} for place, row in enumerate(whole) if place not in missing]
    found = analysis_of(*whole, *other).facts.devices
    assert (found.unmatched, found.problem) == (dropped, "")


def test_replays_are_repeats_with_statistics(analysis_of):
    rows = (op("Compile", 9), *replay(1, 100, 10), *replay(2, 200, 20), *replay(3, 300, 30))
    analysis = analysis_of(*rows)
    known = analysis.facts.variation
    assert known.durations.tolist() == [[10] * 3, [20] * 3, [30] * 3]
    first = known.spreads.at(0)
    assert (first.runs, first.min_ns, first.median_ns, first.max_ns) == (3, 10, 20, 30)
    assert (first.mean_ns, first.std_ns, first.cv) == (20, pytest.approx(10), pytest.approx(0.5))
    assert (known.total.min_ns, known.total.max_ns) == (30, 90)
    result = json_output.report(analysis, "")
    assert [one["row"]["replay_session"] for one in result["pass_ops"]] == [2, 2, 2]
    assert result["capture"]["pass_kernel_duration"]["median_ns"] == 60
    of_all = json_output.report(analysis_of(*rows, options=EVERYTHING), "")
    assert [one["row"]["replay_session"] for one in of_all["pass_ops"]] == [3, 3, 3]
    assert of_all["capture"]["pass_kernel_duration"] == result["capture"]["pass_kernel_duration"]


def test_a_single_pass_varies_from_nothing(analysis_of):
    analysis = analysis_of(*model())
    assert analysis.facts.variation is None
    assert "pass_ops" not in json_output.report(analysis, "")


def test_replays_may_start_at_any_session(analysis_of):
    rows = [*replay(1, 100, 10), *replay(2, 200, 10)]
    later = [row | {"METAL TRACE ID": "2"} for row in [*replay(2, 300, 20), *replay(3, 400, 20)]]
    found = analysis_of(*rows, *later).summary.passes
    assert [(one.kernel_ns, one.cold) for one in found.all] == [(90, False), (90, False)]


def test_what_cannot_be_aligned_is_said(analysis_of):
    rows = [*on(0, 10, 20, 30), *(op(f"Other{place}", 5, device=1) for place in range(3))]
    analysis = analysis_of(*rows)
    assert analysis.summary.critical_path_ns is None
    assert any("differ too much" in warning for warning in analysis.summary.warnings)
    assert [one.kernel_ns for one in analysis.summary.device_totals] == [60, 15]


@pytest.mark.parametrize(
    ("name", "count", "ops", "layers", "length"),
    [("wormhole-n150-clip-encoder", 2, 936, 32, 29), ("blackhole64-clip-encoder", 2, 330, 12, 27)],
)
def test_clip_runs_twice_and_its_layers_repeat(name, count, ops, layers, length):
    found = analysed(capture(name)).summary.passes
    assert (found.count, found.ops_per_pass) == (count, ops)
    assert found.all[0].cold
    assert (found.layers[0].count, len(found.layers[0].codes)) == (layers, length)


def test_the_gaps_of_a_first_pass_are_no_advice():
    analysis = analysed(capture("wormhole-n150-clip-encoder"))
    first, second = analysis.summary.passes.all
    assert first.gap_ns > 1000 * second.gap_ns
    assert abs(first.kernel_ns / second.kernel_ns - 1) < 0.01
    (gap,) = [finding for finding in analysis.findings if finding.rule.id == "op-to-op-gap"]
    assert gap.saving_ns <= second.gap_ns


def test_deepseek_names_the_uneven_op():
    slow = analysed(capture("blackhole-8xp150-deepseek-v3"), **EVERYTHING)
    (skew,) = [finding for finding in slow.findings if finding.rule.id == "device-skew"]
    assert {slow.row_ref(int(at)).device_id for at in skew.positions} == {4, 5, 6, 7}
    analysis = analysed(capture("blackhole-8xp150-deepseek-v3"))
    totals = sorted(one.kernel_ns / 1e6 for one in analysis.summary.device_totals)
    assert (round(totals[0], 1), round(totals[-1], 1)) == (8.2, 11.6)
    assert analysis.summary.critical_path_ns == pytest.approx(11_735_709)
    (skew,) = [finding for finding in analysis.findings if finding.rule.id == "device-skew"]
    assert skew.signature.op_code == "RingJointSDPADeviceOperation"
    assert [analysis.row_ref(int(at)).device_id for at in skew.positions] == [7]
    assert "is_balanced" in skew.advice
    assert (skew.evidence["fastest_device_total_ns"], skew.evidence["slowest_device_total_ns"]) == (
        pytest.approx(totals[0] * 1e6),
        pytest.approx(totals[-1] * 1e6),
    )


def test_oftnet_regions_add_up():
    found = analysed(capture("blackhole20-oftnet")).signposts
    assert len(found.signposts) == 50
    assert [one.number for one in found.regions if one.name == "OFT block"] == [1, 2, 3]
    inside = sum(one.kernel_ns for one in found.regions if one.depth == 0)
    assert inside + found.outside_ns == pytest.approx(197_010_388, rel=1e-6)
    assert sum(one.self_ns for one in found.regions) == pytest.approx(inside)
