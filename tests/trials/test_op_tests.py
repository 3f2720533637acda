"""The folder of tests that `perfsheet tests` writes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here
from trials.test_trials import CAPTURE, PLAN

from perfsheet import analyze, read
from perfsheet.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("made")
    for name, capture in (("capture", CAPTURE), ("plan", PLAN)):
        with pytest.raises(SystemExit) as ended:
            main(["tests", str(capture), "-o", str(made / name)])
        assert not ended.value.code
    return made


def modules(folder: Path) -> dict[str, ast.Module]:
    return {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.py"))}


@pytest.mark.parametrize("name", ["capture", "plan"])
def test_every_kind_has_a_file_of_python(folder, name):
    found = modules(folder / name)
    assert {"conftest.py", "op_checks.py", "test_matmul_and_linear.py", "test_layer_and_rms_norm.py"} <= set(found)
    for path in (folder / name).glob("*.py"):
        assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 100, path.name


def test_they_need_nothing_of_perfsheet(folder):
    imported = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for tree in modules(folder / "capture").values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"os", "dataclasses", "typing", "pytest", "torch", "ttnn", "op_checks"}


def test_tests_stand_for_every_op_that_is_covered(folder, capsys, tmp_path):
    out = here(capsys, "tests", CAPTURE, "-o", tmp_path / "again").out
    count, ops = re.search(r"(\d+) configurations, which stand for (\d+) ops", out).groups()
    cases = [
        node.name
        for tree in modules(tmp_path / "again").values()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("row_")
    ]
    assert len(cases) == int(count)
    assert int(ops) == len(analyze(read(CAPTURE)).ops)


def test_counts_times_and_cores_are_those_of_the_capture(folder):
    text = (folder / "capture" / "test_layer_and_rms_norm.py").read_text(encoding="utf-8")
    assert '"""8 identical ops, 274.436 µs, on 12 cores."""' in text
    assert 'ids=["row-91-8x-274.436us"]' in text


def test_what_is_not_covered_is_said(capsys, tmp_path):
    capture = write_csv(
        tmp_path / "x.csv", [op("GridSampleDeviceOperation"), op("GridSampleDeviceOperation"), op("Matmul")]
    )
    ended = here(capsys, "tests", capture, "-o", tmp_path / "t")
    assert "not covered: 2 × GridSampleDeviceOperation" in ended.err


def test_files_are_not_overwritten_unasked(capsys, tmp_path):
    assert here(capsys, "tests", CAPTURE, "-o", tmp_path / "t").status == 0
    (tmp_path / "t" / "op_checks.py").write_text("mine", encoding="utf-8")
    refused = here(capsys, "tests", CAPTURE, "-o", tmp_path / "t")
    assert (refused.status, refused.err.count("\n")) == (7, 1)
    assert (tmp_path / "t" / "op_checks.py").read_text(encoding="utf-8") == "mine"
    assert here(capsys, "tests", CAPTURE, "-o", tmp_path / "t", "--force").status == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "ttnn.bfloat16: 0.999,"),
        (("--pcc", "0.97"), "ttnn.bfloat16: 0.97,"),
        (("--pcc", "0.97", "--pcc", "bfloat8_b=0.9"), "ttnn.bfloat8_b: 0.9,"),
        (("--pcc", "module=0.95"), "MODULE_LIMIT = 0.95"),
    ],
)
def test_the_limits_can_be_set(capsys, tmp_path, given, said):
    here(capsys, "tests", CAPTURE, "-o", tmp_path / "t", *given)
    assert f"{said}\n" in (tmp_path / "t" / "op_checks.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("given", ["2", "0", "many", "bfloat16=", "bfloat99=0.9"])
def test_a_limit_that_is_none(capsys, tmp_path, given):
    assert here(capsys, "tests", CAPTURE, "-o", tmp_path / "t", "--pcc", given).status == 2


def test_a_module_is_a_chain_of_its_ops(folder):
    found = {name: tree for name, tree in modules(folder / "plan").items() if name.startswith("test_module_")}
    assert "test_module_encoder_interleaved_block.py" in found
    assert not [name for name in modules(folder / "capture") if "module" in name]  # no graph report, no modules
    text = (folder / "plan" / "test_module_interleaved_block_attention.py").read_text(encoding="utf-8")
    assert "of 4 equal calls" in text
    assert "made1[0]," in text
    assert "made3 = run(ttnn.experimental.nlp_concat_heads, made2" in text
    block = found["test_module_encoder_interleaved_block.py"]
    (function, _) = [node for node in block.body if isinstance(node, ast.FunctionDef)]
    made = [node.targets[0].id for node in function.body if isinstance(node, ast.Assign)]
    assert made.count("x1") == 1
    assert made[-1] == "made20"


def test_each_name_in_a_module_is_there_before_it_is_read(folder):
    for path in (folder / "plan").glob("test_module_*.py"):
        function = next(n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef))
        known = {"run", "ttnn", "Input"}
        for statement in function.body[1:]:
            read = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id != "made0"}
            targets = {node.id for node in getattr(statement, "targets", ())}
            assert read - targets <= known, path.name
            known |= targets


def test_what_cannot_go_together(capsys, tmp_path):
    assert here(capsys, "tests", CAPTURE, "net.py:build", "-o", tmp_path / "a").status == 2
    assert here(capsys, "tests", CAPTURE, "--input", "1,3", "-o", tmp_path / "a").status == 2
