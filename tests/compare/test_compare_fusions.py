"""Several ops that became one, and one that became several."""

from __future__ import annotations

import pytest
from support.captures import op, shape
from support.comparing import assert_complete, mirrored

ACTIVATED = "{'fused_activation': 'UnaryWithParam(op_type=UnaryOpType::GELU)'; 'a': '1'}"
PLAIN = "{'fused_activation': 'std::nullopt'; 'a': '1'}"
START, END = op("EmbeddingsDeviceOperation", 300), op("ConcatDeviceOperation", 200)


def sized(code, inputs, output, duration=1000, memory="L1_INTERLEAVED", **cells):
    row = op(code, duration, **cells) | shape("OUTPUT_0", (1, 1, *output), memory=memory)
    for number, extents in enumerate(inputs):
        row |= shape(f"INPUT_{number}", (1, 1, *extents), memory=memory)
    return row


def told(found):
    assert_complete(found)
    return [
        (one.status, one.base_code, one.new_code, [(c.name, c.before, c.after) for c in one.changes][:1])
        for one in found.ops
        if one.status != "same"
    ]


def both_ways(compared, several, single, others=(START, END)):
    """What the comparison says, fused one way and split the other."""
    first, last = others
    fused = told(compared((first, *several, last), (first, *single, last)))
    split = told(compared((first, *single, last), (first, *several, last)))
    mirror = sorted((mirrored(status), now, before) for status, before, now, _ in split)
    assert mirror == sorted((status, before, now) for status, before, now, _ in fused)
    return fused


def test_an_activation_goes_into_the_matmul(compared):
    several = (op("Matmul", 5000, attributes=PLAIN), op("UnaryDeviceOperation", 900))
    single = (op("Matmul", 5100, attributes=ACTIVATED),)
    assert both_ways(compared, several, single) == [
        ("fused", "Matmul + UnaryDeviceOperation", "Matmul", [("op_code", "Matmul + Unary", "Matmul")])
    ]


def test_a_bias_becomes_an_input(compared):
    several = (sized("Matmul", [(32, 64)], (32, 64)), sized("BinaryNgDeviceOperation", [(32, 64)], (32, 64), 500))
    single = (sized("Matmul", [(32, 64), (1, 64)], (32, 64)),)
    assert both_ways(compared, several, single)[0][:3] == ("fused", "Matmul + BinaryNgDeviceOperation", "Matmul")


def test_an_op_that_is_just_gone_is_not_fused(compared):
    several = (op("Matmul", 5000, attributes=PLAIN), op("UnaryDeviceOperation", 900))
    assert both_ways(compared, several, several[:1]) == [("removed", "UnaryDeviceOperation", "", [])]


def test_three_matmuls_on_one_input_become_one(compared):
    several = [sized("Matmul", [(32, 64), (64, 64)], (32, 64), number) for number in (900, 910, 920)]
    single = [sized("Matmul", [(32, 64), (64, 192)], (32, 192), 1500)]
    assert both_ways(compared, several, single)[0][:3] == ("fused", "Matmul + Matmul + Matmul", "Matmul")


def test_attention_becomes_one_op(compared):
    several = [
        sized("MatmulDeviceOperation", [(128, 64), (64, 128)], (128, 128)),
        sized("SoftmaxDeviceOperation", [(128, 128)], (128, 128)),
        sized("MatmulDeviceOperation", [(128, 128), (128, 64)], (128, 64)),
    ]
    single = [sized("SDPAOperation", [(128, 64), (128, 64), (128, 64)], (128, 64))]
    assert both_ways(compared, several, single) == [
        (
            "fused",
            "MatmulDeviceOperation + SoftmaxDeviceOperation + MatmulDeviceOperation",
            "SDPAOperation",
            [("op_code", "Matmul + Softmax + Matmul", "SDPAOperation")],
        )
    ]


def headed(code, given, put, *more, duration=400):
    row = op(code, duration) | shape("INPUT_0", given) | shape("OUTPUT_0", put)
    for number, extents in enumerate(more, start=1):
        row |= shape(f"OUTPUT_{number}", extents)
    return row


@pytest.mark.parametrize("rows", [197, 224])
def test_heads_are_split_by_one_op(compared, rows):
    """Q, K and V in turns before, 197 rows without the padding to whole tiles; one op now, of padded rows or not."""
    projected, split, heads = (1, 1, 197, 2304), (1, 197, 12, 64), (1, 12, 197, 64)
    several = [
        *[headed("SliceDeviceOperation", projected, (1, 1, 197, 768), duration=100)] * 3,
        *[headed("ReshapeViewDeviceOperation", (1, 1, 197, 768), split), headed("Transpose", split, heads)] * 3,
    ]
    made = [(1, 12, rows, 64)] * 3
    single = [headed("NLPCreateHeadsDeviceOperation", (1, 1, rows, 2304), *made)]
    status, before, now, _ = both_ways(compared, several, single)[0]
    assert (status, before.count(" + "), now) == ("fused", 8, "NLPCreateHeadsDeviceOperation")


