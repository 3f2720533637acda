"""Terminal, JSON, CSV and workbook say the same numbers."""

import csv
import io
import re
from itertools import accumulate

import pandas as pd
import pytest
from support import csv_text
from support.agreement import analysed, close
from support.real import capture

from perfsheet.analysis.rules import RULES
from perfsheet.outputs import json_output
from perfsheet.outputs.terminal.ops import print_findings, print_top_ops
from perfsheet.outputs.workbook import book

LINE = re.compile(
    r"\s*(?P<rank>\d+)  +(?P<code>\S+)(?: +×(?P<count>[\d,]+))?.*?  +(?:(?P<device>\d+)  +)?(?P<cores>[\d?]+/[\d?]+)"
    r"  +(?P<kernel>[\d,.]+)(?(device)  +(?P<spread>[\d.]+|–))"
    r"  +(?P<share>[\d.]+|–)  +(?P<cumulative>[\d.]+|–)  +(?P<util>!?[\d.]+|–)  +(?P<grid>!?[\d.]+|–)"
    r"(?:  +(?P<corrected>!?[\d.]+|–))?  +(?P<sol>[\d.]+|–)  +(?P<bound>[a-z]+|–)(?:  +(?:[\d,.]+|–))*"
    r"  +(?P<row>\d+)(?P<flags>(?: +[^\d\s]+)*)"
)
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
SAMPLES = ("made", "blackhole64-clip-encoder", "blackhole-8xp150-deepseek-v3", "wormhole-one-op-compiler-columns")


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request, analysis, workbook_path, tmp_path_factory):
    if request.param == "made":
        return analysis, workbook_path
    result = analysed(capture(request.param))
    path = tmp_path_factory.mktemp("real") / "run.xlsx"
    book.write(result, path)
    return result, path


@pytest.fixture(scope="module")
def ops(sample):
    return json_output.top_ops(sample[0], None)["ops"]


def figure(cell: str) -> float | None:
    return None if cell == "–" else float(cell.strip("!% ").replace(",", ""))


def rounded(value: float | None) -> object:
    return None if value is None else pytest.approx(value, abs=0.0501)


def test_the_terminal_table(sample, ops, monkeypatch):
    monkeypatch.setenv("COLUMNS", "270")
    out = io.StringIO()
    print_top_ops(sample[0], None, out)
    lines = [match for match in map(LINE.fullmatch, out.getvalue().splitlines()) if match]
    counts = [int((line["count"] or "1").replace(",", "")) for line in lines]
    assert sum(counts) == len(ops)
    marks = {rule.id: rule.mark for rule in RULES}
    for line, count, at in zip(lines, counts, accumulate(counts, initial=0), strict=False):
        op, identical = ops[at], ops[at : at + count]
        assert int(line["rank"]) == op["rank"]
        assert len({(one["op_code"], one["shape"], one["layout"], one["core_count"]) for one in identical}) == 1
        assert op["op_code"].startswith(line["code"].removesuffix("…"))
        assert figure(line["kernel"]) == pytest.approx(op["kernel_duration_ns"], abs=0.0005)
        assert figure(line["share"]) == rounded(sum(one["share_pct"] for one in identical))
        assert figure(line["cumulative"]) == rounded(identical[-1]["cumulative_pct"])
        assert figure(line["util"]) == rounded(op["utilization_pct"])
        assert figure(line["grid"]) == rounded(op["utilization_grid_pct"])
        assert figure(line["corrected"] or "–") == rounded(op["utilization_corrected_pct"])
        assert figure(line["sol"]) == rounded(op["sol_pct"])
        assert line["bound"] == ("–" if op["bound"] == "unknown" else op["bound"])
        assert line["util"].startswith("!") == ((op["utilization_pct"] or 0) > 100)
        assert int(line["row"]) == op["row"]["row"]
        cores = ["?" if op[name] is None else str(op[name]) for name in ("core_count", "worker_cores")]
        assert line["cores"] == "/".join(cores)
        flags = line["flags"].split()
        assert [flag for flag in flags if flag.isalpha()] == [marks[flag] for flag in op["flags"] if flag in marks]
        if line["device"]:
            assert int(line["device"]) == op["device_id"]
            assert figure(line["spread"]) == rounded(op["device_spread_pct"])


