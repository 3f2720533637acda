"""What findings save together."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING
from support.captures import op, shape, write_csv
from support.findings import only_finding
from support.real import CAPTURES, each

from perfsheet import analyze, read


def test_overlapping_findings_save_an_op_once(analysis_of):
    analysis = analysis_of(op("Reshard", 1000, 8), op("Add", 9000, 64))
    reshard, low = analysis.findings
    assert (reshard.rule.id, reshard.saving_ns, reshard.added_ns) == ("reshard", 1000, 1000)
    assert (low.rule.id, low.saving_ns, low.added_ns) == ("low-core-count", 875, 0)
    first, both = analysis.what_if
    assert (first.findings, first.saving_ns, first.left_ns, first.share) == (1, 1000, 9000, 0.1)
    assert (both.findings, both.saving_ns) == (2, 1000)
    assert both.fps == pytest.approx(1e9 / 9000)


def test_gaps_are_no_kernel_time(analysis_of):
    gap = {"OP TO OP LATENCY [ns]": 50_000}
    rows = (op("A", 100), op("Reshard", 100, **gap))
    analysis = analysis_of(*rows, *rows, options=EVERYTHING)
    assert only_finding(analysis, "op-to-op-gap").added_ns == 50_000
    last = analysis.what_if[-1]
    assert (last.saving_ns, last.gap_saving_ns, last.left_ns) == (200, 50_000, 200)
    one = analysis_of(*rows, *rows).what_if[-1]
    assert (one.saving_ns, one.gap_saving_ns, one.left_ns) == (100, 50_000, 100)


def test_fps_are_those_of_the_device_that_is_the_busiest_then(analysis_of):
    analysis = analysis_of(op("Add", 3000), op("Reshard", 5000, device=1), options=EVERYTHING)
    assert analysis.what_if[-1].fps == pytest.approx(1e9 / 3000)


def test_an_op_that_still_does_its_work_saves_down_to_the_speed_of_light(analysis_of):
    row = op("LayerNorm", 10_000, 1)
    for name in ("INPUT_0", "OUTPUT_0"):
        row |= shape(name, (1, 1, 512, 512), "BFLOAT16", "DRAM_INTERLEAVED")
    analysis = analysis_of(row)
    light = 2 * 2 * 512 * 512 / 288
    (low,) = analysis.findings
    assert low.saving_ns == pytest.approx(10_000 * 63 / 64)
    assert low.added_ns == pytest.approx(10_000 - light)


def test_fps_of_a_pass_before_and_after_mending_are_the_same_figure(analysis_of):
    """Ops outside of all passes are in neither."""
    replayed = {"METAL TRACE REPLAY SESSION ID": 1, "OP TO OP LATENCY [ns]": 10}
    once = [op(code, 100, **replayed) for code in ("Matmul", "Softmax")]
    twice = [row | {"METAL TRACE REPLAY SESSION ID": "2"} for row in once]
    for options in ({}, EVERYTHING):
        analysis = analysis_of(op("Reshard", 5000, 8), *once, *twice, options=options)
        summary = analysis.summary
        assert summary.fps.all == summary.passes.fps_per_pass == pytest.approx(1e9 / 200)
    # The reshard is a finding only where it counts, and its saving does not make a pass faster.
    assert analysis.findings[0].rule.id == "reshard"
    assert analysis.what_if[0].saving_ns == 5000
    assert analysis.what_if[-1].fps == pytest.approx(1e9 / 200)


def test_what_was_worked_out_lives_no_longer_than_the_capture(capture_of):
    table = read(capture_of(op("Matmul"), op("Reshard")))
    analysis = analyze(table)
    assert analysis.findings
    assert analysis.summary
    gone = weakref.ref(table)
    del table, analysis
    gc.collect()
    assert gone() is None


def test_lower_fidelity_leaves_the_math_that_it_takes(analysis_of):
    row = op("Matmul", 100_000, fidelity="HiFi4") | shape("INPUT_0", (1, 1, 512, 1024), "BFLOAT8_B")
    row |= shape("INPUT_1", (1, 1, 1024, 2048), "BFLOAT8_B") | shape("OUTPUT_0", (1, 1, 512, 2048))
    analysis = analysis_of(row | {"ATTRIBUTES": "{'program_config': 'std::nullopt'}"})
    assert {one.rule.id for one in analysis.findings} >= {"math-fidelity", "matmul-program-config"}
    math_ns = 2 * 512 * 1024 * 2048 * 2 / (64 * 4096)
    assert analysis.what_if[-1].left_ns == pytest.approx(math_ns)


def test_no_finding_no_what_if(analysis_of):
    assert analysis_of(op("Add", 100)).what_if == ()


CODES = (
    "Reshard",
    "TilizeWithValPadding",
    "LayerNorm",
    "AllGatherAsync",
    "InterleavedToSharded",
    "ShardedToInterleaved",
)
ROWS = st.lists(
    st.builds(op, st.sampled_from(CODES), st.integers(0, 10_000), st.integers(1, 64), device=st.integers(0, 1)),
    min_size=1,
    max_size=30,
)


@given(ROWS)
def test_savings_never_exceed_the_whole(tmp_path_factory, rows):
    analysis = analyze(read(write_csv(tmp_path_factory.getbasetemp() / "made.csv", rows)))
    assert_within_the_whole(analysis)


@each(CAPTURES)
def test_savings_of_real_captures_never_exceed_the_whole(path):
    assert_within_the_whole(analyze(read(path)))


def assert_within_the_whole(analysis):
    tolerance = 1 + 1e-9
    total = analysis.ops.total_ns
    assert sum(one.added_ns for one in analysis.findings if not one.rule.saves_gaps) <= total * tolerance
    weights = [float(one.weights.sum()) for one in analysis.findings if one.saving_ns is not None]
    assert weights == sorted(weights, reverse=True)
    assert_causes_add_up(analysis, tolerance)
    for one in analysis.findings:
        if one.saving_ns is not None:
            assert 0 <= one.added_ns <= one.saving_ns * tolerance
            assert one.rule.saves_gaps or one.saving_ns <= one.kernel_ns * tolerance
    lefts = [one.left_ns for one in analysis.what_if]
    assert lefts == sorted(lefts, reverse=True)
    assert all(-1e-6 * total <= left <= total for left in lefts)
    keys = [(one.rule.id, one.signature.op_code, one.signature.text) for one in analysis.findings]
    assert len(set(keys)) == len(keys)


def assert_causes_add_up(analysis, tolerance):
    total = analysis.ops.total_ns
    of_kernel = [cause for cause in analysis.causes if not cause.saves_gaps]
    for cause in analysis.causes:
        if cause.expected_saving_ns is not None:
            assert 0 <= cause.expected_saving_ns <= cause.bound_ns * tolerance
        for one in cause.members:
            assert one.cause_id == cause.id
            if one.expected_saving_ns is not None:
                assert 0 <= one.expected_saving_ns <= one.saving_ns * tolerance
                assert one.ground is not None
    assert sum(cause.bound_ns or 0.0 for cause in of_kernel) <= total * tolerance
    positions = [position for cause in of_kernel for position in cause.positions.tolist()]
    assert len(positions) == len(set(positions))
    members = [one.id for cause in analysis.causes for one in cause.members]
    assert sorted(members) == sorted(one.id for one in analysis.findings)
    lefts = [cause.left_ns for cause in analysis.causes]
    assert lefts == sorted(lefts, reverse=True)
    if of_kernel:
        expected = sum(cause.expected_saving_ns or 0.0 for cause in of_kernel)
        assert lefts[-1] == pytest.approx(total - expected, abs=1e-6 * total)
