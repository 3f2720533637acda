"""Runs, repeats and cases: the same numbers in the terminal, the workbook and JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.captures import op, write_csv
from support.xlsx import lint

from perfsheet import analyze, read
from perfsheet.analysis.cases import Case
from perfsheet.analysis.repeats import align, observe
from perfsheet.outputs import json_output
from perfsheet.outputs.terminal.runs import print_cases, print_repeats, print_tests
from perfsheet.outputs.terminal.screen import screen_for
from perfsheet.outputs.workbook import book, case_book
from perfsheet.provenance import Device, InputFile, Provenance, ReportedPcc, RunRecord, TestResult

RUNS = ((9000, 700, 3000.5), (9600, 705, 3000.5), (9100, 900, 3000.5))
RECORD = RunRecord(
    command="=cmd|' /C calc'!A0",
    argv=("python", "-m", "tracy"),
    folder="/here",
    environment={"TT_METAL_HOME": "=1+1"},
    versions={"perfsheet": "1", "ttnn": None},
    interpreter="/bin/python",
    tt_metal_home="/metal",
    tt_metal_commit="abc-dirty",
    host="host",
    system="Linux",
    devices=(Device("/dev/tenstorrent/0", "blackhole", "p150b"),),
    simulator="/opt/sim",
    started="2026-01-01T00:00:00+00:00",
    ended="2026-01-01T00:00:09+00:00",
    duration_s=9.25,
    profiler_status=0,
    target_status=1,
    inputs=(InputFile("/here/ops.csv", 1234, "ab" * 32),),
    log="/here/log",
)
RESULTS = (TestResult("t.py::a", "passed", 1.5), TestResult("t.py::=b", "failed", 0.25, "E: x"))


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    paths = [
        write_csv(folder / f"run{number}.csv", [op("Matmul", a), op("Reshard", b, 8), op("Unary", c)])
        for number, (a, b, c) in enumerate(RUNS, 1)
    ]
    other = write_csv(folder / "run4.csv", [op("Matmul", 1)])
    observed = [observe(analyze(read(path)).ops, path.stem, str(path)) for path in (*paths, other)]
    repeats = align(observed, noisy_pct=4, failures=["run 5 came to no report: it hung"])
    provenance = Provenance("c", "1 failed", True, False, RESULTS, ("the profiler's buffers were full",), RECORD)
    return analyze(read(observed[repeats.shown].path), provenance=provenance, repeats=repeats)


def workbook_of(analysis, folder: Path):
    path = folder / "book.xlsx"
    book.write(analysis, path)
    assert lint(path) == []
    return load_workbook(path)


def test_spread_is_the_same_everywhere(analysis, tmp_path) -> None:
    told = json.loads(json_output.dumps(json_output.report(analysis, "x")))["repeats"]
    assert (told["aligned"], told["noisy_ops"], told["noisy_pct"]) == (3, 1, 4)
    assert [run["aligned"] for run in told["runs"]] == [True, True, True, False]
    assert "1 op instead of 3" in told["runs"][3]["difference"]
    sheet = workbook_of(analysis, tmp_path)["Repeats"]
    header = [cell.value for cell in sheet[1]]
    rows = {row[0].value: dict(zip(header, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(2)}
    out = io.StringIO()
    print_repeats(analysis, analysis.repeats, 10, out)
    lines = {line.split()[0]: line for line in out.getvalue().splitlines() if line}
    for entry in told["ops"]:
        row, line = rows[entry["op_code"]], lines[entry["op_code"]]
        for column, key in (("MIN [ns]", "min_ns"), ("MEDIAN [ns]", "median_ns"), ("MAX [ns]", "max_ns")):
            assert row[column] == entry[key]
            assert f"{round(entry[key]):,}" in line
        assert row["MEAN [ns]"] == pytest.approx(entry["mean_ns"], abs=1e-3)
        assert row["STD DEV [ns]"] == pytest.approx(entry["std_ns"], abs=1e-3)
        assert row["CV"] == pytest.approx(entry["cv_pct"] / 100)
        assert f"{entry['cv_pct']:.1f}" in line
        assert (row["NOISE"] == "noisy") == entry["noisy"] == line.endswith("noisy")
    assert [row["RUN1 [ns]"] for row in rows.values()] == [9000, 3000.5, 700]


def test_noisy_ops_carry_the_flag(analysis) -> None:
    flags = {entry["op_code"]: entry["flags"] for entry in json_output.report(analysis, "x")["ops"]}
    assert {code for code, of_op in flags.items() if "noisy" in of_op} == {"Reshard"}


def test_run_record_is_the_same_in_json_and_on_its_sheet(analysis, tmp_path) -> None:
    told = json.loads(json_output.dumps(json_output.report(analysis, "x")))["run"]
    assert told["command"] == RECORD.command
    assert told["inputs"] == [{"path": "/here/ops.csv", "size_bytes": 1234, "sha256": "ab" * 32}]
    assert (told["arch"], told["board"], told["tests_failed"]) == ("wormhole_b0", "p150b", True)
    assert told["tests"][1] == {
        "nodeid": "t.py::=b",
        "outcome": "failed",
        "duration_s": 0.25,
        "pcc": None,
        "accuracy": [],
        "reason": "E: x",
    }
    cells = [[cell.value for cell in row] for row in workbook_of(analysis, tmp_path)["Run"].iter_rows()]
    facts = {row[0]: row[1] for row in cells}
    assert facts["Command"] == RECORD.command
    assert facts["$TT_METAL_HOME"] == "=1+1"
    assert facts["Device"] == "/dev/tenstorrent/0: blackhole, p150b"
    assert facts["Version of ttnn"] == "not installed"
    assert (facts["Exit status of the profiler"], facts["Exit status of the target"]) == ("0", "1")
    assert facts["Duration"] == "9.2 s"
    assert ["ops.csv", 1234, "ab" * 32, "/here/ops.csv"] in [row[:4] for row in cells]
    assert ["failed", 0.25, "t.py::=b"] in [row[:3] for row in cells]


def test_summary_shows_tests_runs_and_what_to_distrust(analysis, tmp_path) -> None:
    text = "\n".join(
        str(cell.value) for row in workbook_of(analysis, tmp_path)["Summary"].iter_rows() for cell in row if cell.value
    )
    assert "3 of 4 runs aligned" in text
    assert "t.py::=b" in text
    assert "a simulator ran the ops (/opt/sim): durations are modelled" in text
    assert "the profiler's buffers were full" in text
    assert "run 5 came to no report: it hung" in text


@pytest.fixture
def cases(analysis) -> list[Case]:
    alone = replace(analysis, repeats=None)
    return [
        Case(1, "t.py::test[=1+1]", "passed", 1.5, "/a.csv", "", analysis),
        Case(2, "t.py::test[b]", "failed", None, "/b.csv", "tests failed: 1 failed", alone),
        Case(3, "t.py::test[c]", None, None, None, "the capture tool crashed"),
    ]


def test_cases_are_the_same_everywhere(cases, tmp_path) -> None:
    path = tmp_path / "cases.xlsx"
    case_book.write(cases, path)
    assert lint(path) == []
    loaded = load_workbook(path)
    assert loaded.sheetnames == ["Cases", "Cases By Op Code", "Case 1", "Case 2", "Run"]
    header, *rows = ([cell.value for cell in row] for row in loaded["Cases"].iter_rows())
    sheet = [dict(zip(header, row, strict=True)) for row in rows]
    told = json.loads(json_output.dumps(json_output.cases(cases, str(path))))["cases"]
    out = io.StringIO()
    print_cases(cases, out)
    lines = out.getvalue().splitlines()
    for number, (row, entry) in enumerate(zip(sheet, told, strict=True), 1):
        line = next(line for line in lines if line.startswith(f"{number}  "))
        assert row["CASE"] == entry["nodeid"]
        assert entry["nodeid"] in line
        assert row["KERNEL DURATION [ns]"] == entry["kernel_duration_ns"]
        assert (row["PROBLEM"] or None) == entry["problem"]
        assert row["OUTCOME"] == (entry["outcome"] or "no verdict")
        if entry["kernel_duration_ns"] is not None:
            assert f"{entry['kernel_duration_ns']:,}" in line
    assert told[0]["report"]["repeats"]["aligned"] == 3
    assert told[2]["report"] is None
    by_code = {row[0].value: [cell.value for cell in row[1:]] for row in loaded["Cases By Op Code"].iter_rows(2)}
    assert by_code["Matmul"] == [9100, 9100]
    assert "3: the capture tool crashed" in out.getvalue()


ACCURATE = (
    TestResult(
        "t.py::a", "passed", 1.5, "", (ReportedPcc("", 0.9998, "0.9998"), ReportedPcc("encoder.mlp", 0.997, "0.997"))
    ),
    TestResult("t.py::b", "passed", 0.5, "", (ReportedPcc("", None, "1.2"),)),
    TestResult("t.py::c", "passed", 0.5),
)


def test_accuracy_is_the_same_everywhere(analysis, tmp_path) -> None:
    provenance = replace(analysis.provenance, results=ACCURATE)
    shown = replace(analysis, provenance=provenance)
    told = json.loads(json_output.dumps(json_output.report(shown, "x")))["run"]["tests"]
    assert [test["pcc"] for test in told] == [0.997, None, None]
    assert told[0]["accuracy"] == [
        {"pcc": 0.9998, "module": None, "reported": "0.9998"},
        {"pcc": 0.997, "module": "encoder.mlp", "reported": "0.997"},
    ]
    assert told[1]["accuracy"] == [{"pcc": None, "module": None, "reported": "1.2"}]

    out = io.StringIO()
    print_tests(screen_for(out), ACCURATE)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["passed", "1.50", "t.py::a", "0.997"] in lines
    assert ["passed", "0.50", "t.py::b", "1.2", "(impossible)"] in lines
    assert ["1.2", "(impossible)", "(whole", "test)", "t.py::b"] in lines
    assert ["0.997", "encoder.mlp", "t.py::a"] in lines

    pages = workbook_of(shown, tmp_path)
    rows = [[cell.value for cell in row if cell.value is not None] for row in pages["Run"].iter_rows()]
    assert ["passed", 1.5, "t.py::a", 0.997] in rows
    assert ["passed", 0.5, "t.py::b", "1.2 (impossible)"] in rows
    assert [0.997, "encoder.mlp", "t.py::a"] in rows
    summary = [[cell.value for cell in row if cell.value is not None] for row in pages["Summary"].iter_rows()]
    assert ["passed", 1.5, "t.py::a", 0.997] in summary


def test_without_accuracy_there_is_no_column() -> None:
    out = io.StringIO()
    print_tests(screen_for(out), RESULTS)
    assert "PCC" not in out.getvalue()


def test_cases_have_the_accuracy_of_their_test(analysis, tmp_path) -> None:
    shown = replace(analysis, provenance=replace(analysis.provenance, results=ACCURATE))
    cases = [Case(number, test.nodeid, "passed", 1.0, None, "", shown) for number, test in enumerate(ACCURATE, 1)]
    told = json.loads(json_output.dumps(json_output.cases(cases, "x")))["cases"]
    assert [case["pcc"] for case in told] == [0.997, None, None]
    out = io.StringIO()
    print_cases(cases, out)
    one, other = (next(line for line in out.getvalue().splitlines() if line.startswith(f"{n}  ")) for n in (1, 2))
    assert "0.997" in one
    assert "1.2 (impossible)" in other
    case_book.write(cases, tmp_path / "cases.xlsx")
    header, *rows = (
        [cell.value for cell in row] for row in load_workbook(tmp_path / "cases.xlsx")["Cases"].iter_rows()
    )
    assert [row[header.index("PCC")] for row in rows] == [0.997, "1.2 (impossible)", None]