def read_back(write, analysis):
    out = io.StringIO()
    write(analysis, None, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def as_cell(value: object) -> str:
    return "" if value is None else str(value)


def test_the_csv_table_of_ops(sample, ops):
    lines = read_back(csv_text.top_ops, sample[0])
    assert len(lines) == len(ops)
    for line, op in zip(lines, ops, strict=True):
        assert (line.pop("file"), line.pop("row")) == (op["row"]["file"], str(op["row"]["row"]))
        assert line.pop("flags") == ";".join(op["flags"])
        assert [line.pop("call"), line.pop("module")] == ["", ""]  # JSON has them in `source`
        assert line == {name: as_cell(op[name]) for name in line}
        assert set(line) == set(op) - {"row", "flags"}


def test_the_csv_table_of_findings(sample):
    findings = json_output.hotspots(sample[0], None)["findings"]
    lines = read_back(csv_text.hotspots, sample[0])
    assert len(lines) == len(findings)
    for line, finding in zip(lines, findings, strict=True):
        assert line["rows"].split(";") == [str(row["row"]) for row in finding["rows"]]
        assert line["cores"] == ";".join(map(str, finding["cores"]))
        for name in ("rule", "op_code", "count", "kernel_duration_ns", "share_pct", "saving_ns", "advice"):
            assert line[name] == as_cell(finding[name])


def known(value: object) -> object:
    return None if pd.isna(value) else value


def test_the_sheet_top_ops(sample, ops):
    frame = pd.read_excel(sample[1], sheet_name="Top Ops", engine="openpyxl")
    frame = frame[frame["RANK"].notna()]
    assert len(frame) == min(200, len(ops))
    for line, op in zip(frame.to_dict("records"), ops, strict=False):
        assert (line["RANK"], line["OP CODE"], line["FILE ROW"]) == (op["rank"], op["op_code"], op["row"]["row"])
        assert (line["DEVICE ID"], line["GLOBAL CALL COUNT"]) == (op["device_id"], op["global_call_count"])
        assert known(line["CORE COUNT"]) == op["core_count"]
        assert line["DEVICE KERNEL DURATION [ns]"] == op["kernel_duration_ns"]
        assert known(line["PM IDEAL [ns]"]) == op["pm_ideal_ns"]
        for header, name in (
            ("SHARE", "share_pct"),
            ("CUMULATIVE", "cumulative_pct"),
            ("UTILIZATION", "utilization_pct"),
            ("UTILIZATION BY GRID", "utilization_grid_pct"),
        ):
            assert known(line[header]) == close(None if op[name] is None else op[name] / 100)


def test_the_sheet_hotspots(sample):
    findings = json_output.hotspots(sample[0], None)["findings"]
    frame = pd.read_excel(sample[1], sheet_name="Hotspots", engine="openpyxl").head(len(findings))
    for line, finding in zip(frame.to_dict("records"), findings, strict=True):
        assert (line["OP CODE"], line["OPS"]) == (finding["op_code"], finding["count"])
        assert line["KERNEL DURATION [ns]"] == close(finding["kernel_duration_ns"])
        assert known(line["SAVES AT MOST [ns]"]) == close(finding["saving_ns"])
        assert known(line["SHARE"]) == close(None if finding["share_pct"] is None else finding["share_pct"] / 100)
        assert line["ADVICE"] == finding["advice"]


def test_the_terminal_totals(sample, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = io.StringIO()
    print_findings(sample[0], None, out)
    text = out.getvalue()
    result = json_output.hotspots(sample[0], None)
    for rule, title in (("low-core-count", "Low core count"), ("reshard", "Reshard")):
        total = result["totals"][rule]
        line = re.search(rf"^{title}  +([\d,]+)  +([\d,.]+)  +([\d.]+)\s*$", text, re.MULTILINE)
        if not total["rows"]:
            assert line is None
            continue
        assert line is not None
        assert (figure(line[1]), figure(line[2])) == (
            total["rows"],
            pytest.approx(total["kernel_duration_ns"], abs=0.0005),
        )
        assert figure(line[3]) == rounded(total["share_pct"])
    assert len(re.findall(r"^C\d+ ", text, re.MULTILINE)) == len(result["causes"])
    assert len(re.findall(r"^H\d+ ", text, re.MULTILINE)) == len(result["findings"])
    for finding in result["findings"]:
        saving = finding["saving_ns"]
        assert f"saves at most {'an unknown time' if saving is None else f'{round(saving):,} ns'}" in text
    if result["reshard_pairs"]:
        assert f"{result['reshard_pairs']:,} reshard" in text