def test_heads_of_another_tensor_are_not_split_by_it(compared):
    several = [headed("Transpose", (1, 64, 12, 64), (1, 12, 64, 64)), headed("Untilize", *[(1, 12, 64, 64)] * 2)]
    single = [headed("NLPCreateHeadsDeviceOperation", (1, 1, 224, 2304), *[(1, 12, 224, 64)] * 3)]
    assert {status for status, *_ in both_ways(compared, several, single)} == {"added", "removed"}


def test_two_reshards_become_one(compared):
    several = [
        sized("ShardedToInterleavedDeviceOperation", [(32, 64)], (32, 64), memory="L1_BLOCK_SHARDED")
        | {"OUTPUT_0_MEMORY": "DEV_0_L1_INTERLEAVED"},
        sized("InterleavedToShardedDeviceOperation", [(32, 64)], (32, 64), memory="L1_INTERLEAVED")
        | {"OUTPUT_0_MEMORY": "DEV_0_L1_HEIGHT_SHARDED"},
    ]
    single = [
        sized("ReshardDeviceOperation", [(32, 64)], (32, 64), memory="L1_BLOCK_SHARDED")
        | {"OUTPUT_0_MEMORY": "DEV_0_L1_HEIGHT_SHARDED"}
    ]
    assert both_ways(compared, several, single) == [
        (
            "fused",
            "ShardedToInterleavedDeviceOperation + InterleavedToShardedDeviceOperation",
            "ReshardDeviceOperation",
            [("op_code", "ShardedToInterleaved + InterleavedToSharded", "Reshard")],
        )
    ]


def test_neighbours_that_don_t_feed_each_other_are_not_fused(compared):
    """Two tensors that leave their shards, one after the other: one of them is gone."""
    sharded = sized("ShardedToInterleavedDeviceOperation", [(32, 64)], (32, 64), memory="L1_HEIGHT_SHARDED")
    one = sharded | {"OUTPUT_0_MEMORY": "DEV_0_L1_INTERLEAVED"}
    assert both_ways(compared, (one, one), (one,)) == [("removed", "ShardedToInterleavedDeviceOperation", "", [])]


def test_a_norm_does_no_matmul(compared):
    several = [
        sized("MatmulDeviceOperation", [(32, 64), (64, 64)], (32, 64)),
        sized("BinaryNgDeviceOperation", [(32, 64), (32, 64)], (32, 64)),
    ]
    single = [sized("LayerNormDeviceOperation", [(32, 64)], (32, 64))]
    assert sorted(status for status, *_ in both_ways(compared, several, single)) == ["added", "removed", "removed"]


def test_an_op_is_in_one_fusion_or_one_split(compared):
    """The activation that a matmul takes in is not also what two other ops became."""
    base = (START, op("Matmul", 5000, attributes=PLAIN), op("UnaryDeviceOperation", 900), END)
    new = (
        START,
        op("Matmul", 5100, attributes=ACTIVATED),
        op("SoftmaxDeviceOperation", 300),
        op("LayerNormDeviceOperation", 300),
        END,
    )
    assert [status for status, *_ in told(compared(base, new))] == ["fused", "added", "added"]
    assert sorted(status for status, *_ in told(compared(new, base))) == ["removed", "removed", "split"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("InterleavedToShardedDeviceOperation", "ShardedToInterleavedDeviceOperation"),
        ("TilizeDeviceOperation", "UntilizeDeviceOperation"),
    ],
)
def test_opposites_are_no_counterparts(compared, one, other):
    shards, leaves = {"OUTPUT_0_MEMORY": "L1_BLOCK_SHARDED"}, {"OUTPUT_0_LAYOUT": "ROW_MAJOR"}
    there = sized(one, [(32, 64)], (32, 64)) | (shards if "Sharded" in one else {})
    back = sized(other, [(32, 64)], (32, 64)) | ({} if "Sharded" in one else leaves)
    found = told(compared((START, there, END), (START, back, END)))
    assert sorted(status for status, *_ in found) == ["added", "removed"]


def test_layout_ops_that_go_away_are_removed_not_fused(compared):
    several = [sized("TilizeDeviceOperation", [(32, 64)], (32, 64)), sized("PadDeviceOperation", [(32, 64)], (32, 64))]
    single = [sized("SoftmaxDeviceOperation", [(32, 64)], (32, 64))]
    found = both_ways(compared, several, single)
    assert sorted(status for status, *_ in found) == ["added", "removed", "removed"]
