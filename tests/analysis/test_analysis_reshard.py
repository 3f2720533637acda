import pytest
from support.agreement import EVERYTHING
from support.captures import fallback, host_op, op, shape, signpost
from support.findings import only_finding


def reshard(duration=5, device=0, code="ReshardDeviceOperation"):
    return op(code, duration, device=device)


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("ReshardDeviceOperation", True),
        ("NdReshardDeviceOperation", True),
        ("InterleavedToShardedDeviceOperation", True),
        ("InterleavedToShardedPartialDeviceOperation", True),
        ("ShardedToInterleavedDeviceOperation", True),
        ("ShardedToInterleavedPartialDeviceOperation", True),
        ("Reshape", False),
        ("MoveDeviceOperation", False),
        ("TilizeWithValPadding", False),
        ("Sharded", False),
    ],
)
def test_which_ops_are_reshards(analysis_of, code, is_one):
    analysis = analysis_of(op(code), op("Add"))
    (total,) = (total for total in analysis.rule_totals if total.rule.id == "reshard")
    assert (analysis.top()[0].flags.count("reshard"), total.rows) == (is_one, is_one)


def test_all_of_a_reshards_time_could_go(analysis_of):
    finding = only_finding(analysis_of(reshard(30), reshard(10), op("Add", 60)), "reshard")
    assert (finding.rule.id, finding.kernel_ns, finding.saving_ns, finding.share) == ("reshard", 40, 40, 0.4)


@pytest.mark.parametrize(
    "between", [(), (signpost(),), (host_op(),), (fallback(),), (signpost(), host_op(), signpost())]
)
def test_pairs_reach_over_rows_that_ran_nowhere(analysis_of, between):
    assert analysis_of(reshard(), *between, reshard()).reshard_pairs == 1


def test_a_device_op_between_two_reshards_parts_them(analysis_of):
    assert analysis_of(reshard(), op("Add"), reshard()).reshard_pairs == 0


def test_a_device_op_without_a_duration_parts_them_too(analysis_of):
    assert analysis_of(reshard(), op("Add", None), reshard()).reshard_pairs == 0


def test_three_in_a_row_are_two_pairs(analysis_of):
    analysis = analysis_of(reshard(), reshard(code="InterleavedToSharded"), reshard(code="ShardedToInterleaved"))
    assert analysis.reshard_pairs == 2


def test_pairs_are_of_one_device(analysis_of):
    apart = (reshard(device=0), reshard(device=1))
    assert analysis_of(*apart).reshard_pairs == analysis_of(*apart, options=EVERYTHING).reshard_pairs == 0
    rows = (reshard(device=0), op("Add", device=1), reshard(device=0), reshard(device=1))
    assert analysis_of(*rows, options=EVERYTHING).reshard_pairs == 1


def test_pairs_of_a_mesh_are_those_of_its_critical_path(analysis_of):
    rows = [reshard(duration, device) for device, durations in enumerate([(5, 9), (7, 8)]) for duration in durations]
    analysis = analysis_of(*rows)
    assert (analysis.ops.kernel_ns.tolist(), analysis.reshard_pairs) == ([7, 9], 1)
    assert analysis_of(*rows, options=EVERYTHING).reshard_pairs == 2


def test_advice_on_pairs_needs_half_of_them(analysis_of):
    finding = only_finding(analysis_of(reshard(), reshard(), op("Add")), "reshard")
    assert finding.advice.startswith("Reads what another reshard wrote")
    finding = only_finding(analysis_of(reshard(), reshard(), op("Add"), reshard()), "reshard")
    assert "another reshard" not in finding.advice


def test_advice_on_what_the_op_before_did_not_write(analysis_of):
    written = op("Add") | shape("OUTPUT_0", (1, 1, 64, 64), memory="L1_INTERLEAVED")
    read = op("InterleavedToSharded") | shape("INPUT_0", (1, 1, 32, 64), memory="DRAM_INTERLEAVED")
    finding = only_finding(analysis_of(written, read), "reshard")
    assert "did not write" in finding.advice


@pytest.mark.parametrize(
    ("code", "words"),
    [("InterleavedToSharded", "op before"), ("ShardedToInterleaved", "op after"), ("Reshard", "same shard spec")],
)
def test_advice_follows_the_direction(analysis_of, code, words):
    finding = only_finding(analysis_of(op(code), op("Add")), "reshard")
    assert words in finding.advice
