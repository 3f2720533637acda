"""Tracing real torch modules on the CPU."""

from __future__ import annotations

import csv
import json
import sys
from importlib import import_module
from types import ModuleType

import pytest
from support.captures import op, write_csv
from support.command import ROOT, here

from perfsheet.models.outputs.missing_ops import reproduction
from perfsheet.models.torch_graph import needed_ops
from perfsheet.models.torch_graph.calls import call_of
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
    forward, total = table(folder / "stat/fw_node_count.csv")
    assert (forward["model_name"], total["model_name"]) == ("build_model_0", "TOTAL")
    assert forward["aten.convolution.default"] == forward["aten.addmm.default"] == "1"
    backward = table(folder / "stat/bw_node_count.csv")[0]
    assert "aten.convolution_backward.default" in backward
    assert "training mode" not in ended.err
    (conv,) = [line for line in table(folder / "stat/ops_needed.csv") if "convolution" in line["op_type"]]
    assert conv["inputs"] == "1×3×32×32 float32; 8×3×3×3 float32; 8 float32"
    assert conv["outputs"] == "1×8×16×16 float32"
    assert "stride=[2, 2]" in conv["parameters"]
    sizes = table(folder / "stat/fw_total_output_size_dist/aten.convolution.default_0.csv")
    assert sizes == [{"bytes": str(8 * 16 * 16 * 4), "count": "1"}]
    status = {one["op_type"]: one["status"] for one in json.loads(ended.out)["coverage"]}
    assert status["aten.convolution"] == status["aten.addmm"] == "covered"
    assert status["aten.native_layer_norm"] == "missing"
    modules = {line["module"]: line for line in table(folder / "stat/modules.csv")}
    assert modules["conv"]["parameters"] == str(3 * 8 * 9 + 8)
    assert modules["head"]["input"] == "1×8 float32"
    assert json.loads((folder / "stat/profile/build_model_0.json").read_text())["traceEvents"]


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


def test_a_suite_counts_torch_ops_where_the_test_does_not(folder, capsys):
    write_csv(folder / "run.csv", [op("Conv2dDeviceOperation", 10, 1), op("MatmulDeviceOperation", 10, 1)])
    (folder / "test_it.py").write_text("def test_it():\n    pass\n")
    target = '[[target]]\nmodel = "net"\ncommand = "pytest -q test_it.py"\ngraph = "net.py:build_model"\n'
    (folder / "suite.toml").write_text(f'{target}replay = "run.csv"\ncollect = ["device"]\n')
    ended = here(capsys, "suite", "run", "suite.toml", "-o", "out", "--json")
    (model,) = json.loads(ended.out)["models"]
    # convolution, relu, mean, layer norm, addmm, softmax, and t: the capture shows a convolution and a matmul.
    assert model["torch_ops_before"] == "7 (7)"
    assert model["torch_ops_remain"] == "4 (4)"
    arguments = ("suite", "table", "suite.toml", "--layout", "torch-ttnn-2025")
    assert here(capsys, *arguments).status == 3  # it has no results where it would put them by default
    assert "| 7 (7) " in here(capsys, *arguments, "--results", "out").out


def test_a_card_with_a_graph(folder, capsys):
    write_csv(folder / "run.csv", [op("Conv2dDeviceOperation", 10, 1)])
    (folder / "suite.toml").write_text(
        '[[target]]\nmodel = "net"\ncommand = "pytest t.py"\nreplay = "run.csv"\ngraph = "net.py:build_model"\n'
    )
    ended = here(capsys, "card", "suite.toml")
    assert ended.status == 0
    assert "| `aten.convolution` | 1 | another name | ttnn.conv2d | covered | Conv2dDeviceOperation ×1 |" in ended.out
    assert "- `aten.native_layer_norm` ×1: ttnn.layer_norm is not in the capture" in ended.out


@pytest.mark.parametrize(
    ("model", "ops", "lacking"),
    [("resnet18", 70, {"aten.empty": 20}), ("bert", 666, {"aten.arange": 1, "aten.mul": 1}), ("upsampler", 6, None)],
)
def test_a_folder_of_tests(folder, capsys, model, ops, lacking):
    ended = here(capsys, "tests", ROOT / f"examples/torch_models.py:{model}", "-o", "ops")
    assert ended.status == 0, ended.err
    assert f"which stand for {ops} ops" in ended.out
    for name, count in (lacking or {}).items():
        assert f"not covered: {count} × {name}" in ended.err
    for path in (folder / "ops").glob("*.py"):
        compile(path.read_text(), path.name, "exec")


