"""Model cards: what was compared, what to optimise by stage, and skeleton tests of the four variants."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.command import ROOT, here

from perfsheet.analysis.rules import RULES
from perfsheet.analysis.rules.base import Stage
from perfsheet.models.outputs.card import cards_markdown
from perfsheet.models.outputs.variant_tests import variant_tests, write_variant_tests
from perfsheet.models.suite import card as card_module
from perfsheet.models.suite import read_suite
from perfsheet.models.suite.card import Card, make_card
from perfsheet.models.suite.model import ModelResult, Suite, Target
from perfsheet.models.suite.results_store import ResultsStore
from perfsheet.models.torch_graph.coverage import Coverage
from perfsheet.models.torch_graph.in_ttnn import InTtnn
from perfsheet.models.torch_graph.model import Graph, GraphOp

EXAMPLE = ROOT / "examples" / "suite" / "suite.toml"
BEFORE = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"


def coverage(status, name):
    return Coverage(f"aten.{name}", 2, InTtnn("exists", (f"ttnn.{name}",)), status)


def card_of(analysis, *statuses):
    ops = tuple(GraphOp(f"aten.x{n}.default", (), (), "", (), ()) for n in range(3))
    return Card(
        Target("m", "pytest x.py"),
        ModelResult("m", outcome="passed", captures=("x.csv",)),
        Graph("m", (*ops, GraphOp("aten.empty.default", (), (), "", (), ())), (), (), ()),
        tuple(coverage(status, f"x{n}") for n, status in enumerate(statuses)),
        "",
        (),
        "",
        causes=tuple(analysis.first_causes(9)) if analysis else (),
    )


def page(card):
    return cards_markdown("s", [card], Path("results"), Path())


def test_a_card_says_what_was_compared_and_what_was_not():
    text = page(card_of(None, "covered", "missing", "no TTNN op", "unclear", "layout only", "layout only", "no op"))
    assert "3 torch ops of 3 types, 0 parameters" in text  # `empty` runs nothing
    assert (
        "3 types of torch ops are compared with the device ops of the capture: 1 are covered, 1 missing, and 1 have no "
        "op in TTNN. Not compared: 2 that only view a tensor, 1 that may be a part of another op, or that only "
        "attributes would tell, 1 that run nothing; how often, shapes, data types and values."
    ) in text
    assert "Not compared with a device capture" in page(card_of(None, "not compared", "layout only"))


@pytest.mark.parametrize(
    ("collect", "result", "why"),
    [
        (("device",), ModelResult("m"), "no capture yet"),
        (("e2e",), ModelResult("m", outcome="passed"), "the target's `collect` has no device figures"),
        (("device",), ModelResult("m", outcome="failed", problem="1 failed"), "the run left no capture: 1 failed"),
    ],
)
def test_why_there_is_no_capture(tmp_path, collect, result, why):
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    assert why in make_card(suite, Target("m", "pytest x.py", collect=collect), result).no_device


def test_a_card_says_where_and_when_it_was_measured():
    result = ModelResult(
        "m", outcome="passed", started="2026-11-01T10:00:00", warnings=("n150 or n300",), breaches=("too slow",)
    )
    text = page(replace(card_of(None), result=result, boards="n150", commit="abc123"))
    assert "| Board | n150 |" in text
    assert "| Run | 2026-11-01T10:00:00, tt-metal abc123 |" in text
    assert "| Limits missed | too slow |" in text
    assert "| Warnings | n150 or n300 |" in text


def test_what_ttnn_lacks_is_not_what_the_port_lacks():
    text = page(card_of(None, "missing", "no TTNN op", "covered"))
    lacks, port = text.split("### Ops that TTNN lacks")[1].split("### Ops that the port lacks")
    assert "`aten.x1` ×2" in lacks
    assert "`aten.x0` ×2: ttnn.x0 is not in the capture" in port
    assert "aten.x0" not in lacks
    assert "aten.x1` ×2" not in port


def test_notes_of_several_lines_stay_in_their_cell():
    card = replace(card_of(None), target=Target("m", "pytest x.py", notes="one\n  two | three\n"))
    assert "| Notes | one<br>two &#124; three |" in page(card)


def test_causes_stand_under_their_stage():
    import perfsheet

    text = page(card_of(perfsheet.analyze(perfsheet.read(str(BEFORE)))))
    op, rest = text.partition("Stage 1, per op")[2].split("Stage 2, per module")
    module, model = rest.split("Stage 3, the whole model")
    assert "Low core count" in op
    assert "Reshard: `ShardedToInterleaved, InterleavedToSharded`" in module
    assert "Reshard" not in op
    assert "- no finding" in model
    assert re.search(r"expected to save \d+\.\d+ µs", op)


def test_every_rule_has_the_stage_of_its_fix():
    stages = {rule.id: rule.stage for rule in RULES}
    assert stages["low-core-count"] is stages["math-fidelity"] is stages["weights-dtype"] is Stage.OP
    assert stages["reshard"] is stages["unfused-attention"] is stages["fusable-pair"] is Stage.MODULE
    assert stages["host-ops"] is stages["op-to-op-gap"] is Stage.MODEL


def test_variants_are_python_with_four_tests_and_places_to_fill_in(tmp_path, capsys):
    ended = here(capsys, "card", EXAMPLE, "-o", tmp_path / "card.md", "--variants", tmp_path / "tests")
    assert ended.status == 0, ended.err
    (path,) = (tmp_path / "tests").iterdir()
    assert path.name == "test_encoder_variants.py"
    tree = ast.parse(path.read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.startswith("test_")] == [
        "test_plain",
        "test_trace",
        "test_two_command_queues",
        "test_trace_and_two_command_queues",
    ]
    assert path.read_text().count("NotImplementedError") == 3
    path.write_text("filled in")
    again = here(capsys, "card", EXAMPLE, "-o", tmp_path / "card.md", "--variants", tmp_path / "tests", "--force")
    assert (again.status, path.read_text()) == (0, "filled in")
    assert "is there already, and stays as it is" in again.err


@pytest.mark.parametrize(
    ("graph", "packages", "root", "module"),
    [
        ("../net/vit.py:build_model", (), "net", "vit"),
        ("vit.py:build_model", (), "suites", "vit"),
        ("../net/tt/vit.py:build_model", ("net", "net/tt"), ".", "net.tt.vit"),
    ],
)
def test_the_torch_module_of_a_suite_is_the_reference(tmp_path, graph, packages, root, module):
    suite = Suite(tmp_path / "suites" / "s.toml", "s", tmp_path, tmp_path, ())
    (tmp_path / "suites").mkdir()
    (tmp_path / "net" / "tt").mkdir(parents=True)
    for package in packages:
        (tmp_path / package / "__init__.py").write_text("")
    relative = "from .layers import Layer\n" if packages else ""
    (tmp_path / "suites" / graph.partition(":")[0]).write_text(f"{relative}def build_model(): ...\n")
    text = variant_tests(suite, Target('vi"t\\', "pytest x.py", pcc=0.98, graph=graph), tmp_path / "out")
    ast.parse(text)
    assert f"from {module} import build_model" in text
    place = (tmp_path / root).resolve()
    steps = ast.literal_eval(re.search(r"parent / ('.*?')\)", text)[1])
    assert (tmp_path / "out" / steps).resolve() == place
    assert "PCC = 0.98" in text
    assert text.count("NotImplementedError") == 2  # the second for a function that returns the module alone


@pytest.mark.parametrize(
    ("graph", "content"),
    [
        ("vit.py:build_model", "from .layers import Layer\n"),
        ("gone.py:build_model", ""),
        ("torchvision.models:vit", ""),
    ],
)
def test_what_cannot_be_imported_is_to_fill_in(tmp_path, graph, content):
    (tmp_path / "vit.py").write_text(content)
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    text = variant_tests(suite, Target("vit", "pytest x.py", graph=graph), tmp_path / "out")
    assert text.count("NotImplementedError") == 3


TWO_INPUTS = """
import torch

