"""What may take the place of a chain: the fused op, with the tensors of the ops that it replaces."""

from __future__ import annotations

import ast

import pytest
from support.captures import newest_headers, op, shape
from support.findings import findings_of

from perfsheet.trials.cures import CURES
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.plain import is_plain

DRAM, L1 = "DRAM_INTERLEAVED", "L1_INTERLEAVED"


def row(code, given, made, memory=DRAM, **attributes):
    """An op with tensors of these shapes; attributes as TTNN writes them."""
    cells = {"ATTRIBUTES": "{" + "; ".join(f"'{name}': '{value}'" for name, value in attributes.items()) + "}"}
    for place, extents in enumerate(given):
        cells |= shape(f"INPUT_{place}", extents, "BFLOAT16", memory)
    return op(code, 5000, 64) | shape("OUTPUT_0", made, "BFLOAT16", memory) | cells


def unary(name, extents):
    chain = f"{{UnaryWithParam(op_type=UnaryOpType::{name};param={{}})}}"
    return row("UnaryDeviceOperation", [extents], extents, op_chain=chain)


def binary(name, given, made):
    return row("BinaryNgDeviceOperation", given, made, binary_op_type=f"BinaryOpType::{name}")


SCORES = row("MatmulDeviceOperation", [(1, 8, 64, 32), (1, 8, 32, 96)], (1, 8, 64, 96))
MASK = binary("ADD", [(1, 8, 64, 96), (1, 1, 64, 96)], (1, 8, 64, 96))
SOFTMAX = row("SoftmaxDeviceOperation", [(1, 8, 64, 96)], (1, 8, 64, 96))
VALUES = row("MatmulDeviceOperation", [(1, 8, 64, 96), (1, 8, 96, 32)], (1, 8, 64, 32))
PRODUCT = row("MatmulDeviceOperation", [(1, 1, 64, 128), (1, 1, 128, 256)], (1, 1, 64, 256))
WIDE = (1, 1, 64, 256)


@pytest.fixture
def proposed(analysis_of):
    """What is proposed for the first finding of a rule, by its label."""

    def propose(rule, *rows):
        more = [
            name.replace("INPUT_1", f"INPUT_{n}") for n in (2, 3) for name in newest_headers(10) if "INPUT_1_" in name
        ]
        analysis = analysis_of(*rows, extra=more)
        (finding, *_) = findings_of(analysis, rule)
        found = list(CURES[rule](Chain(analysis.facts, finding.group.first_chain, (8, 8))))
        for one in found:
            ast.parse(one.code.text)
            assert is_plain(one.code.text, one.code.names)
        return {one.label: one for one in found}

    return propose


def test_attention_has_the_tensors_of_its_products(proposed):
    found = proposed("unfused-attention", SCORES, MASK, SOFTMAX, VALUES)
    plain = found["ttnn.transformer.scaled_dot_product_attention"]
    assert plain.fewer_ops == 3
    shapes = {name: tensor.shape for name, tensor in plain.code.tensors.items()}
    assert shapes == {"q": (1, 8, 64, 32), "k": (1, 8, 96, 32), "v": (1, 8, 96, 32), "mask": (1, 1, 64, 96)}
    assert "attn_mask=mask" in plain.code.text
    assert "k_chunk_size=64" in found["ttnn.transformer.scaled_dot_product_attention, chunks of 64"].code.text
    assert not any("128" in label for label in found)


@pytest.mark.parametrize(
    ("between", "scale"),
    [
        ([], "scale=1.0"),
        ([{"binary_op_type": "BinaryOpType::MUL", "scalar": "0.125"}], "scale=0.125"),
        ([{"binary_op_type": "BinaryOpType::DIV", "scalar": "8"}], "scale=0.125"),
        ([{"binary_op_type": "BinaryOpType::MUL", "scalar": "std::nullopt"}], None),
    ],
)
def test_attention_is_scaled_as_its_scores_are(proposed, between, scale):
    scores = (1, 8, 64, 96)
    rows = [row("BinaryNgDeviceOperation", [scores], scores, **attributes) for attributes in between]
    found = proposed("unfused-attention", SCORES, *rows, SOFTMAX, VALUES)
    label, first = next(iter(found.items()))
    text = first.code.text.replace("scaled_dot", "")
    assert scale in text if scale else "scale" not in text
    assert ("the scale is not in the capture" in label) == (scale is None)


def test_a_sum_of_another_shape_is_taken_for_a_mask_but_not_counted(proposed):
    """Elementwise ops are recorded by their program, whose shapes may be those of another one."""
    other = binary("ADD", [(1, 1, 64, 256), (1, 1, 64, 256)], (1, 1, 64, 256))
    found = proposed("unfused-attention", SCORES, other, SOFTMAX, VALUES)
    plain = found["ttnn.transformer.scaled_dot_product_attention"]
    assert plain.fewer_ops == 2
    assert plain.code.tensors["mask"].shape == (1, 1, 64, 96)


