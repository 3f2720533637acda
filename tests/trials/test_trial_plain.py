"""Nothing that a capture says is run: only functions of ttnn are called, on what the text itself made."""

from __future__ import annotations

import pytest
from support.captures import op, write_csv

from perfsheet import analyze, read
from perfsheet.trials import described
from perfsheet.trials.plain import is_plain
from perfsheet.trials.trial import variants_of

AXES = tuple(f"{axis}_PAD[LOGICAL]" for axis in "WZYX")

FINE = "x = ttnn.empty([1, -2], dtype=ttnn.bfloat16, device=device)\noutput = ttnn.relu(x, f=(1, 2), g=None, h='gelu')"


def test_what_builds_an_op_is_plain():
    assert is_plain(FINE, ["x"])


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "output = open('x')",
        "output = ttnn.relu(y)",
        "output = ttnn.relu(x).__class__",
        "output = ttnn.__builtins__",
        "output = x.cpu()",
        "output = ttnn.relu(x)()",
        "output = (lambda: ttnn.relu)(x)",
        "output = [one for one in ttnn.relu(x)]",
        "output = ttnn.relu(f'{x}')",
        "ttnn.relu(x)",
        "x.y = ttnn.relu(x)",
        "output = ttnn.relu(x) if device else None",
        "output = ttnn.relu(x)\ndel x",
        "output = (",
        "output = ttnn.os.system('x')",
        "output = ttnn.relu(ttnn.os.system('x'))",
        "output = ttnn.relu(x, f=ttnn.os.environ)",
        "output = ttnn.relu(x, f=ttnn)",
        "output = ttnn.relu(x, f=ttnn.sys.exit)",
        "output = ttnn.importlib.import_module('os')",
        "output = ttnn.open_device(device_id=0)",
        "output = ttnn.relu(x, f=ttnn.relu(x))",
        "output = ttnn.relu(x, *x)",
        "output = ttnn.relu(x, **x)",
        "output = x",
        "output = ttnn.dump_tensor('x', x)",
        "output = " + "(" * 500 + ")" * 500,
        "output = ttnn.relu(x\0)",
    ],
)
def test_anything_else_is_not(text):
    assert not is_plain(text, ["x"])


HOSTILE = "1e-5); __import__('os').system('touch hacked'); ttnn.relu(x"


@pytest.mark.parametrize(
    "cells",
    [
        {"ATTRIBUTES": f"{{'eps': '{HOSTILE.replace(chr(39), chr(34))}'}}"},
        {"INPUT_0_DATATYPE": "BFLOAT16; import os"},
        {"INPUT_0_LAYOUT": "TILE; import os"},
        {"INPUT_0_MEMORY": "DEV_0_L1_BLOCK_SHARDED(__import__)"},
        {"ATTRIBUTES": "{'program_config': 'LayerNorm.__class__(a=1)'}"},
    ],
    ids=["number", "data type", "layout", "memory", "config"],
)
def test_a_hostile_capture_gets_no_code(tmp_path, cells):
    path = write_csv(tmp_path / "x.csv", [op("LayerNormDeviceOperation", **cells)])
    (trial,) = described(analyze(read(path)), (8, 8))
    text = "" if trial.code is None else trial.code.text
    assert "import" not in text
    assert "__" not in text
    assert not text or is_plain(text, ["x", "weight", "bias", "residual"])


@pytest.mark.parametrize("scalar", ["ttnn.os.system('touch hacked')", "ttnn.sys.exit()", "__import__('os')"])
def test_a_hostile_scalar_gets_no_code(tmp_path, scalar):
    cells = {"ATTRIBUTES": f"{{'binary_op_type': 'BinaryOpType::ADD'; 'scalar': '{scalar}'}}".replace("('", '("')}
    path = write_csv(tmp_path / "x.csv", [op("BinaryNgDeviceOperation", **cells)])
    (trial,) = described(analyze(read(path)), (8, 8))
    assert trial.code is None
    assert trial.problem


CODES = (
    "Matmul", "MinimalMatmulOp", "LayerNorm", "Softmax", "SDPAOperation", "SdpaDecodeDeviceOperation", "Conv2d",
    "NlpCreateHeadsDeviceOperation", "NLPConcatHeads", "BinaryNgDeviceOperation", "UnaryDeviceOperation", "Typecast",
    "Pool2D", "Tilize", "TilizeWithValPadding", "UntilizeWithUnpadding", "InterleavedToSharded", "ShardedToInterleaved",
    "Reshard", "Transpose", "Permute", "Concat", "Embeddings",
)  # fmt: skip
ODD = (
    "{'output_channels': 'x'; 'groups': '0'; 'input_tensor_shape': '{1; 2; 3; 4}'; 'sliding_window_config': "
    "'SlidingWindowConfig(batch_size=1; input_hw=(2;3); window_hw=(0;0); stride_hw=(0;0))'; 'dim': '9'; 'dims': '[x]'; "
    "'program_config': 'MatmulMultiCoreReuseMultiCastProgramConfig(in0_block_w=x;per_core_M=0;per_core_N=0;"
    "out_subblock_h=0;out_subblock_w=y)'; 'binary_op_type': 'BinaryOpType::ADD'; 'op_chain': 'UnaryOpType::RELU'}"
)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("extents", [("0", "0", "0", "0"), ("1", "1", "32", "999999999999")], ids=["nothing", "huge"])
def test_odd_cells_end_in_no_error(tmp_path, code, extents):
    shape = {f"INPUT_{tensor}_{axis}": extent for tensor in "01" for axis, extent in zip(AXES, extents, strict=True)}
    path = write_csv(tmp_path / "x.csv", [op(code, ATTRIBUTES=ODD, **shape), op(code, ATTRIBUTES="{")])
    for trial in described(analyze(read(path)), (8, 8)):
        assert trial.problem or trial.code is not None
        list(variants_of(trial))
