"""From which layout to which reshards lead, and the chains that they are in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import op
from support.real import CAPTURES, each

from perfsheet import analyze, read

DRAM, BLOCK, HEIGHT = "DRAM_INTERLEAVED", "L1_BLOCK_SHARDED", "L1_HEIGHT_SHARDED"


def moved(source, target, duration=10, code="ReshardDeviceOperation", **cells):
    return op(code, duration, **cells) | {"INPUT_0_MEMORY": f"DEV_0_{source}", "OUTPUT_0_MEMORY": f"DEV_0_{target}"}


def test_transitions_are_summed_by_both_ends(analysis_of):
    found = analysis_of(
        moved(DRAM, BLOCK, 10), op("Add", 100), moved(DRAM, BLOCK, 30), op("Add", 50), moved(BLOCK, DRAM, 5)
    ).reshards
    assert [(one.source, one.target, one.ops, one.kernel_ns) for one in found.transitions] == [
        (DRAM, BLOCK, 2, 40),
        (BLOCK, DRAM, 1, 5),
    ]
    assert (found.ops, found.kernel_ns, found.share) == (3, 45, 45 / 195)
    assert found.layouts == (DRAM, BLOCK)
    assert found.between(DRAM, BLOCK).kernel_ns == 40
    assert found.between(DRAM, DRAM) is None


def test_what_the_capture_does_not_say_is_unknown(analysis_of):
    found = analysis_of(moved(DRAM, BLOCK) | {"INPUT_0_MEMORY": ""}).reshards
    assert [(one.source, one.target) for one in found.transitions] == [("?", BLOCK)]


def test_the_second_of_two_counts_as_back_to_back(analysis_of):
    found = analysis_of(moved(DRAM, BLOCK), moved(BLOCK, HEIGHT), op("Add"), moved(HEIGHT, DRAM)).reshards
    assert {(one.source, one.back_to_back) for one in found.transitions} == {(DRAM, 0), (BLOCK, 1), (HEIGHT, 0)}


def test_a_chain_has_a_reshard_and_nothing_that_computes(analysis_of):
    untilize = moved(BLOCK, DRAM, 7, "UntilizeDeviceOperation")
    back = moved(DRAM, HEIGHT, 20, "InterleavedToShardedDeviceOperation")
    rows = [untilize, back, op("Add", 100, memory=f"DEV_0_{HEIGHT}")] * 3 + [op("TilizeDeviceOperation"), op("Move")]
    found = analysis_of(*rows).reshards
    assert [(one.ops, one.count, one.length, one.kernel_ns, one.first) for one in found.chains] == [
        ("Untilize → InterleavedToSharded", 3, 2, 81, 0)
    ]
    assert found.chains[0].path == f"{BLOCK} → {DRAM} → {HEIGHT}"


def test_chains_stay_on_their_device(analysis_of):
    rows = [moved(DRAM, BLOCK, device=0), moved(BLOCK, DRAM, device=1), op("Add", device=0), op("Add", device=1)]
    assert analysis_of(*rows).reshards.chains == ()


def test_untimed_reshards_have_no_part_in_it(analysis_of):
    found = analysis_of(moved(DRAM, BLOCK, None), op("Add")).reshards
    assert (found.ops, found.transitions, found.layouts) == (0, (), ())


@given(st.lists(st.tuples(st.sampled_from([DRAM, BLOCK, HEIGHT]), st.integers(1, 10**6)), min_size=1, max_size=20))
def test_the_matrix_sums_to_the_rule(tmp_path_factory, steps):
    from support.captures import write_csv

    rows = [
        moved(source, target, duration)
        for (source, duration), (target, _) in zip(steps, [*steps[1:], steps[0]], strict=True)
    ]
    analysis = analyze(read(write_csv(tmp_path_factory.mktemp("flow") / "run.csv", rows)))
    total = next(one for one in analysis.rule_totals if one.rule.id == "reshard")
    found = analysis.reshards
    assert sum(one.kernel_ns for one in found.transitions) == total.kernel_ns == found.kernel_ns
    assert sum(one.ops for one in found.transitions) == total.rows
    assert sum(one.back_to_back for one in found.transitions) == analysis.reshard_pairs


@each(CAPTURES)
def test_real_captures(path):
    analysis = analyze(read(path))
    found = analysis.reshards
    total = next(one for one in analysis.rule_totals if one.rule.id == "reshard")
    assert found.kernel_ns == pytest.approx(total.kernel_ns)
    assert sum(one.ops for one in found.transitions) == total.rows
    assert {layout for one in found.transitions for layout in (one.source, one.target)} == set(found.layouts)
    assert all(one.count * one.length >= 2 for one in found.chains)
