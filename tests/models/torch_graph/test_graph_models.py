"""Whole models with random weights: their counts and parameters by torch's own means, and the folder of the tracer."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from support.command import ROOT, here

from perfsheet.models.outputs.module_picture import module_picture, picture_of
from perfsheet.models.torch_graph.building import build, names_of
from perfsheet.models.torch_graph.equivalents import NO_OP, running
from perfsheet.models.torch_graph.modules import ops_inside
from perfsheet.models.torch_graph.tracing import trace

pytestmark = pytest.mark.torch

EXAMPLES = ROOT / "examples" / "torch_models.py"
RESNET, BERT, GPT2 = (f"{EXAMPLES}:{name}" for name in ("resnet18", "bert", "gpt2"))


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="needs the extra `torch`")


@pytest.fixture(scope="module", params=[RESNET, BERT, GPT2], ids=["resnet18", "bert", "gpt2"])
def model(request, torch):
    module, inputs, named = build(request.param, ())
    return module, inputs, named, trace("model", module, inputs, named)


def counted_by_fx(torch, module, inputs):
    """The aten ops of the graph that torch.fx makes, without those that run nothing."""
    from torch.fx.experimental.proxy_tensor import make_fx

    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        graph = make_fx(module)(*inputs).graph
    names = [str(node.target) for node in graph.nodes if node.op == "call_function"]
    return Counter(name for name in names if name.startswith("aten.") and name.split(".")[1] not in NO_OP)


def test_counts_are_those_of_fx(torch, model):
    module, inputs, named, graph = model
    assert not named
    assert Counter(op.op for op in running(graph.forward)) == counted_by_fx(torch, module, inputs)


def test_parameters_are_those_of_torch(model):
    module, _, _, graph = model
    assert graph.parameters == sum(one.numel() for one in module.parameters())
    assert [one.name for one in graph.modules] == [name for name, _ in module.named_modules()]
    inner = {name: sum(p.numel() for p in one.parameters()) for name, one in module.named_modules()}
    assert {one.name: one.all_parameters for one in graph.modules} == inner


def test_every_op_is_in_a_module_of_every_level(model):
    graph = model[3]
    counts = ops_inside(graph.modules, running(graph.forward))
    assert counts[""] == len(running(graph.forward))
    for module in graph.modules:
        inside = [op for op in running(graph.forward) if module.contains(op.module)]
        assert counts[module.name] == len(inside)


def test_resnet18_has_the_70_ops_that_its_table_says(torch):
    graph = trace("resnet18", *build(RESNET, ()))
    assert len(running(graph.forward)) == 70
    assert graph.parameters == 11_689_512  # torchvision's own number
    classes = {module.type for module in graph.modules if not module.of_torch}
    assert classes == {"ResNet18", "ResidualBlock"}


@pytest.mark.parametrize(("config", "parameters"), [("GPT2Config", 124_439_808), ("ViTConfig", 86_389_248)])
def test_configurations_of_transformers_have_random_weights_and_inputs(torch, config, parameters):
    pytest.importorskip("transformers", reason="needs transformers")
    module, inputs, named = build(f"transformers:{config}", ())
    graph = trace(config, module, inputs, named)
    assert graph.parameters == parameters == sum(one.numel() for one in module.parameters())
    assert not module.training
    assert graph.inputs == (("1×128 int64",) if config == "GPT2Config" else ("1×3×224×224 float32",))


SHARED = """
import torch
from torch import nn

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(8))
        self.embed = nn.Embedding(16, 8)
        self.block = nn.Linear(8, 8)
        self.head = nn.Linear(8, 16, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids):
        x = self.embed(ids) + self.token
        x = self.block(self.block(x))
        return self.head(x)

def build():
    return Twice().eval(), torch.zeros(1, 4, dtype=torch.int64)
