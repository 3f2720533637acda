"""Shapes and layouts as engineers write them."""

import pytest
from support.captures import op, shape

WINDOW = (
    "SlidingWindowConfig(batch_size=1; input_hw=(98;1280); window_hw=({0}); stride_hw=({1}); padding=((3; 0); (3; 3)); "
    "dilation_hw=({2}); is_transpose=false)"
)


def attributes(window="7;7", stride="2;2", dilation="1;1", groups="1", entry="{1; 98; 1280; 3}", channels="64"):
    return (
        f"{{'groups': '{groups}'; 'input_tensor_shape': '{entry}'; 'output_channels': '{channels}'; "
        f"'sliding_window_config': '{WINDOW.format(window, stride, dilation)}'}}"
    )


def tensors(left, right=None, out=(1, 1, 32, 64), **how):
    cells = shape("INPUT_0", left, **how) | shape("OUTPUT_0", out)
    return cells | (shape("INPUT_1", right) if right else {})


@pytest.mark.parametrize(
    ("code", "cells", "expected"),
    [
        ("Matmul", tensors((1, 1, 384, 768), (1, 1, 768, 3072)), "384 × 768 × 3072"),
        ("Matmul", tensors((1, 1, "32[19]", 768), (1, 1, 768, 768)), "19 × 768 × 768"),
        ("Matmul", tensors((1, 12, 384, 64), (1, 12, 64, 384)), "12 · 384 × 64 × 384"),
        ("Matmul", tensors((1, 1, 384, 768), (1, 1, 99, 3072)), "384×768 → 32×64"),
        ("LayerNorm", tensors((1, 1, 32, 64)), "32×64"),
        ("Reshape", tensors((1, 4, 32, 16), out=(1, 1, 32, 64)), "4×32×16 → 32×64"),
        ("Conv2d", tensors((1, 1, 5, 8)) | {"ATTRIBUTES": attributes()}, "1×98×1280×3 → 64, 7×7 s2"),
        (
            "Conv2d",
            tensors((1, 1, 5, 8)) | {"ATTRIBUTES": attributes("3;1", "1;1", "2;2", "32")},
            "1×98×1280×3 → 64, 3×1 d2 g32",
        ),
        ("Pool2D", tensors((1, 1, 5, 8)) | {"ATTRIBUTES": attributes("3;3", "2;1")}, "5×8 → 32×64, 3×3 s2×1"),
        ("SDPAOperation", tensors((1, 12, 384, 64), (1, 12, 512, 64)), "12×384×64 · 512 keys"),
        ("Add", {f"{side}_0_{dim}_PAD[LOGICAL]": "" for side in ("INPUT", "OUTPUT") for dim in "WZYX"}, ""),
        ("Add", {"INPUT_0_Y_PAD[LOGICAL]": "=1+1"}, "32×64"),
    ],
)
def test_shapes(analysis_of, code, cells, expected):
    assert analysis_of(op(code) | cells).top()[0].shape == expected


@pytest.mark.parametrize(
    ("given", "put", "expected"),
    [
        (("DRAM_INTERLEAVED", "TILE"), ("DRAM_INTERLEAVED", "TILE"), "DRAM_INTERLEAVED"),
        (("DRAM_INTERLEAVED", "TILE"), ("L1_BLOCK_SHARDED", "TILE"), "DRAM_INTERLEAVED → L1_BLOCK_SHARDED"),
        (("L1_INTERLEAVED", "ROW_MAJOR"), ("L1_INTERLEAVED", "TILE"), "L1_INTERLEAVED, ROW_MAJOR → TILE"),
        (("", ""), ("L1_INTERLEAVED", "TILE"), "? → L1_INTERLEAVED"),
    ],
)
def test_layouts(analysis_of, given, put, expected):
    cells = {}
    for side, (memory, layout) in (("INPUT_0", given), ("OUTPUT_0", put)):
        cells |= {f"{side}_MEMORY": f"DEV_0_{memory}" if memory else "", f"{side}_LAYOUT": layout}
    assert analysis_of(op("Add") | cells).top()[0].layout == expected


def test_an_op_without_tensors_has_neither(analysis_of):
    row = {name: ("" if name.startswith(("INPUT", "OUTPUT")) else cell) for name, cell in op("Add").items()}
    shown = analysis_of(row).top()[0]
    assert (shown.shape, shown.layout) == ("", "")
