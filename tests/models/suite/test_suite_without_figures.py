"""Targets that never ran have no figures but a reason; replayed figures are marked in every output."""

from __future__ import annotations

import json
import os

import pytest
from openpyxl import load_workbook
from support.captures import op, write_csv
from support.command import here, perfsheet

from perfsheet.cli.models.suite_run import write_results
from perfsheet.models.e2e import write_perf_report
from perfsheet.models.suite import ModelResult, read_suite
from perfsheet.models.suite.model import MEASURED
from perfsheet.models.suite.results_store import ResultsStore

pytestmark = pytest.mark.process

TESTS = """
import os
import time
import pytest
from perfsheet.models.e2e import write_perf_report

def test_skipped(record_property):
    record_property("pcc", 0.99)
    write_perf_report("skipped", 1, 3.0, 1.0)
    pytest.skip("no device")

def test_crashed():
    os._exit(3)

def test_stopped(record_property):
    record_property("pcc", 0.99)
    time.sleep(600)

def test_failed():
    assert 0

def test_passed():
    write_perf_report("passed", 1, 0.30, 0.95)
"""
NEVER = ("skipped", "crashed", "stopped", "failed", "gone")


def target(name, more=""):
    return f'[[target]]\nmodel = "{name}"\ncommand = "pytest -q test_it.py::test_{name}"\nreplay = "it.csv"\n{more}'


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("never")
    (folder / "test_it.py").write_text(TESTS)
    write_csv(folder / "it.csv", [op("MatmulDeviceOperation", 40_000, 64), op("ReshardDeviceOperation", 10_000, 64)])
    # An earlier run left these.
    for name in NEVER:
        os.utime(write_perf_report(name, 1, 9.0, 8.0, directory=folder, date="2020_01_01"), (0, 0))
    targets = [target(name, "timeout = 15\n" if name == "stopped" else "") for name in (*NEVER, "passed")]
    (folder / "suite.toml").write_text('[suite]\nname = "s"\n' + "".join(targets))
    return folder, perfsheet("suite", "run", "suite.toml", cwd=folder, COLUMNS="80")


def test_a_target_that_never_ran_has_no_figures_but_a_reason(run):
    folder, ended = run
    assert ended.status == 1
    models = json.loads((folder / "generated/suite/s/results.json").read_text())["models"]
    found = {model["model"]: model for model in models}
    assert [found[name]["outcome"] for name in NEVER] == ["nothing ran", "killed", "timeout", "failed", "no report"]
    page = (folder / "generated/suite/s/results.md").read_text()
    head, *cells = load_workbook(folder / "generated/suite/s/results.xlsx")["Models"].iter_rows(values_only=True)
    books = {row[0]: dict(zip(head, row, strict=True)) for row in cells}
    measured = {"low_core_share_pct" if name == "low_core_share" else name for name in MEASURED} - {"latency_runs"}
    for name in NEVER:
        assert {key: found[name][key] for key in measured} == dict.fromkeys(measured)
        assert not found[name]["replayed"]
        assert found[name]["capture"] is None
        assert found[name]["problem"]
        assert f"{name}: {found[name]['problem']}"[:30] in ended.out.replace("\n", " ")
        assert found[name]["problem"][:30] in next(line for line in page.splitlines() if line.startswith(f"| {name}"))
        assert found[name]["problem"] == books[name]["REASON"]
    assert found["passed"]["kernel_ns"] == 50_000
    assert "skipped" not in (folder / "generated/suite/s/perf.csv").read_text()


def test_replayed_figures_are_marked_in_every_output(run, capsys):
    folder, ended = run
    out = folder / "generated/suite/s"
    row = next(line for line in ended.out.splitlines() if line.startswith("passed"))
    assert "replayed" in row
    page = (out / "results.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith("| [passed]"))
    assert "| replayed " in row
    assert ",True," in next(line for line in (out / "results.csv").read_text().splitlines() if line[:6] == "passed")
    head, *lines = (line.split(",") for line in (out / "history.csv").read_text().splitlines())
    assert [line[-1] for line in lines if "passed" in line[:3]] == ["True"]
    assert head[-1] == "replayed"
    book = load_workbook(out / "results.xlsx")
    head, *cells = book["Models"].iter_rows(values_only=True)
    assert dict(zip(head, cells[-1], strict=True))["DEVICE FIGURES"] == "replayed"
    assert "recorded capture" in book["Models"].oddHeader.center.text
    sheet = load_workbook(out / "targets/06-passed/perf-sheet.xlsx")
    assert "recorded capture" in sheet.worksheets[0].oddHeader.center.text
    cards = here(capsys, "card", folder / "suite.toml", "--model", "passed", "--model", "skipped").out
    assert "### Device (replayed)" in cards
    assert "Kernel time by op (replayed):" in cards
    assert cards.count("MatmulDeviceOperation") == 1


def test_the_merge_has_no_file_of_an_earlier_run(tmp_path):
    (tmp_path / "suite.toml").write_text('[[target]]\nmodel = "m"\ncommand = "pytest t.py"\n')
    suite = read_suite(tmp_path / "suite.toml")
    store = ResultsStore(suite.output)
    folder = store.empty_folder(0, suite.targets[0])
    write_perf_report("m", 1, 9.0, 8.0, directory=folder)
    write_results(suite, store, [ModelResult("m")], None, False)
    assert not (suite.output / "perf.csv").exists()
    write_results(suite, store, [ModelResult("m", outcome="passed")], None, False)
    assert (suite.output / "perf.csv").exists()