"""


def test_shared_weights_own_parameters_and_second_calls(torch, tmp_path):
    (tmp_path / "twice.py").write_text(SHARED)
    graph = trace("twice", *build(f"{tmp_path / 'twice.py'}:build", ()))
    found = {one.name: (one.calls, one.parameters, one.all_parameters) for one in graph.modules}
    assert found == {
        "": (1, 8, 8 + 128 + 72),
        "embed": (1, 128, 128),
        "block": (2, 72, 72),
        "head": (1, 0, 128),
    }
    assert graph.parameters == 208
    boxes, flows = picture_of(graph)
    assert [(box.name, box.calls) for box in boxes] == [("embed", 1), ("block", 2), ("head", 1)]
    assert [(flow.source, flow.target) for flow in flows] == [(0, 1), (1, 2)]


LIBRARY = """
import transformers as t

def t5():
    return t.T5Config(d_model=16, d_ff=16, d_kv=4, num_layers=4, num_heads=2)

def whisper():
    return t.WhisperConfig(d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_source_positions=50)

def clip():
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return t.CLIPConfig(text_config=size, vision_config={**size, "image_size": 32, "patch_size": 16})

def wav2vec2():
    return t.Wav2Vec2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=[16] * 7, num_conv_pos_embedding_groups=2)

def video():
    return t.VideoMAEConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=32, num_frames=2)

def spectrum():
    return t.ASTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        num_mel_bins=32, max_length=64)