def test_attention_without_a_mask(proposed):
    found = proposed("unfused-attention", SCORES, SOFTMAX, VALUES)
    assert "mask" not in found["ttnn.transformer.scaled_dot_product_attention"].code.tensors


def test_heads_are_joined_and_split(proposed):
    join = (
        row("TransposeDeviceOperation", [(1, 8, 64, 32)], (1, 64, 8, 32), dim="TransposeOpDim::HC"),
        row("ReshapeDeviceOperation", [(1, 64, 8, 32)], (1, 1, 64, 256)),
    )
    (one,) = proposed("unfused-heads", SCORES, SOFTMAX, VALUES, *join).values()
    assert (one.code.function, one.fewer_ops) == ("ttnn.experimental.nlp_concat_heads", 1)
    assert one.code.tensors["x"].shape == (1, 8, 64, 32)
    split = (
        row("ReshapeDeviceOperation", [(1, 1, 64, 256)], (1, 64, 8, 32)),
        row("TransposeDeviceOperation", [(1, 64, 8, 32)], (1, 8, 64, 32), dim="TransposeOpDim::HC"),
    )
    alone = row("SoftmaxDeviceOperation", [(1, 8, 64, 64)], (1, 8, 64, 64))  # as many keys as queries
    first, second = proposed("unfused-heads", *split, SCORES, alone, VALUES).values()
    assert first.code.tensors["qkv"].shape == (1, 1, 64, 3 * 256)
    assert "num_heads=8" in first.code.text
    assert second.code.tensors["qkv"].shape == (1, 1, 64, 256)
    assert "num_heads" not in second.code.text
    fewer = row("SoftmaxDeviceOperation", [(1, 8, 64, 16)], (1, 8, 64, 16))
    first, _ = proposed("unfused-heads", *split, SCORES, fewer, VALUES).values()
    assert first.code.function == "ttnn.experimental.nlp_create_qkv_heads_segformer"


def test_fewer_heads_than_rows_is_no_sign_of_joining(proposed):
    """20 heads of 19 rows: what is made says whether heads are split or joined."""
    split = (
        row("ReshapeDeviceOperation", [(1, 1, 19, 640)], (1, 19, 20, 32)),
        row("TransposeDeviceOperation", [(1, 19, 20, 32)], (1, 20, 19, 32), dim="TransposeOpDim::HC"),
    )
    scores = row("MatmulDeviceOperation", [(1, 20, 19, 32), (1, 20, 32, 19)], (1, 20, 19, 19))
    softmax = row("SoftmaxDeviceOperation", [(1, 20, 19, 19)], (1, 20, 19, 19))
    values = row("MatmulDeviceOperation", [(1, 20, 19, 19), (1, 20, 19, 32)], (1, 20, 19, 32))
    first, _ = proposed("unfused-heads", *split, scores, softmax, values).values()
    assert first.code.function == "ttnn.experimental.nlp_create_qkv_heads"
    assert "num_heads=20" in first.code.text


def test_padding_is_no_head(proposed):
    """Two heads, padded to a tile of 32, that the last op cuts off."""
    padded, swapped = (1, 64, "32[2]", 32), (1, "32[2]", 64, 32)
    split = (
        row("TilizeWithValPadding", [(1, 64, 2, 32)], padded),
        row("TransposeDeviceOperation", [padded], swapped, dim="TransposeOpDim::HC"),
        row("SliceDeviceOperation", [swapped], (1, 2, 64, 32)),
    )
    scores = row("MatmulDeviceOperation", [(1, 2, 64, 32), (1, 2, 32, 64)], (1, 2, 64, 64))
    softmax = row("SoftmaxDeviceOperation", [(1, 2, 64, 64)], (1, 2, 64, 64))
    values = row("MatmulDeviceOperation", [(1, 2, 64, 64), (1, 2, 64, 32)], (1, 2, 64, 32))
    first, second = proposed("unfused-heads", *split, scores, softmax, values).values()
    assert "num_heads=2," in first.code.text
    assert second.code.tensors["qkv"].shape == (1, 1, 64, 64)


