"""What a run was of, by options, names and what lies beside its capture."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from perfsheet.errors import PerfsheetError
from perfsheet.history.facts import Stated, facts_of, find, time_of
from perfsheet.provenance import Provenance, TestResult


def file(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("OP CODE\n")
    return path


def facts(path: Path, provenance: Provenance | None = None, **stated: object):
    return facts_of(path, str(path), Stated(**stated), provenance or Provenance())


def test_options_before_names_before_what_lies_beside(tmp_path: Path) -> None:
    path = file(tmp_path, "bert/n150/abc/ops_perf_results_2026_02_03_04_05_06.csv")
    names = "{model}/{board}/{commit}/ops_perf_results_{started}.csv"
    found = facts(path, names=names)
    assert (found.model, found.board, found.commit, found.started_from) == ("bert", "n150", "abc", "file name")
    assert found.started == datetime(2026, 2, 3, 4, 5, 6).astimezone(timezone.utc)
    assert facts(path, names=names, model="gpt").model == "gpt"
    assert facts(path, names="{commit}/*.csv", model="gpt").commit == "abc"
    with pytest.raises(PerfsheetError, match="is not as --names says"):
        facts(path, names="{model}.xlsx")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("bert.csv", "bert"),
        ("bert.csv.gz", "bert"),
        ("ops_perf_results_bert_2026_02_03_04_05_06.csv", "bert"),
        ("ops_perf_results_my_bert_2026_02_03_04_05_06.csv", "my_bert"),
    ],
)
def test_the_name_of_a_file_is_that_of_its_model(name: str, model: str, tmp_path: Path) -> None:
    assert facts(file(tmp_path, name)).model == model


def test_a_report_without_a_name_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(PerfsheetError, match=r"the model of .* is unknown; state it: --model NAME"):
        facts(file(tmp_path, "ops_perf_results_2026_02_03_04_05_06.csv"))


def test_the_test_in_the_record_of_the_run(tmp_path: Path) -> None:
    path = file(tmp_path, "ops_perf_results_2026_02_03_04_05_06.csv")
    one = Provenance(results=(TestResult("tests/test_bert.py::test_bert[8]", "passed", 1.0),))
    assert facts(path, one).model == "test_bert[8]"
    two = Provenance(results=(*one.results, TestResult("tests/test_bert.py::test_other", "passed", 1.0)))
    assert facts(path, two).model == "test_bert"


def test_the_target_of_a_suite(tmp_path: Path) -> None:
    path = file(tmp_path, "targets/01-bert/report/ops_perf_results_2026_02_03_04_05_06.csv")
    result = {
        "target": "x",
        "captures": [],
        "result": {"model": "bert", "setting": "base", "batch": 8, "command": "pytest"},
    }
    (tmp_path / "targets" / "01-bert" / "result.json").write_text(json.dumps(result))
    found = facts(path)
    assert (found.model, found.setting, found.batch) == ("bert", "base", 8.0)
    (tmp_path / "targets" / "01-bert" / "result.json").write_text("{")
    with pytest.raises(PerfsheetError, match=r"the model of .* is unknown"):
        facts(path)


def test_times() -> None:
    utc = timezone.utc
    assert time_of("2026-11-29T10:00:00+01:00") == datetime(2026, 11, 29, 9, tzinfo=utc)
    assert time_of("2026-11-29T10:00:00Z") == datetime(2026, 11, 29, 10, tzinfo=utc)
    assert time_of("1764410400") == datetime(2025, 11, 29, 10, tzinfo=utc)
    assert time_of("2026-11-29") == datetime(2026, 11, 29).astimezone(utc)
    assert time_of("2026_11_29_10_00_00") == datetime(2026, 11, 29, 10).astimezone(utc)
    for nonsense in ("", "soon", "2026-13-01", "99999999999999999999", "2026_13_01_00_00_00"):
        assert time_of(nonsense) is None


def test_without_anything_it_is_the_time_of_the_file(tmp_path: Path) -> None:
    found = facts(file(tmp_path, "bert.csv"))
    assert found.started_from == "file time"
    assert abs(found.started - datetime.now(timezone.utc)) < timedelta(hours=1)


def test_finding_files(tmp_path: Path) -> None:
    file(tmp_path, "a/one.csv")
    file(tmp_path, "a/b/ops_perf_results_x.csv.gz")
    (tmp_path / "a" / "prices.csv").write_text("a,b\n")
    (tmp_path / "a" / "partial_run_1.json").write_text("{}")
    (tmp_path / "a" / "other.json").write_text("{}")
    found, others = find([str(tmp_path / "a"), str(tmp_path / "*" / "one.csv")])
    assert [one.path.name for one in found] == ["ops_perf_results_x.csv.gz", "one.csv", "partial_run_1.json"]
    assert others == [str(tmp_path / "a" / "prices.csv")]
    (tmp_path / "empty").mkdir()
    for nothing in ("empty", "none", "none*"):
        with pytest.raises(PerfsheetError, match=r"no such file|no ops CSV"):
            find([str(tmp_path / nothing)])
