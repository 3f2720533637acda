"""FLOPs, worked out by hand from shapes and attributes."""

import math

import pytest
from support.captures import op, shape

from perfsheet.analysis.speed_of_light.bounds import speed_of_light
from perfsheet.analysis.speed_of_light.flops import matmul_flops

CONV = (
    "{'groups': '%s'; 'input_tensor_shape': '{2; 56; 56; 64}'; 'output_channels': '128'; 'sliding_window_config': "
    "'SlidingWindowConfig(batch_size=2; input_hw=(56;56); window_hw=(3;3); stride_hw=(1;1); padding=((1; 1); (1; 1)); "
    "is_transpose=%s)'}"
)
SDPA = "{'is_causal': '%s'; 'scale': '0.1'}"


def tensors(*extents, output=None, datatype="BFLOAT16", memory="DRAM_INTERLEAVED"):
    """Cells of INPUT_0, INPUT_1 …, and of OUTPUT_0."""
    cells = {}
    for number, one in enumerate(extents):
        cells |= shape(f"INPUT_{number}", one, datatype, memory)
    return cells | (shape("OUTPUT_0", output, datatype, memory) if output else {})


def extra(count):
    """Headers of the inputs that small captures lack."""
    return [name for number in range(2, count) for name in shape(f"INPUT_{number}", (1, 1, 1, 1))]


@pytest.fixture
def light_of(analysis_of):
    def light(row, **how):
        analysis = analysis_of(row, extra=extra(6), **how)
        return analysis.facts.speed_of_light, speed_of_light(analysis.ops).reason(0)

    return light


def flops(light_of, code, cells, attributes="{}"):
    light, reason = light_of(op(code, 1e9, 64, fidelity="HiFi4", attributes=attributes) | cells)
    value = light.flops[0]
    return reason if math.isnan(value) else value


@pytest.mark.parametrize(
    "code",
    [
        "Matmul",
        "MatmulDeviceOperation",
        "MinimalMatmulOp",
        "MinimalMatmulDeviceOperation",
        "ttnn::prim::MatmulOp",
        "Linear",
    ],
)
def test_matmuls_of_every_spelling(light_of, code):
    cells = tensors((1, 1, 64, 128), (1, 1, 128, 256), output=(1, 1, 64, 256))
    assert flops(light_of, code, cells) == 2 * 64 * 128 * 256


@pytest.mark.parametrize(
    ("left", "right", "output", "attributes", "expected"),
    [
        ((1, 12, 64, 32), (1, 12, 32, 64), (1, 12, 64, 64), "{}", 12 * 2 * 64 * 32 * 64),
        ((1, 1, 64, 32), (1, 8, 32, 64), (1, 8, 64, 64), "{}", 8 * 2 * 64 * 32 * 64),
        ((3, 8, 64, 32), (1, 1, 32, 64), (3, 8, 64, 64), "{}", 24 * 2 * 64 * 32 * 64),
        ((1, 1, 64, 32), (1, 1, 96, 32), (1, 1, 64, 96), "{'transpose_b': 'true'}", 2 * 64 * 32 * 96),
        ((1, 1, 32, 64), (1, 1, 32, 96), (1, 1, 64, 96), "{'transpose_a': 'true'}", 2 * 64 * 32 * 96),
        ((1, 1, "32[19]", 768), (1, 1, 768, 768), (1, 1, "32[19]", 768), "{}", 2 * 19 * 768 * 768),
        ((1, 1, 64, "64[40]"), (1, 1, "64[48]", 64), (1, 1, 64, 64), "{}", 2 * 64 * 40 * 64),
    ],
)
def test_batches_transposes_and_logical_shapes(light_of, left, right, output, attributes, expected):
    assert flops(light_of, "Matmul", tensors(left, right, output=output), attributes) == expected


def test_a_gathered_matmul_multiplies_the_gathered_input(light_of):
    cells = tensors((1, 1, 64, 32), (1, 1, 128, 64), output=(1, 1, 64, 128))
    assert flops(light_of, "AllGatherMatmulAsyncDeviceOperation", cells) == 2 * 64 * 128 * 64


@pytest.mark.parametrize(
    ("code", "cells", "words"),
    [
        ("SparseMatmulDeviceOperation", tensors((1, 1, 64, 32), (1, 8, 32, 64)), "non-zero"),
        ("Matmul", tensors((1, 1, 64, 32), (1, 1, 96, 64)), "don't fit"),
        ("Matmul", tensors(("", "", "", ""), (1, 1, 96, 64)), "not readable"),
        ("Conv2dDeviceOperation", tensors((1, 1, 64, 32)) | shape("OUTPUT_0", ("x", "x", "x", "x")), "output's shape"),
        ("SDPAOperation", tensors((1, 8, 64, 32)), "Q and K"),
        ("SparseSDPAOperation", tensors((1, 8, 64, 32), (1, 8, 64, 32)), "sparse attention"),
    ],
)
def test_what_cannot_be_known_has_a_reason(light_of, code, cells, words):
    assert words in flops(light_of, code, cells)


