"""Repeats and cases under the real `python -m tracy`; the stand-in varies the durations on request."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tracy_lab import needs_tracy, run

pytestmark = needs_tracy

DURATION = "DEVICE KERNEL DURATION [ns]"


def durations(path: str) -> list[float]:
    with Path(path).open() as file:
        return [float(row[DURATION]) for row in csv.DictReader(file)]


def test_repeats_against_their_own_captures(lab: Path) -> None:
    ended = run(
        *("-c", "pytest test_target.py::test_work", "--repeat", "3", "--warmup", "1", "--noisy", "1", "--json"),
        STANDIN_SPREAD="0.2",
    )
    assert ended.status == 0, ended.err
    result = json.loads(ended.out)
    repeats = result["repeats"]
    assert (repeats["aligned"], len(repeats["runs"])) == (3, 3)
    captures = [durations(one["path"]) for one in repeats["runs"]]
    assert len(list((lab / "generated" / "profiler" / "reports").glob("**/ops_perf_results*.csv"))) == 3
    for op, values in zip(repeats["ops"], zip(*captures, strict=True), strict=True):
        assert op["min_ns"] == min(values)
        assert op["median_ns"] == statistics.median(values)
        assert op["max_ns"] == max(values)
        assert op["mean_ns"] == pytest.approx(statistics.mean(values))
        assert op["std_ns"] == pytest.approx(statistics.stdev(values))
        assert op["cv_pct"] == pytest.approx(100 * statistics.stdev(values) / statistics.mean(values))
        assert op["noisy"] == (op["cv_pct"] > 1)
    assert any(op["noisy"] for op in repeats["ops"])
    shown = next(one for one in repeats["runs"] if one["shown"])
    assert shown["kernel_duration_ns"] == statistics.median(map(sum, captures))
    assert result["capture"]["paths"] == [shown["path"]]
    sheet = load_workbook(result["workbook"])["Repeats"]
    headers = [cell.value for cell in sheet[1]]
    op_code, median = headers.index("OP CODE"), headers.index("MEDIAN [ns]")
    medians = {row[op_code].value: row[median].value for row in sheet.iter_rows(min_row=2)}
    assert medians == {op["op_code"]: op["median_ns"] for op in repeats["ops"]}
    for one in repeats["runs"]:
        record = json.loads((Path(one["path"]).parent / "run.json").read_text(encoding="utf-8"))
        assert record["versions"]["ttnn"].startswith("0.")
        assert record["tests"][0]["outcome"] == "passed"


def test_cases_each_in_a_run_of_its_own(lab: Path) -> None:
    (lab / "test_cases.py").write_text(
        "import pytest, raw_logs\n\n@pytest.mark.parametrize('n', [1, 2])\n@pytest.mark.parametrize('kind', ['a b'])\n"
        "def test_case(kind, n):\n    raw_logs.emit(raw_logs.BLOCK * n)\n\ndef test_host():\n    assert 0\n"
    )
    ended = run("-c", "pytest test_cases.py", "--split-cases", "-n", "demo", "--json")
    assert ended.status == 1
    result = json.loads(ended.out)
    assert [(case["nodeid"], case["outcome"], case["kernel_duration_ns"]) for case in result["cases"]] == [
        ("test_cases.py::test_case[a b-1]", "passed", 12_700),
        ("test_cases.py::test_case[a b-2]", "passed", 12_700),  # of one of its two passes
        ("test_cases.py::test_host", "failed", None),
    ]
    assert "no ops CSV was written" in result["cases"][2]["problem"]
    assert sum(durations(result["cases"][1]["csv"])) == 25_400
    book = load_workbook(result["workbook"])
    assert book.sheetnames == ["Cases", "Cases By Op Code", "Case 1", "Case 2", "Run"]
    record = json.loads((Path(result["workbook"]).parent / "run.json").read_text(encoding="utf-8"))
    assert [bool(case["run"]) for case in record["cases"]] == [True, True, False]
    headers, *rows = book["Cases"].iter_rows(values_only=True)
    place = headers.index("CASE")
    assert [row[place] for row in rows] == [case["nodeid"] for case in result["cases"]]