"""
INPUTS = {
    "t5": {"input_ids": (1, 128), "decoder_input_ids": (1, 128)},
    "whisper": {"input_features": (1, 80, 100), "decoder_input_ids": (1, 128)},
    "clip": {"input_ids": (1, 77), "pixel_values": (1, 3, 32, 32)},
    "wav2vec2": {"input_values": (1, 16_000)},
    "video": {"pixel_values": (1, 2, 3, 32, 32)},
    "spectrum": {"input_values": (1, 64, 32)},
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_are_of_the_kind_of_the_model(torch, tmp_path, name):
    pytest.importorskip("transformers", reason="needs transformers")
    (tmp_path / "library.py").write_text(LIBRARY)
    module, positional, inputs = build(f"{tmp_path / 'library.py'}:{name}", ())
    assert {name: tuple(value.shape) for name, value in inputs.items()} == INPUTS[name]
    assert trace(name, module, positional, inputs).forward


def test_layers_in_lists_are_shown_as_the_model_has_them(torch, tmp_path):
    pytest.importorskip("transformers", reason="needs transformers")
    (tmp_path / "library.py").write_text(LIBRARY)
    boxes, _ = picture_of(trace("t5", *build(f"{tmp_path / 'library.py'}:t5", ())))
    layers = [box.name for box in boxes if ".layer." in box.name]
    assert layers[:2] == ["encoder.block.0.layer.0", "encoder.block.0.layer.1"]
    assert len(layers) == 4 * 2 + 4 * 3
    assert not any(box.type == "ModuleList" for box in boxes)


def test_of_several_models_one_that_fails_leaves_the_others(folder, capsys):
    (folder / "bad.py").write_text("def build():\n    raise ValueError('no weights')\n")
    out = folder / "one_failed"
    specs = (f"{folder / 'bad.py'}:build", f"{folder / 'twice.py'}:build")
    ended = here(capsys, "graph", *specs, "-o", out, "--json")
    assert ended.status == 3
    assert "left out: " in ended.err and "no weights" in ended.err  # noqa: PT018
    assert [one["module"] for one in json.loads(ended.out)["models"]] == [specs[1]]
    assert (out / "models" / "twice_build_0" / "modules.csv").exists()
    assert here(capsys, "graph", "gone.py:build", specs[1], "-o", folder / "gone").status == 3
    assert here(capsys, "graph", specs[0], specs[0], "-o", folder / "none").status == 3
    assert not (folder / "none").exists()


def test_files_of_packages_and_names_that_are_installed(torch, tmp_path, monkeypatch):
    folder = tmp_path / "pkg" / "sub"
    folder.mkdir(parents=True)
    for place in (folder, folder.parent):
        (place / "__init__.py").write_text("")
    (folder.parent / "layers.py").write_text("from torch import nn\nclass Layer(nn.Linear):\n    pass\n")
    text = "import torch\nfrom {}layers import Layer\n\ndef make():\n    return Layer(3, 4)\n"
    (folder / "net.py").write_text(text.format(".."))
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "layers.py").write_text((folder.parent / "layers.py").read_text())
    (tmp_path / "loose" / "net.py").write_text(text.format("."))
    for path in (folder / "net.py", tmp_path / "loose" / "net.py", folder / ".." / "sub" / "net.py"):
        assert build(f"{path}:make", ("1,3",))[0].weight.shape == (4, 3)
    monkeypatch.syspath_prepend(str(tmp_path))
    module, inputs, _ = build("pkg.sub.net:make", ("1,3",))
    assert not module.training
    assert inputs[0].shape == (1, 3)


@pytest.mark.parametrize("spec", ["no_such_package:make", "json:no_such_function", "json.tool"])
def test_names_that_are_not_there(torch, spec, capsys):
    ended = here(capsys, "graph", spec)
    assert ended.status == 2
    assert "give" in ended.err


@pytest.fixture(scope="module")
def folder(torch, tmp_path_factory):
    path = tmp_path_factory.mktemp("stat")
    (path / "twice.py").write_text(SHARED)
    return path


def rows(path):
    content = path.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")
    return list(csv.reader(content.decode().splitlines()))


def test_functions_of_one_name_have_that_of_their_file():
    assert names_of(["a/vit.py:build", "b/net.py:build", "b/net.py:build", "x:resnet18"]) == [
        "vit_build_0",
        "net_build_0",
        "net_build_1",
        "resnet18_0",
    ]


def test_a_configuration_counts_as_torch_does(torch):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    from torch.fx.experimental.proxy_tensor import make_fx

    module, _, inputs = build("transformers:GPT2Config", ())
    expected = transformers.GPT2Model(transformers.GPT2Config()).eval()
    ids = inputs["input_ids"]
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        graph = make_fx(lambda tokens: expected(input_ids=tokens).last_hidden_state)(ids).graph
    names = [str(node.target) for node in graph.nodes if node.op == "call_function"]
    counted = Counter(name for name in names if name.startswith("aten.") and name.split(".")[1] not in NO_OP)
    assert Counter(op.op for op in running(trace("gpt2", module, (), inputs).forward)) == counted


def test_several_models_leave_the_folder_of_the_tracer(folder, capsys):
    specs = (RESNET, f"{folder / 'twice.py'}:build", f"{folder / 'twice.py'}:build")
    out = folder / "stat"
    ended = here(capsys, "graph", *specs, "-o", out, "--profile", "--json")
    assert ended.status == 0, ended.err
    head, *models, total = rows(out / "fw_node_count.csv")
    assert head[:2] == ["model_name", "_TOTAL_"]
    assert head[2:] == sorted(head[2:])
    assert [row[0] for row in models] == ["build_0", "build_1", "resnet18_0"]
    assert total[0] == "TOTAL"
    for column in range(1, len(head)):
        assert int(total[column]) == sum(int(row[column]) for row in models)
    for row in [*models, total]:
        assert int(row[1]) == sum(map(int, row[2:]))
    # The raw files are what they are counted from.
    raw = json.loads((out / "raw" / "fw_resnet18_0.json").read_text())
    assert len(raw) == 70
    assert raw[0] == {
        "op_type": "aten.convolution.default",
        "inputs": [
            {"shape": [1, 3, 224, 224], "dtype": "torch.float32"},
            {"shape": [64, 3, 7, 7], "dtype": "torch.float32"},
            *[{}] * 7,
        ],
        "outputs": [{"shape": [1, 64, 112, 112], "dtype": "torch.float32"}],
    }
    sizes = (out / "fw_total_output_size_dist" / "aten.convolution.default_0.csv").read_text().splitlines()
    assert sizes[0] == "bytes,count"
    assert sum(int(line.split(",")[1]) for line in sizes[1:]) == 20
    assert {path.name for path in (out / "profile").iterdir()} == {"build_0.json", "build_1.json", "resnet18_0.json"}
    found = json.loads(ended.out)
    counted = {row[0]: int(row[1]) for row in models}
    assert [one["forward_ops"] for one in found["models"]] == [70, counted["build_0"], counted["build_1"]]
    assert (out / "models" / "build_1" / "modules.svg").exists()


def test_plots_are_pictures(folder, capsys):
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    out = folder / "plots"
    assert here(capsys, "graph", f"{folder / 'twice.py'}:build", "-o", out, "--backward").status == 0
    for path in out.glob("*_size_dist/*.csv"):
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG"), path
    assert any(out.glob("bw_total_input_size_dist/*.png"))


def test_the_picture_is_svg_and_text_stays_text(model):
    graph = model[3]
    tree = ET.fromstring(module_picture(graph))
    texts = [node.text for node in tree.iter() if node.tag.endswith("text")]
    assert f"{len(running(graph.forward)):,} ops, {graph.parameters:,} parameters" in texts[0]
    boxes, flows = picture_of(graph)
    assert 3 <= len(boxes) <= 40
    assert all(0 <= flow.source < len(boxes) and flow.target < len(boxes) for flow in flows)
    # Everything but the first boxes is fed by another one.
    fed = {flow.target for flow in flows}
    assert len(boxes) - len(fed) <= 4


def test_force_deletes_what_was_written_and_nothing_else(folder, capsys):
    out = folder / "forced"
    here(capsys, "graph", f"{folder / 'twice.py'}:build", "-o", out, "--profile")
    mine = [out / "raw" / "mine.json", out / "raw" / "ops.csv", out / "profile" / "mine.json", out / "models" / "a.csv"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (folder / "bad.py").write_text("def bad():\n    raise RuntimeError('no weights')\n")
    before = sorted(out.rglob("*"))
    assert here(capsys, "graph", f"{folder / 'bad.py'}:bad", "-o", out, "--force").status == 3
    assert sorted(out.rglob("*")) == before  # what is there stays if a module fails
    assert here(capsys, "graph", RESNET, "-o", out, "--force").status == 0
    assert all(path.read_text() == "mine" for path in mine)
    assert not list(out.glob("*/*build_0*"))


LAZY = """
import torch

