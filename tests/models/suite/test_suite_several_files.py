"""Targets that write several perf files and benchmark records: each is a row, and none evades its limits."""

from __future__ import annotations

import csv
import json
import textwrap

import pytest
from support.command import perfsheet

pytestmark = pytest.mark.process

TESTS = """
import json
import os
from pathlib import Path

from perfsheet.e2e import write_perf_report


def test_two():
    assert os.environ["MESH"] == "N150"
    write_perf_report("vit", 1, 2.0, 0.9, 1.0, 1.0, "base")
    write_perf_report("vit", 8, 3.0, 1.9, 1.0, 2.0, "base")


def test_slow_second():
    write_perf_report("bert", 8, 2.0, 0.9, None, 0.4, comments="large", date="2026_01_01")
    write_perf_report("bert", 8, 9.0, 7.0, comments="large", date="2026_01_02")


def test_record():
    folder = Path("generated", "benchmark_data")
    folder.mkdir(parents=True)
    measured = [{"step_name": "inference_decode", "name": "tokens/s/user", "value": 10.0}]
    record = {"ml_model_name": "falcon-7b", "batch_size": 32, "input_sequence_length": 128, "measurements": measured}
    (folder / "partial_run_2026.json").write_text(json.dumps(record))


def test_without_record():
    pass


def test_zeta(record_property):
    record_property("pcc", 0.5)
    record_property("latency_ms", 7.0)
    write_perf_report("zeta", 1, 2.0, 0.9, comments="own", directory=".")


def test_alpha(record_property):
    record_property("pcc", 0.9999)
    record_property("latency_ms", 5.0)
    write_perf_report("alpha", 1, 2.0, 0.9, comments="own")
"""
SUITE = """
[suite]
name = "several"
targets = "model_targets.yaml"
sku = "n150"

[[target]]
model = "vit"
command = "env MESH=N150 pytest -q test_models.py::test_two"
collect = ["e2e"]

[[target]]
model = "bert"
command = "pytest -q test_models.py::test_slow_second"
collect = ["e2e"]
expected-inference = 1.0

[[target]]
model = "tiiuae/falcon-7b"
command = "pytest -q test_models.py::test_record"
collect = ["e2e"]

[[target]]
model = "falcon-7b (bare metal)"
command = "pytest -q test_models.py::test_without_record"
collect = ["e2e"]
"""
REPORTING = """
[suite]
name = "reporting"

[[target]]
model = "alpha"
command = "pytest -q test_models.py::test_zeta test_models.py::test_alpha"
collect = ["e2e", "latency"]
pcc = 0.99

[[target]]
model = "strange"
command = "pytest -q test_models.py::test_zeta test_models.py::test_alpha"
collect = ["e2e"]

[[target]]
model = "nothing"
command = "pytest -q test_models.py::test_without_record"
collect = ["latency"]
expected-inference = 1.0
expected-compile = 2.0
pcc = 0.99
"""
TARGETS = """
targets:
  falcon-7b:
    aliases: [tiiuae/falcon-7b]
    skus:
      wh_n150:
        entries:
          - {batch_size: 32, seq_len: 128, perf: {decode_t/s/u: 20.0}}
"""


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    (folder / "test_models.py").write_text(TESTS)
    (folder / "suite.toml").write_text(textwrap.dedent(SUITE))
    (folder / "model_targets.yaml").write_text(TARGETS)
    ended = perfsheet("suite", "run", "suite.toml", cwd=folder, COLUMNS="300")
    return folder / "generated/suite/several", ended


@pytest.fixture(scope="module")
def reporting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reporting")
    (folder / "test_models.py").write_text(TESTS)
    (folder / "suite.toml").write_text(textwrap.dedent(REPORTING))
    assert perfsheet("suite", "run", "suite.toml", cwd=folder, COLUMNS="300").status == 1
    return models(folder / "generated/suite/reporting")


def models(out):
    return json.loads((out / "results.json").read_text())["models"]