@pytest.fixture
def checks(folder, capsys, monkeypatch):
    """The checks that stand beside the written tests, with a ttnn that has nothing but names."""
    here(capsys, "tests", ROOT / "examples/torch_models.py:upsampler", "-o", "ops")
    names = ("float32", "bfloat16", "bfloat8_b", "bfloat4_b", "uint8", "uint16", "uint32", "int32")
    stub = ModuleType("ttnn")
    for name in (*names, "DRAM_MEMORY_CONFIG"):
        setattr(stub, name, name)
    monkeypatch.setitem(sys.modules, "ttnn", stub)
    monkeypatch.syspath_prepend(str(folder / "ops"))
    monkeypatch.delitem(sys.modules, "op_checks", raising=False)
    yield import_module("op_checks")
    sys.modules.pop("op_checks", None)


def test_what_the_checks_hold(checks):
    import torch

    x = torch.randn(64, 64, generator=torch.Generator().manual_seed(1))
    checks.hold(x, x * 1.001, 0.999)
    for wrong in (x * 0.125, -x, x + 1, x.flip(0), torch.zeros_like(x)):
        with pytest.raises(AssertionError, match="expected"):
            checks.hold(x, wrong, 0.999)
    assert not torch.equal(
        checks.Input([8], "bfloat16", "", seed=1).values(), checks.Input([8], "bfloat16", "").values()
    )
    assert checks.Input([99], "bfloat16", "", positive=True).values().min() >= 0.1


def test_the_golden_functions_of_the_checks(checks):
    import torch

    x = torch.randn(2, 1, 8, 3 * 4 * 16)
    parts = x.view(2, 8, 3, 4, 16)
    q, k, v = checks.OWN["ttnn.experimental.nlp_create_qkv_heads"](x, num_heads=4)
    assert torch.equal(q, parts[:, :, 0].transpose(1, 2))
    assert torch.equal(k, parts[:, :, 1].permute(0, 2, 3, 1))
    assert torch.equal(v, parts[:, :, 2].transpose(1, 2))
    assert torch.equal(checks.OWN["ttnn.experimental.nlp_concat_heads"](q), parts[:, :, 0].reshape(2, 1, 8, 64))


def calls_of(module, *inputs):
    """The calls of TTNN for the ops of a function, by their names."""

    class Net(torch.nn.Module):
        def forward(self, *given):
            return module(*given)

    found = {}
    for one in needed_ops(trace("net", Net(), inputs, {}).forward):
        found[one.first.name] = call_of(one.first)
    return found