class Lazy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = torch.nn.Linear(2, 2), torch.nn.LazyLinear(2)

    def forward(self, x):
        return self.used(x)

def build():
    return Lazy().eval(), torch.ones(1, 2)
"""


def test_a_module_that_cannot_be_counted_costs_no_result(folder, capsys):
    (folder / "sub").mkdir()
    (folder / "sub" / "lazy.py").write_text(LAZY)
    (folder / "sub" / "twice.py").write_text(SHARED)
    (folder / "test_it.py").write_text("def test_it():\n    pass\n")
    target = '[[target]]\nmodel = "{0}"\ncommand = "pytest -q test_it.py"\ngraph = "{0}.py:build"\n'
    text = '[suite]\nfolder = ".."\n' + target.format("lazy") + target.format("twice")
    (folder / "sub" / "suite.toml").write_text(text)
    ended = here(capsys, "suite", "run", folder / "sub" / "suite.toml", "-o", folder / "out", "--json")
    lazy, twice = json.loads(ended.out)["models"]
    assert lazy["outcome"] == twice["outcome"] == "passed"
    assert "no torch ops" in lazy["problem"]
    assert int(twice["torch_ops_before"].split()[0]) >= 5


def test_a_builder_may_import_its_neighbours(folder, torch):
    place = folder / "v1.0"
    place.mkdir()
    (place / "layers.py").write_text("from torch import nn\nclass Layer(nn.Linear):\n    pass\n")
    (place / "helper.py").write_text("SIZE = 3\n")
    text = "from .layers import Layer\n\ndef make():\n    from helper import SIZE\n    return Layer(SIZE, SIZE)\n"
    (place / "net.py").write_text(text)
    assert build(f"{place / 'net.py'}:make", ("1,3",))[0].weight.shape == (3, 3)


def test_sizes_are_those_of_the_tensors(folder, capsys):
    (folder / "fft.py").write_text(
        "import torch\n\nclass F(torch.nn.Module):\n    def forward(self, x):\n        return torch.fft.fft(x)\n\n"
        "def build():\n    return F(), torch.ones(4, 8)\n"
    )
    assert here(capsys, "graph", f"{folder / 'fft.py'}:build", "-o", folder / "fft").status == 0
    (path,) = (folder / "fft" / "fw_total_output_size_dist").glob("*fft*.csv")
    assert path.read_text() == f"bytes,count\n{4 * 8 * 8},1\n"