def test_every_perf_file_is_a_row(several):
    out, _ = several
    rows = [(one["model"], one["setting"], one["batch"], one["inference_s"]) for one in models(out)]
    assert rows[:4] == [
        ("vit", "base", 1, 0.9),
        ("vit", "base", 8, 1.9),
        ("bert", "large", 8, 0.9),
        ("bert", "large", 8, 7.0),
    ]
    with (out / "results.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 6
    assert (out / "results.md").read_text().count("| bert") + (out / "results.md").read_text().count("[bert") == 2
    assert len((out / "perf.csv").read_text().splitlines()) == 3 + 4


def test_a_second_file_does_not_evade_the_limit_of_the_target(several):
    out, ended = several
    assert ended.status == 1
    assert [len(one["breaches"]) for one in models(out)[:4]] == [0, 0, 0, 1]
    assert "inference time 7 s is slower than allowed" in ended.err


def test_what_the_suite_expects_is_what_is_shown(several):
    out, _ = several
    bert = [line for line in (out / "results.md").read_text().splitlines() if "bert" in line and "large" in line][:2]
    assert all("| 1.00 |" in " ".join(line.split()) for line in bert)


def test_records_of_the_tests_are_held_against_the_central_targets(several):
    out, _ = several
    falcon, without = models(out)[4:]
    assert falcon["breaches"] == ["targets: decode_t/s/u: 10, 17 to 23 allowed (target 20)"]
    assert without["breaches"] == ["targets: the test left no benchmark record of falcon-7b, which has targets on n150"]


def test_a_record_is_written_per_row(several):
    out, _ = several
    records = [json.loads(path.read_text()) for path in sorted((out / "benchmark_data").glob("*.json"))]
    assert sorted((one["ml_model_name"], one["batch_size"]) for one in records) == [
        ("bert", 8),
        ("bert", 8),
        ("vit", 1),
        ("vit", 8),
    ]
    vit = next(one for one in records if (one["ml_model_name"], one["batch_size"]) == ("vit", 8))
    assert {(one["name"], one["value"], one["target"]) for one in vit["measurements"]} >= {
        ("inference_time_s", 1.9, 2.0)
    }
    assert vit["device_info"] == {"card_type": "n150"}


def test_what_a_test_reports_stands_at_its_own_row(reporting):
    alpha, zeta = ((one["model"], one["pcc"], one["latency_ms"], one["breaches"]) for one in reporting[:2])
    assert alpha == ("alpha", 0.9999, 5.0, [])
    assert zeta == ("zeta", 0.5, 7.0, ["PCC 0.5 is below 0.99"])


def test_a_limit_is_not_kept_by_measuring_nothing(reporting):
    nothing = next(one for one in reporting if one["model"] == "nothing")
    assert nothing["breaches"] == [
        "compile time was not measured, and 2 s is expected",
        "inference time was not measured, and 1 s is expected",
        "PCC was not measured, and 0.99 is expected",
    ]


def test_nothing_hidden_is_left_in_the_folder_of_the_tests(reporting, tmp_path_factory):
    folder = max(tmp_path_factory.getbasetemp().glob("reporting*"))
    assert not list(folder.glob(".perf_*"))


def test_of_several_perf_files_none_of_the_target_none_is_its_own(reporting):
    strange = next(one for one in reporting if one["model"] == "strange")
    assert strange["inference_s"] is None
    assert (
        "its perf files are of alpha, own, batch 1; zeta, own, batch 1, but the target is strange" in strange["problem"]
    )


def test_a_test_without_a_perf_file_is_said(several):
    out, _ = several
    without = next(one for one in models(out) if one["model"] == "falcon-7b (bare metal)")
    assert without["warnings"] == ["its test wrote no perf file"]


def test_resuming_keeps_all_rows(several):
    out, _ = several
    before = models(out)
    ended = perfsheet("suite", "run", "suite.toml", "--resume", cwd=out.parents[2])
    assert ended.status == 1
    assert models(out) == before
