"""Tracing real torch modules on the CPU."""

from __future__ import annotations

import csv
import json
from importlib import import_module

import pytest
from support.captures import op, write_csv
from support.command import ROOT, here

from perfsheet.models.outputs.missing_ops import reproduction
from perfsheet.models.torch_graph import needed_ops
from perfsheet.models.torch_graph.tracing import trace

pytestmark = pytest.mark.torch

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10)

    def forward(self, image):
        rows = torch.relu(self.conv(image)).mean((2, 3))
        return torch.softmax(self.head(self.norm(rows)), -1)

def build_model():
    return Net().eval(), torch.randn(1, 3, 32, 32)

def encoder():
    return nn.TransformerEncoderLayer(64, 4, batch_first=True).eval()

class Repeated(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))
        self.rows = nn.LSTM(8, 8, batch_first=True)

    def forward(self, x):
        for block in self.blocks:
            x = torch.tanh(block(x))
            print("a line")
        while x.sum() > 1e6:
            x = x / 2
        return self.rows(x)[0] * x

def repeated():
    return Repeated().eval(), {"x": torch.randn(1, 4, 8)}

def ends():
    raise SystemExit(0)

def broken():
    raise RuntimeError("no weights")

def infer(dtype="float32"):
    module = Net().eval().to(getattr(torch, dtype))
    image = torch.randn(1, 3, 32, 32).to(getattr(torch, dtype))
    def run():
        with torch.no_grad():
            return module(image)
    return run
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra `torch`")
    (tmp_path / "net.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path):
    with path.open() as stream:
        return list(csv.DictReader(stream))


def test_forward_and_backward_and_profile(folder, capsys):
    write_csv(folder / "run.csv", [op("Conv2dDeviceOperation", 10, 1), op("MatmulDeviceOperation", 10, 1)])
    options = ("--backward", "--profile", "--capture", "run.csv", "--json")
    ended = here(capsys, "graph", "net.py:build_model", "-o", "stat", *options)
    assert ended.status == 0, ended.err
    forward = {line["op_type"]: int(line["count"]) for line in table(folder / "stat/fw_node_count.csv")}
    assert forward["aten.convolution.default"] == forward["aten.addmm.default"] == 1
    backward = {line["op_type"] for line in table(folder / "stat/bw_node_count.csv")}
    assert "aten.convolution_backward.default" in backward
    assert "training mode" not in ended.err
    (conv,) = [line for line in table(folder / "stat/ops_needed.csv") if "convolution" in line["op_type"]]
    assert conv["inputs"] == "1×3×32×32 float32; 8×3×3×3 float32; 8 float32"
    assert conv["outputs"] == "1×8×16×16 float32"
    assert "stride=[2, 2]" in conv["parameters"]
    sizes = table(folder / "stat/fw_total_output_size_dist/aten.convolution.default.csv")
    assert sizes == [{"bytes": str(8 * 16 * 16 * 4), "count": "1", "output_0": "1"}]
    status = {one["op_type"]: one["status"] for one in json.loads(ended.out)["coverage"]}
    assert status["aten.convolution"] == status["aten.addmm"] == "covered"
    assert status["aten.native_layer_norm"] == "missing"
    modules = {line["module"]: line for line in table(folder / "stat/modules.csv")}
    assert modules["conv"]["parameters"] == str(3 * 8 * 9 + 8)
    assert modules["head"]["input"] == "1×8 float32"
    assert json.loads((folder / "stat/profile/trace.json").read_text())["traceEvents"]


def test_fused_layers_are_opened_and_inputs_can_be_given(folder, capsys):
    ended = here(capsys, "graph", "net.py:encoder", "--input", "1,16,64", "-o", "stat", "--json")
    found = json.loads(ended.out)
    assert found["inputs"] == ["1×16×64 float32"]
    assert {"aten.native_layer_norm.default", "aten.addmm.default"} <= {one["op_type"] for one in found["ops"]}


def test_every_pass_of_a_loop_counts_and_prints_go_elsewhere(folder, capsys):
    ended = here(capsys, "graph", "net.py:repeated", "-o", "stat", "--json")
    found = json.loads(ended.out)
    counts = {}
    for one in found["ops"]:
        base = ".".join(one["op_type"].split(".")[:2])
        counts[base] = counts.get(base, 0) + one["count"]
    assert counts["aten.tanh"] >= 6
    assert counts["aten.addmm"] >= 6
    assert ended.err.count("a line") == 6
    assert found["inputs"] == ["1×4×8 float32"]
    assert counts.get("aten.sigmoid", 0) + counts.get("aten.sigmoid_", 0) >= 4  # the LSTM is opened
    (product,) = [
        one for one in found["ops"] if one["op_type"] == "aten.mul.Tensor" and one["outputs"] == ["1×4×8 float32"]
    ]
    assert product["inputs"] == ["1×4×8 float32"] * 2


def test_what_an_earlier_run_wrote_is_gone(folder, capsys):
    here(capsys, "graph", "net.py:build_model", "-o", "stat", "--backward", "--profile")
    (folder / "stat" / "mine.txt").touch()
    assert here(capsys, "graph", "net.py:repeated", "-o", "stat", "--force").status == 0
    assert (folder / "stat" / "mine.txt").exists()
    assert not list((folder / "stat").glob("bw_*"))
    assert not (folder / "stat/fw_total_input_size_dist/aten.convolution.default.csv").exists()
    assert not (folder / "stat/profile").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("net.py:gone",), 2, "no function gone"),
        (("net.py:encoder",), 2, "--input"),
        (("net.py:encoder", "--input", "a"), 2, "not a shape"),
        (("net.py:encoder", "--input", "1,16,63"), 3, "embedding dimension of 64, but got 63"),
        (("net.py:broken",), 3, "no weights"),
        (("net.py:ends",), 3, "SystemExit: 0"),
        (("net.py:encoder", "--input", "1,3:float99"), 2, "not a shape"),
        (("gone.py:f",), 2, "no module"),
    ],
)
def test_what_cannot_be_followed(folder, capsys, arguments, status, said):
    ended = here(capsys, "graph", *arguments, "-o", "stat")
    assert ended.status == status
    assert said in ended.err