@pytest.mark.parametrize(
    ("groups", "transpose", "expected"),
    [
        (1, "false", 2 * (2 * 56 * 56) * (9 * 64) * 128),
        (64, "false", 2 * (2 * 56 * 56) * 9 * 128),
        (1, "true", 2 * (2 * 56 * 56) * (9 * 64) * 128),
    ],
)
def test_convolutions_by_window_groups_and_channels(light_of, groups, transpose, expected):
    cells = tensors((1, 1, 6400, 64), (1, 1, 576, 128), output=(1, 1, "6272[6272]", 128))
    assert flops(light_of, "Conv2dDeviceOperation", cells, CONV % (groups, transpose)) == expected


def test_a_convolution_without_attributes_has_its_weights(light_of):
    cells = tensors((1, 1, 6400, 64), (1, 1, 576, 128), output=(1, 1, 6272, 128))
    assert flops(light_of, "OptimizedConvNew", cells) == 2 * 6272 * 576 * 128


@pytest.mark.parametrize(
    ("query", "key", "value", "attributes", "expected"),
    [
        ((1, 8, 1024, 64), (1, 8, 1024, 64), (1, 8, 1024, 64), SDPA % "false", 2 * 8 * 1024 * 1024 * 128),
        ((1, 8, 1024, 64), (1, 8, 1024, 64), (1, 8, 1024, 64), SDPA % "true", 8 * 1024 * 1024 * 128),
        ((2, 32, 512, 128), (2, 8, 512, 128), (2, 8, 512, 128), SDPA % "false", 2 * 64 * 512 * 512 * 256),
        ((1, 8, 64, 64), (1, 8, 256, 64), (1, 8, 256, 64), SDPA % "false", 2 * 8 * 64 * 256 * 128),
        ((1, 8, 1024, 576), (1, 1, 1024, 576), (1, 1, 1024, 576), "{'is_causal': 'false'; 'head_dim_v': '512'}",
         2 * 8 * 1024 * 1024 * (576 + 512)),
        ((1, 8, 128, 64), (1, 8, 512, 64), (1, 8, 512, 64), "{'is_causal': 'true'; 'chunk_start_idx': '256'}",
         2 * 8 * 128 * (256 + 64) * 128),
    ],
)  # fmt: skip
def test_attention(light_of, query, key, value, attributes, expected):
    assert flops(light_of, "SDPAOperation", tensors(query, key, value, output=query), attributes) == expected


@pytest.mark.parametrize(
    ("balanced", "causal", "pairs"),
    [("true", "true", 256 * 512 / 2), ("false", "true", 256 * 512 / 2), ("false", "false", 256 * 512)],
)
def test_ring_attention_counts_the_mean_of_the_ring(light_of, balanced, causal, pairs):
    attributes = f"{{'is_balanced': '{balanced}'; 'is_causal': '{causal}'; 'logical_n': '512'; 'ring_size': '2'}}"
    part = (1, 8, 256, 64)
    assert flops(light_of, "RingJointSDPADeviceOperation", tensors(part, part, part, output=part), attributes) == (
        2 * 8 * pairs * 128
    )


def test_distributed_ring_attention_puts_out_a_part(light_of):
    whole, part = (1, 8, 1024, 64), (1, 8, 256, 64)
    cells = tensors(whole, whole, whole, output=part)
    assert flops(light_of, "RingDistributedSdpaDeviceOperation", cells) == 2 * 8 * 256 * 1024 / 2 * 128


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("{'cur_pos': '{127; 63}'; 'is_causal': 'true'}", 2 * 32 * (128 + 64) * 256),
        ("{'cur_pos': 'SmallVector<uint32_t; 8>({127; 63})'}", 2 * 32 * (128 + 64) * 256),
        ("{'cur_pos': '{127; 63}'; 'sliding_window_size': '100'}", 2 * 32 * (100 + 64) * 256),
        ("{'cur_pos': '{127}'}", "position in the KV cache"),
        ("{'cur_pos': '{}'; 'is_causal': 'false'; 'sliding_window_size': '100'}", "position in the KV cache"),
        ("{'cur_pos': '{}'; 'is_causal': 'false'}", 2 * 32 * (2 * 1024) * 256),
        ("{'cur_pos': '{}'; 'is_causal': 'true'}", "position in the KV cache"),
        ("{'cur_pos': '{}'; 'is_causal': 'false'; 'paged_attention': 'true'}", "position in the KV cache"),
    ],
)
def test_decode_attention_needs_to_know_the_position(light_of, attributes, expected):
    cells = tensors((1, 2, 32, 128), (2, 8, 1024, 128), (2, 8, 1024, 128), output=(1, 2, 32, 128))
    found = flops(light_of, "SdpaDecodeDeviceOperation", cells, attributes)
    assert expected in found if isinstance(expected, str) else found == expected


def test_a_matmul_of_one_input_is_none(analysis_of):
    (variant,) = analysis_of(op("Matmul")).ops.variants.all
    assert matmul_flops(variant).amount is None
