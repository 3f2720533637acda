"""Perf tests found in a source tree, and the suite that lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import here

from perfsheet.errors import PerfsheetError
from perfsheet.models.suite import read_suite
from perfsheet.models.suite.discovery import find_perf_tests

ROBERTA = """
import pytest

@pytest.mark.models_performance_bare_metal
@pytest.mark.parametrize("expected", (0.4, 17))
def test_perf_bare_metal(device, expected):
    prep_perf_report(model_name="roberta", batch_size=8)

@pytest.mark.models_performance_virtual_machine
def test_perf_virtual_machine(device):
    pass
"""
UNET = """
import pytest

@pytest.mark.models_performance_bare_metal
@pytest.mark.models_performance_virtual_machine
def test_unet(device):
    pass

@pytest.mark.models_device_performance_bare_metal
def test_perf_device_bare_metal_unet():
    pass
"""
FALCON = """
import pytest

class TestParametrized:
    @pytest.mark.models_performance_bare_metal
    def test_perf(self):
        pass
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    files = {
        "models/vit/tests/perf_vit.py": "def test_perf_vit():\n    write_perf_report('vit', 1, 2.0, 1.0)\n",
        "models/roberta/tests/test_perf_roberta.py": ROBERTA,
        "models/unet/tests/test_e2e_perf.py": UNET,
        "models/falcon 7b/tests/test_falcon.py": FALCON,
        "models/other/test_pcc.py": "def test_pcc():\n    pass\n",
        "models/other/perf_broken.py": "def test_(:\n",
        "models/other/perf_utils.py": "def prep_perf_report():\n    pass\n",
        "models/.venv/perf_x.py": "def test_x():\n    pass\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_and_markers_become_targets(tree, capsys):
    ended = here(capsys, "suite", "init", "models")
    assert ended.status == 0
    assert "6 targets from 4 files" in ended.out
    assert "perf_broken.py: invalid syntax: left out" in ended.err
    suite = read_suite(Path("suite.toml"))
    assert suite.folder == tree.resolve()
    assert {target.command: (target.model, target.collect) for target in suite.targets} == {
        "pytest models/vit/tests/perf_vit.py": ("vit", ("e2e",)),
        "pytest models/roberta/tests/test_perf_roberta.py -m models_performance_bare_metal": (
            "roberta (bare metal)",
            ("e2e",),
        ),
        "pytest models/roberta/tests/test_perf_roberta.py -m models_performance_virtual_machine": (
            "roberta (virtual machine)",
            ("e2e",),
        ),
        "pytest models/unet/tests/test_e2e_perf.py -m models_performance_bare_metal": ("unet (bare metal)", ("e2e",)),
        "pytest 'models/falcon 7b/tests/test_falcon.py' -m models_performance_bare_metal": ("falcon", ("e2e",)),
        "pytest models/unet/tests/test_e2e_perf.py -m models_device_performance_bare_metal": (
            "unet (device bare metal)",
            ("device",),
        ),
    }
    assert "# the same tests: -m models_performance_virtual_machine" in Path("suite.toml").read_text()


def test_tests_without_a_marker_beside_others_are_named(tree):
    path = Path("mixed", "perf_gpt.py")
    path.parent.mkdir()
    writes = "        write_perf_report('gpt', 1, 2.0, 1.0)\n"
    other = "class TestB:\n    def test_b(self):\n" + writes + "    def test_pcc(self):\n        pass\n"
    path.write_text(f"@pytest.mark.models_performance_bare_metal\ndef test_a():\n    if True:\n{writes}\n{other}")
    assert [(test.model, test.command) for test in find_perf_tests([Path("mixed")]).tests] == [
        ("gpt (bare metal)", "pytest mixed/perf_gpt.py -m models_performance_bare_metal"),
        ("gpt (TestB::test_b)", "pytest mixed/perf_gpt.py::TestB::test_b"),
    ]


def test_our_fixture_and_other_markers_are_found(tree):
    folder = Path("more")
    folder.mkdir()
    (folder / "test_demo.py").write_text("def test_it(perfsheet_e2e):\n    perfsheet_e2e.write('demo', 8)\n")
    (folder / "test_llama.py").write_text("@pytest.mark.model_perf_t3000\ndef test_it():\n    pass\n")
    (folder / "test_old.py").write_text(
        "if True:\n    @pytest.mark.models_performance\n    def test_it():\n        pass\n\n"
        "@pytest.mark.model_device_perf_tg\ndef test_device():\n    pass\n"
    )
    assert [(test.model, test.command, *test.collect) for test in find_perf_tests([folder]).tests] == [
        ("demo", "pytest more/test_demo.py", "e2e"),
        ("llama", "pytest more/test_llama.py -m model_perf_t3000", "e2e"),
        ("old", "pytest more/test_old.py -m models_performance", "e2e"),
        ("old (device tg)", "pytest more/test_old.py -m model_device_perf_tg", "device"),
    ]


def test_targets_of_one_name_are_told_apart_by_their_path(tree):
    for name in ("a", "b"):
        (tree / name).mkdir()
        (tree / name / "perf_gpt.py").write_text("def test_it():\n    pass\n")
    found = find_perf_tests([Path("a"), Path("b")])
    assert [test.model for test in found.tests] == ["gpt (a/perf_gpt.py)", "gpt (b/perf_gpt.py)"]


def test_a_suite_elsewhere_runs_where_the_paths_start(tree, capsys):
    Path("suites").mkdir()
    assert here(capsys, "suite", "init", "models", "-o", "suites/all.toml").status == 0
    assert read_suite(Path("suites/all.toml")).folder == tree.resolve()
    assert here(capsys, "suite", "init", "models", "-o", "suites/all.toml").status == 7


def test_a_tree_without_perf_tests_is_said(tmp_path):
    with pytest.raises(PerfsheetError) as caught:
        find_perf_tests([tmp_path])
    assert caught.value.status == 3
