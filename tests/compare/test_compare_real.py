"""Comparisons of real captures, and of the project's own example."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.comparing import assert_complete, assert_mirrors
from support.real import capture

from perfsheet import Options, Selection, analyze, read
from perfsheet.comparison import compare

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "captures"


def analysed(path, **selection):
    return analyze(read(path), Options(selection=Selection(**selection)))


def encoder_blocks(**selection):
    return [analysed(EXAMPLES / f"generated_encoder_block_{name}.csv", **selection) for name in ("before", "after")]


@pytest.fixture(scope="module")
def example():
    return compare(*encoder_blocks(which_pass="all"))


def test_the_example_says_what_was_done(example):
    """What examples/README.md says of both versions: shards kept, GELU fused, cheaper fidelity, weights and configs."""
    assert_complete(example)
    assert not example.per_pass
    assert example.counts["fused"] == 4
    fused = next(one for one in example.groups if one.status == "fused")
    told = {change.name: (change.before, change.after) for change in fused.changes}
    assert told["op_code"] == ("Matmul + Unary", "Matmul")
    assert told["math_fidelity"] == ("HiFi4", "LoFi")
    assert told["input_1_datatype"] == ("BFLOAT16", "BFLOAT8_B")
    assert told["program_config.in0_block_w"] == ("1", "3")
    norm = next(one for one in example.groups if one.op_code == "LayerNormDeviceOperation")
    assert norm.count == 8
    assert ("core_count", "12", "48") in [(c.name, c.before, c.after) for c in norm.changes]
    assert {one.op_code for one in example.groups if one.status == "removed"} == {
        "InterleavedToShardedDeviceOperation",
        "ShardedToInterleavedDeviceOperation",
    }
    assert example.counts["added"] == 0
    fixed = {(one.finding.rule.id, one.finding.signature.op_code) for one in example.findings.fixed}
    assert ("low-core-count", "LayerNormDeviceOperation") in fixed
    reshards = next(one for one in example.figures if one.id == "reshard_ops")
    assert (reshards.base, reshards.new) == (64, 1)


@pytest.mark.parametrize("which", [None, "all"])
def test_the_example_backwards(which):
    assert_mirrors(*encoder_blocks(which_pass=which))


def test_the_warm_passes_of_the_example_alone():
    before, after = encoder_blocks()
    found = compare(before, after)
    assert_complete(found)
    assert (len(before.ops), len(after.ops)) == (80, 44)
    assert found.counts["fused"] == 4


def test_passes_of_one_capture_are_the_same_but_for_noise():
    first, last = (analysed(capture("wormhole-n150-clip-encoder"), which_pass=which) for which in ("first", "last"))
    found = compare(first, last)
    assert_complete(found)
    assert not [one for one in found.ops if one.changes or one.status not in ("same", "changed")]
    assert found.counts["same"] > 0.9 * len(found.ops)


def test_both_passes_against_one():
    both = analysed(capture("wormhole-n150-clip-encoder"), which_pass="all")
    last = analysed(capture("wormhole-n150-clip-encoder"), which_pass="last")
    found = compare(both, last)
    assert_complete(found)
    assert found.per_pass
    assert {(len(one.base), len(one.new)) for one in found.ops} == {(2, 1)}
    assert abs(found.span(found.total).delta_ns) < 0.01 * last.ops.total_ns


def test_one_model_on_two_builds():
    """OftNet of September 2025 and of later: names, columns and two thirds of the ops differ."""
    old, new = analysed(capture("blackhole20-oftnet-2025-09")), analysed(capture("blackhole20-oftnet"))
    assert_mirrors(old, new)
    found = compare(old, new)
    types = {one.op_type: (one.base_count, one.new_count) for one in found.op_types}
    assert types["Conv2dDeviceOperation"] == (54, 90)
    assert types["GroupNormDeviceOperation"] == (39, 40)
    convs = [one for one in found.ops if "Conv" in one.base_code and "Conv" in one.new_code]
    assert len(convs) == 54
    assert any("captures of different builds" in note for note in found.notes)


def test_another_build_alone_changes_nothing(tmp_path):
    """SegFormer of October 2024 with the names that later builds write."""
    path = capture("wormhole-n150-segformer-encoder-2024-10")
    text = path.read_bytes().decode()
    for old, new in (("OptimizedConvNew,", "Conv2dDeviceOperation,"), ("Matmul,", "MatmulDeviceOperation,")):
        text = text.replace(f"\n{old}", f"\n{new}")
    later = tmp_path / "later.csv"
    later.write_bytes(text.encode())
    found = compare(analysed(path), analysed(later))
    assert found.nothing_changed
    assert {one.new_code for one in found.ops if one.base_code == "Matmul"} == {"MatmulDeviceOperation"}


def test_devices_of_one_run():
    whole = analysed(capture("blackhole-8xp150-deepseek-v3"))
    assert_mirrors(whole, analysed(capture("blackhole-8xp150-deepseek-v3"), devices=(0, 1, 2, 3)))


def test_unrelated_models_come_to_an_end():
    found = compare(analysed(capture("wormhole-n150-clip-encoder")), analysed(capture("blackhole20-oftnet")))
    assert_complete(found)
    assert found.counts["added"] > 500
    assert any("different chips" in note for note in found.notes)