def test_what_is_read_and_put_elsewhere_is_counted(proposed):
    sharded = "L1_HEIGHT_SHARDED"
    scores, softmax, values = (
        row("MatmulDeviceOperation", [(1, 8, 64, 32), (1, 8, 32, 96)], (1, 8, 64, 96), sharded),
        row("SoftmaxDeviceOperation", [(1, 8, 64, 96)], (1, 8, 64, 96), sharded),
        row("MatmulDeviceOperation", [(1, 8, 64, 96), (1, 8, 96, 32)], (1, 8, 64, 32), sharded),
    )
    found = proposed("unfused-attention", scores, softmax, values)
    assert found["ttnn.transformer.scaled_dot_product_attention"].moved == 4  # Q, K, V and the output


def test_softmax(proposed):
    total = row("ReduceDeviceOperation", [(1, 1, 64, 256)], (1, 1, 64, 1), math_op="ReduceOpMath::SUM")
    rows = (unary("EXP", WIDE), total, binary("DIV", [WIDE, (1, 1, 64, 1)], WIDE))
    found = proposed("unfused-softmax", *rows)
    assert [one.fewer_ops for one in found.values()] == [2, 2]
    assert "numeric_stable=True" in found["ttnn.softmax, numerically stable"].code.text


def test_a_linear_with_its_bias_and_activation(proposed):
    (one,) = proposed(
        "unfused-linear", PRODUCT, binary("ADD", [WIDE, (1, 1, 1, 256)], WIDE), unary("GELU", WIDE)
    ).values()
    assert one.label == "ttnn.linear with bias and gelu, core_grid of 8 × 8"
    assert one.code.tensors["bias"].shape == (1, 1, 1, 256)
    assert 'activation="gelu"' in one.code.text
    assert "core_grid=ttnn.CoreGrid(y=8, x=8)" in one.code.text
    assert one.fewer_ops == 2


def test_an_activation_goes_into_a_program_config(proposed):
    config = (
        "MatmulMultiCoreReuseMultiCastProgramConfig(compute_with_storage_grid_size=8-2;in0_block_w=1;out_subblock_h=1;"
        "out_subblock_w=1;per_core_M=1;per_core_N=1;transpose_mcast=0;fused_activation=std::nullopt)"
    )
    product = row("MatmulDeviceOperation", [(1, 1, 64, 128), (1, 1, 128, 256)], WIDE, program_config=config)
    found = proposed("unfused-linear", product, unary("GELU", WIDE))
    text = found["ttnn.linear with gelu"].code.text
    assert "fused_activation=ttnn.UnaryWithParam(ttnn.UnaryOpType.GELU)" in text
    assert 'activation="gelu"' not in text


def test_gelu_in_one_op(proposed):
    steps = [
        binary("MUL", [WIDE, WIDE], WIDE),
        unary("ERF", WIDE),
        *[binary(n, [WIDE, WIDE], WIDE) for n in ("ADD", "MUL")],
    ]
    found = proposed("unfused-activation", *steps)
    assert [one.fewer_ops for one in found.values()] == [3, 3]
    assert "ttnn.gelu(x" in found["ttnn.gelu"].code.text


def test_a_product_with_an_activation(proposed):
    (one,) = proposed("fusable-pair", unary("SILU", WIDE), binary("MUL", [WIDE, WIDE], WIDE)).values()
    assert "input_tensor_a_activations=[ttnn.UnaryOpType.SILU]" in one.code.text


def test_two_caches(proposed):
    inputs = [(128, 8, 64, 128), (1, 2, 8, 128), (1, 1, 1, 2), (1, 1, 2, 64)]
    update = row("PagedUpdateCacheDeviceOperation", inputs, inputs[0])
    update |= shape("INPUT_1", inputs[1], "BFLOAT16", "L1_HEIGHT_SHARDED") | {"CORE COUNT": 2}
    (one,) = proposed("fusable-pair", update, update).values()
    first, second = (one.code.tensors[name].memory.shard for name in ("x1", "x2"))
    assert first.cores == second.cores == 2
    assert set(second.ranges) == {(2, 0, 2, 0), (3, 0, 3, 0)}
    assert one.code.tensors["table"].shape == (2, 64)


def test_a_rotary_embedding(proposed):
    whole, half = (1, 8, 64, 32), (1, 8, 64, 16)
    rows = [
        row("SliceDeviceOperation", [whole], half),
        row("SliceDeviceOperation", [whole], half),
        unary("NEG", half),
        row("ConcatDeviceOperation", [half, half], whole, dim="3"),
        binary("MUL", [whole, (1, 1, 64, 32)], whole),
        binary("MUL", [whole, (1, 1, 64, 32)], whole),
        binary("ADD", [whole, whole], whole),
    ]
    (one,) = proposed("unfused-rotary-embedding", *rows).values()
    assert one.moved == 0
    assert {name: tensor.shape for name, tensor in one.code.tensors.items()} == {
        "x": whole,
        "cos": (1, 1, 64, 32),
        "sin": (1, 1, 64, 32),
    }