class TestCalls:
    """What the call of an op says, argument by argument."""

    @pytest.fixture(autouse=True)
    def with_torch(self):
        global torch  # noqa: PLW0603 these tests are of torch alone
        torch = pytest.importorskip("torch", reason="needs the extra `torch`")

    @pytest.mark.parametrize(
        ("name", "module", "shapes", "call"),
        [
            (
                "gelu",
                lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
                [(2, 3)],
                "fast_and_approximate_mode=True",
            ),
            ("clamp", lambda x: x.clamp(min=-1), [(2, 3)], "ttnn.clamp(x, min=-1)"),
            ("hardtanh", lambda x: torch.nn.functional.hardtanh(x, 0.0, 6.0), [(2, 3)], "min=0.0, max=6.0"),
            ("leaky_relu", lambda x: torch.nn.functional.leaky_relu(x, 0.2), [(2, 3)], "ttnn.leaky_relu(x, 0.2)"),
            ("slice", lambda x: x[:, 1:-1], [(2, 5)], "ttnn.slice(x, [0, 1], [2, 4])"),
            ("constant_pad_nd", lambda x: torch.nn.functional.pad(x, (1, 2)), [(2, 5)], "[(0, 0), (1, 2)], 0"),
            ("mean", lambda x: x.mean((1, 2), keepdim=True), [(2, 5, 3)], "ttnn.mean(x, keepdim=True, dim=[1, 2])"),
            ("amax", lambda x: x.amax(-1), [(2, 5)], "ttnn.max(x, dim=-1)"),
            ("argmax", lambda x: x.argmax(-1), [(2, 5)], "ttnn.argmax(x, dim=-1)"),
            ("topk", lambda x: x.topk(2, -1).values, [(2, 5)], "ttnn.topk(x, 2)"),
            ("cumsum", lambda x: x.cumsum(0), [(2, 5)], "ttnn.cumsum(x, dim=0)"),
            ("sub", lambda x, y: x - y, [(2, 5), (2, 5)], "ttnn.subtract(a, b)"),
            ("div", lambda x: x / 8, [(2, 5)], "ttnn.divide(a, 8)"),
            ("split", lambda x: x.split(2, 1)[0], [(2, 6)], "ttnn.split(x, 2, dim=1)"),
            ("where", lambda x: torch.where(x > 0, x, 0.0), [(2, 6)], "ttnn.where(mask, a, 0.0)"),
            (
                "upsample_nearest2d",
                lambda x: torch.nn.functional.interpolate(x, scale_factor=2),
                [(1, 3, 4, 4)],
                'ttnn.upsample(x, [2, 2], mode="nearest")',
            ),
            (
                "avg_pool2d",
                lambda x: torch.nn.functional.avg_pool2d(x, 2, count_include_pad=False),
                [(1, 3, 4, 4)],
                "count_include_pad=False",
            ),
            (
                "convolution",
                lambda x, w: torch.nn.functional.conv_transpose2d(x, w, stride=2, groups=2),
                [(1, 4, 5, 5), (4, 3, 2, 2)],
                "out_channels=6",
            ),
            ("native_group_norm", lambda x: torch.nn.functional.group_norm(x, 2), [(1, 4, 5, 5)], None),
            ("floor_divide", lambda x: x // 2, [(2, 5)], "ttnn.floor_div(a, 2)"),
        ],
    )
    def test_a_call(self, name, module, shapes, call):
        code = calls_of(module, *(torch.randn(shape) for shape in shapes))[name]
        assert (code and code.call and call in code.call) if call else code is None, code and code.call

    def test_three_dimensions_have_no_call(self):
        assert calls_of(torch.nn.functional.conv3d, torch.randn(1, 1, 4, 4, 4), torch.randn(1, 1, 2, 2, 2)) == {
            "convolution": None
        }

    @pytest.mark.parametrize(
        ("name", "module", "shapes"),
        [
            ("add", lambda x: torch.add(x, x, alpha=2), [(2, 2)]),
            ("elu", lambda x: torch.nn.functional.selu(x), [(2, 2)]),  # noqa: PLW0108 torch comes later
            ("topk", lambda x: x.topk(1, largest=False).values, [(2, 2)]),
            ("addmm", lambda c, a, b: torch.addmm(c, a, b, alpha=0.5), [(2, 4), (2, 3), (3, 4)]),
            ("addmm", lambda c, a, b: torch.addmm(c, a, b), [(2, 4), (2, 3), (3, 4)]),  # noqa: PLW0108 torch comes later
            (
                "upsample_bilinear2d",
                lambda x: torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
                [(1, 3, 4, 4)],
            ),
            ("avg_pool2d", lambda x: torch.nn.functional.avg_pool2d(x, 2, divisor_override=3), [(1, 3, 4, 4)]),
            ("mul", lambda x: x * -3.4e38, [(2, 2)]),
            ("sum", lambda x: x.sum(0, dtype=torch.float64), [(2, 2)]),
        ],
    )
    def test_what_the_call_lacks_is_not_called(self, name, module, shapes):
        assert calls_of(module, *(torch.randn(shape) for shape in shapes))[name] is None

    def test_a_slice_that_begins_before_the_first_row(self):
        code = calls_of(lambda x: x[:, -100:], torch.randn(2, 5)).get("slice")
        assert code is None or "[0, 0], [2, 5]" in code.call

    def test_an_elu_is_called_by_name(self):
        assert calls_of(lambda x: torch.nn.functional.elu(x), torch.randn(2, 2))["elu"].call == "ttnn.elu(x, alpha=1.0)"  # noqa: PLW0108