class Sum(torch.nn.Module):
    def forward(self, a, b):
        return a + b

def pair():
    return Sum(), (torch.tensor([2, 3]), torch.tensor([2, 3]))

def named():
    return Sum(), {"b": torch.tensor([2, 3]), "a": torch.tensor([2, 3])}

def one():
    return torch.nn.Identity(), torch.tensor([2, 3])

def alone():
    return torch.nn.Identity()
"""


@pytest.mark.torch
@pytest.mark.parametrize(("name", "inputs"), [("pair", 2), ("named", 2), ("one", 1)])
def test_the_reference_takes_what_the_module_takes(tmp_path, name, inputs):
    pytest.importorskip("torch", reason="needs the extra `torch`")
    (tmp_path / "sums.py").write_text(TWO_INPUTS)
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    text = variant_tests(suite, Target("m", "pytest x.py", graph=f"sums.py:{name}"), tmp_path)
    scope = {"__file__": str(tmp_path / "test_m_variants.py")}
    exec(text.replace("import ttnn\n", "").partition("def make_model")[0], scope)
    first, second = scope["make_inputs"](0), scope["make_inputs"](1)
    assert len(first) == len(second) == inputs
    assert all(not one.equal(other) for one, other in zip(first, second, strict=True))
    assert scope["reference"](second).tolist() == [inputs * 3, inputs * 2]


@pytest.mark.torch
def test_inputs_of_a_module_alone_are_to_fill_in(tmp_path):
    pytest.importorskip("torch", reason="needs the extra `torch`")
    (tmp_path / "sums.py").write_text(TWO_INPUTS)
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    text = variant_tests(suite, Target("m", "pytest x.py", graph="sums.py:alone"), tmp_path)
    scope = {"__file__": str(tmp_path / "test_m_variants.py")}
    exec(text.replace("import ttnn\n", "").partition("def make_model")[0], scope)
    with pytest.raises(NotImplementedError, match="make_inputs"):
        scope["make_inputs"](0)


def test_the_card_of_a_suite_shows_the_limits_that_it_misses(tmp_path, capsys):
    target = '[[target]]\nmodel = "m"\ncommand = "pytest x.py"\ncollect = ["e2e"]\nexpected-inference = 1.0\n'
    (tmp_path / "suite.toml").write_text(target)
    suite = read_suite(tmp_path / "suite.toml")
    store = ResultsStore(suite.output)
    store.empty_folder(0, suite.targets[0])
    store.save(0, suite.targets[0], ModelResult("m", outcome="passed", inference_s=9.0))
    page_of_suite = here(capsys, "card", tmp_path / "suite.toml").out
    assert "| Limits missed | inference time 9 s is slower than allowed" in page_of_suite


def test_the_commit_of_a_recording_is_not_that_of_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(card_module, "recorded_provenance", lambda path: pytest.fail("not asked"))
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    replayed = ModelResult("m", outcome="passed", captures=("gone.csv",), replayed=True)
    assert make_card(suite, Target("m", "pytest x.py"), replayed).commit == ""


def test_models_have_files_of_their_own(tmp_path):
    suite = Suite(tmp_path / "s.toml", "s", tmp_path, tmp_path, ())
    models = ("vit", "vit (bare metal)", "ViT", "a/b", "a_b", "class")
    targets = [Target(model, "pytest x.py", graph="class.py:lambda") for model in models]
    done = write_variant_tests(suite, targets, tmp_path / "out")
    assert len({path.name.casefold() for path in done.written}) == 5
    for path in done.written:
        ast.parse(path.read_text())


def test_the_example_has_a_card(capsys):
    assert read_suite(EXAMPLE).targets[0].model == "encoder"
    assert "# Model cards of encoder" in here(capsys, "card", EXAMPLE).out