def test_an_issue_for_each_op_that_ttnn_lacks(folder, capsys):
    ended = here(capsys, "graph", ROOT / "examples/torch_models.py:upsampler", "--issues", "issues", "-o", "stat")
    assert ended.status == 0, ended.err
    assert "In TTNN (types of ops): 2 missing, 1 composite, 3 another name, 3 exists." in ended.out
    assert {path.name for path in (folder / "issues").iterdir()} == {
        "aten.flip.md",
        "aten.convolution-conv_transpose3d.md",
    }
    text = (folder / "issues/aten.convolution-conv_transpose3d.md").read_text()
    assert "| 1 | 1×1×32×64×64 float32, 1×1×2×2×2 float32, 1 float32 | 1×1×64×128×128 float32 |" in text
    assert "`ttnn.convolution`, `ttnn.conv_transpose3d`" in text
    assert "`ttnn.conv_transpose2d`" in text.splitlines()[-1]
    again = here(capsys, "graph", ROOT / "examples/torch_models.py:upsampler", "--issues", "issues", "-o", "stat2")
    assert again.status == 7
    assert "--force" in again.err


@pytest.mark.parametrize("model", ["resnet18", "bert", "upsampler"])
def test_the_reproduction_of_every_op_runs(folder, model):
    module, inputs = getattr(import_module("examples.torch_models"), model)()
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    for one in needed_ops(trace(model, module, inputs, {}).forward):
        names = {}
        exec("\n".join(reproduction(one)), names)
        shapes = [tuple(map(int, text.split()[0].split("×"))) for text in one.outputs]
        output = names["output"]
        found = [tensor for tensor in (output if isinstance(output, tuple | list) else [output]) if tensor.numel()]
        assert [tuple(tensor.shape) for tensor in found] == shapes


def test_a_bench_of_a_torch_module(folder, capsys):
    ended = here(capsys, "bench", "net.py:infer", "--vary", "dtype=bfloat16", "-n", "3", "--json")
    assert ended.status == 0
    assert all(one["latency_mean_ms"] > 0 for one in json.loads(ended.out)["variants"])


def test_a_card_with_a_graph(folder, capsys):
    write_csv(folder / "run.csv", [op("Conv2dDeviceOperation", 10, 1)])
    (folder / "suite.toml").write_text(
        '[[target]]\nmodel = "net"\ncommand = "pytest t.py"\nreplay = "run.csv"\ngraph = "net.py:build_model"\n'
    )
    ended = here(capsys, "card", "suite.toml")
    assert ended.status == 0
    assert "| `aten.convolution` | 1 | another name | ttnn.conv2d | covered | Conv2dDeviceOperation ×1 |" in ended.out
    assert "- `aten.native_layer_norm` ×1: ttnn.layer_norm is not in the capture" in ended.out
