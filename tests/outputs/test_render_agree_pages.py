"""HTML, Markdown, workbook, trace and JSON say the same numbers."""

import json

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from support.agreement import analysed, close
from support.page import Page, markdown_tables
from support.real import capture

from perfsheet.outputs import json_output, trace
from perfsheet.outputs.html import page
from perfsheet.outputs.markdown import report as markdown
from perfsheet.outputs.workbook import book
from perfsheet.tables import In
from perfsheet.tables.ops import OPS
from perfsheet.text import formats, headline

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
SAMPLES = (
    "made",
    "blackhole20-oftnet",
    "blackhole64-clip-encoder",
    "blackhole-8xp150-deepseek-v3",
    "wormhole-one-op-no-device-data",
)


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request, analysis):
    return analysis if request.param == "made" else analysed(capture(request.param))


@pytest.fixture(scope="module")
def told(sample):
    return json.loads(json_output.dumps(json_output.report(sample, "x.xlsx")))


@pytest.fixture(scope="module")
def web(sample):
    return Page(page(sample))


@pytest.fixture(scope="module")
def tables(sample):
    return markdown_tables(markdown(sample))


@pytest.fixture(scope="module")
def workbook(sample, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "run.xlsx"
    book.write(sample, path)
    return path


def percent(value):
    return formats.in_percent(None if value is None else value / 100)


def test_ops(told, web, tables):
    shown = web.tables["ops-table"].records()
    assert len(shown) == min(2000, len(told["ops"]))
    for line, op in zip(shown, told["ops"], strict=False):
        cores = formats.cores_of_grid(op["core_count"], op["worker_cores"])
        assert (line["Rank"], line["Op code"], line["Cores"]) == (f"{op['rank']:,}", op["op_code"], cores)
        assert (line["Shape"], line["Layout in → out"]) == (op["shape"] or "", op["layout"] or "")
        assert line["Device kernel duration [ns]"] == formats.whole(op["kernel_duration_ns"])
        for name in ("share_pct", "cumulative_pct", "utilization_pct", "utilization_grid_pct", "sol_pct"):
            assert line[OPS[name].header(In.PAGE)] == percent(op[name])
        assert line["Bound"] == ("–" if op["bound"] == "unknown" else op["bound"])
        assert line["Flags"] == ", ".join(flag for flag in op["flags"] if flag != "no-model")
        assert line["File row"].split(":")[-1] == str(op["row"]["row"])
    short = next(table for table in tables if "Speed of light %" in table.headers and "Rank" in table.headers).records()
    assert len(short) == min(20, len(told["ops"]))
    for line, op in zip(short, told["ops"], strict=False):
        assert (line["Rank"], line["Op code"]) == (str(op["rank"]), op["op_code"])
        assert line["Device kernel duration [ns]"] == formats.whole(op["kernel_duration_ns"])
        above = " (not physical)" if (op["utilization_pct"] or 0) > 100 else ""
        assert line["Utilization %"] == f"{percent(op['utilization_pct'])}{above}"


def test_findings(sample, told, web, tables):
    assert list(web.findings) == [name for cause in told["causes"] for name in cause["members"]]
    assert sorted(web.findings) == sorted(finding["id"] for finding in told["findings"])
    for finding in told["findings"]:
        text = web.findings[finding["id"]]
        assert finding["advice"] in text
        assert finding["caveat"] in text
        assert finding["saving_formula"] in text
        saving = finding["saving_ns"]
        assert f"saves at most {formats.saving(saving)}" in text
        assert f"{finding['count']:,} row" in text
    minor = sample.ops.total_ns / 1000
    main = [one for one in told["causes"] if one["expected_saving_ns"] is None or one["expected_saving_ns"] >= minor]
    short = next((table for table in tables if "Saves at most [ns]" in table.headers), None)
    assert (short is None) == (not main)
    for line, cause in zip(short.records() if short else [], main, strict=False):
        assert (line["ID"], line["Ops in question"]) == (cause["id"], cause["subject"])
        assert line["Cure"] == cause["cure"][0]["advice"]
        assert line["Saves at most [ns]"] == formats.saving_figure(cause["bound_ns"])
        assert line["Expected saving [ns]"] == formats.saving_figure(cause["expected_saving_ns"])
        assert line["Ground"] == (cause["ground"]["text"] if cause["ground"] else "")


def test_headline(sample, web, tables, workbook):
    summary = load_workbook(workbook, data_only=True)["Summary"]
    labels = {cell.value: summary.cell(cell.row + 1, cell.column).value for cell in summary[4] if cell.value}
    figures = next(table for table in tables if "FPS" in table.headers).records()[0]
    for metric in headline.headline(sample):
        assert web.headline[metric.label] == metric.text
        assert figures[metric.label] == metric.text
        assert labels[metric.label] == ("–" if metric.value is None else close(metric.value))


def test_groups(told, web, workbook):
    sheet = pd.read_excel(workbook, sheet_name="Op Groups", engine="openpyxl").to_dict("records")
    shown = web.tables["groups-table"].records()
    assert len(sheet) == len(told["groups"])
    for place, group in enumerate(told["groups"]):
        row = sheet[place]
        assert (row["OP CODE"], row["COUNT"]) == (group["op_code"], group["count"])
        assert (row["Σ KERNEL DURATION [ns]"], row["MEDIAN [ns]"]) == (
            close(group["kernel_duration_ns"]),
            close(group["median_ns"]),
        )
        if place < len(shown):
            line = shown[place]
            assert (line["Op code"], line["Count"]) == (group["op_code"], f"{group['count']:,}")
            assert line["Σ kernel duration [ns]"] == formats.whole(group["kernel_duration_ns"])


def test_op_types_and_categories(told, web, tables, workbook):
    sheet = load_workbook(workbook, data_only=True)["By Op Type"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    by_code = {row[0]: row for row in rows[: len(told["op_types"])]}
    by_category = {row[1]: row for row in rows[len(told["op_types"]) + 2 :]}
    for table, name, key, cells in (
        ("types-table", "op_types", "op_code", by_code),
        ("categories-table", "categories", "category", by_category),
    ):
        shown = web.tables[table].records()
        assert len(shown) == len(told[name])
        for line, entry in zip(shown, told[name], strict=True):
            assert line["Op code" if key == "op_code" else "Category"] == entry[key]
            assert line["Kernel duration [ns]"] == formats.whole(entry["kernel_duration_ns"])
            assert cells[entry[key]][2:4] == [entry["count"], close(entry["kernel_duration_ns"])]
    short = next(table for table in tables if "Category" in table.headers).records()
    for line, entry in zip(short, told["categories"], strict=False):
        assert (line["Category"], line["Kernel duration [ns]"]) == (
            entry["category"],
            formats.whole(entry["kernel_duration_ns"]),
        )
    assert sum(entry["kernel_duration_ns"] for entry in told["categories"]) == pytest.approx(
        told["capture"]["kernel_duration_ns"] or 0, rel=1e-12
    )


def test_reshards(told, web, tables, workbook):
    found = told["reshards"]
    assert (found["count"], found["kernel_duration_ns"]) == (
        told["totals"]["reshard"]["rows"],
        told["totals"]["reshard"]["kernel_duration_ns"],
    )
    assert sum(one["back_to_back"] for one in found["transitions"]) <= told["reshard_pairs"]
    sheet = load_workbook(workbook, data_only=True)["Reshards"]
    if not found["count"]:
        assert sheet["A1"].value == "No op of this window reshards a tensor."
        assert "reshards-table" not in web.tables
        return
    header = [cell.value for cell in sheet[2]]
    layouts = {one[end] for one in found["transitions"] for end in ("from", "to")}
    rows = sheet.iter_rows(min_row=3, max_row=2 + len(layouts))
    matrix = {row[0].value: dict(zip(header, (cell.value for cell in row), strict=True)) for row in rows}
    shown = web.tables["reshards-table"].records()
    short = next(table for table in tables if "Back to back" in table.headers).records()
    for place, one in enumerate(found["transitions"]):
        assert matrix[one["from"]][one["to"]] == close(one["kernel_duration_ns"])
        assert (shown[place]["From"], shown[place]["To"]) == (one["from"], one["to"])
        assert shown[place]["Kernel duration [ns]"] == formats.whole(one["kernel_duration_ns"])
        if place < len(short):
            assert short[place]["Kernel duration [ns]"] == formats.whole(one["kernel_duration_ns"])


def test_passes_and_devices(told, web, workbook):
    loaded = load_workbook(workbook, data_only=True)
    totals = told["capture"]["pass_totals"]
    assert ("Passes" in loaded.sheetnames) == (len(totals) > 1 or bool(told["capture"]["layers"]))
    if "Passes" in loaded.sheetnames:
        for place, one in enumerate(totals):
            cells = [cell.value for cell in loaded["Passes"][3 + place]]
            assert cells[1:3] == [one["ops"], close(one["kernel_duration_ns"])]
            assert cells[3:6] == [close(one["gap_ns"]), close(one["fps"]), "yes" if one["cold"] else "no"]
            assert web.tables["passes-table"].records()[place]["Kernel duration [ns]"] == formats.whole(
                one["kernel_duration_ns"]
            )
    devices = told["capture"]["device_totals"]
    assert ("Devices" in loaded.sheetnames) == (len(devices) > 1)
    for place, one in enumerate(devices if len(devices) > 1 else []):
        cells = [cell.value for cell in loaded["Devices"][3 + place]]
        assert cells[:3] == [one["device_id"], one["ops"], close(one["kernel_duration_ns"])]
        assert web.tables["devices-table"].records()[place]["Kernel duration [ns]"] == formats.whole(
            one["kernel_duration_ns"]
        )


def test_verdict(told, web, workbook):
    sheet = pd.read_excel(workbook, sheet_name="Data Quality", engine="openpyxl").to_dict("records")
    shown = web.tables["quality-table"].records()
    assert len(sheet) == len(shown) == len(told["checks"])
    for row, line, check in zip(sheet, shown, told["checks"], strict=True):
        assert row["DETAIL"] == line["Detail"] == check["detail"]
        assert row["VERDICT"] == line["Verdict"] == ("ok" if check["ok"] else "look")


def test_trace(sample, told):
    events = json.loads(trace.trace(sample))["traceEvents"]
    complete = [event for event in events if event["ph"] == "X"]
    every = sample.every.summary
    assert len(complete) == every.timed_rows
    assert sum(event["dur"] for event in complete) * 1e3 == close(np.nan_to_num(every.kernel_sum_ns))
    by_row = {event["args"]["row"]: event for event in complete}
    assert len(by_row) == len(complete)
    for op in told["ops"]:
        event = by_row[op["row"]["row"]]
        assert event["args"]["global_call_count"] == op["global_call_count"]
        assert event["args"]["kernel_duration_ns"] == op["kernel_duration_ns"]
        assert (event["name"], event["pid"]) == (op["op_code"], op["device_id"])


def test_chart_points_are_those_of_the_ops(sample, told, workbook):
    frame = pd.read_excel(workbook, sheet_name="Chart Data", engine="openpyxl")
    timeline = [column for column in frame.columns if column.startswith("TIMELINE: ")]
    assert frame[timeline].sum().sum() == close(told["capture"]["kernel_duration_ns"] or 0.0)
    bars = frame["GROUP: KERNEL TIME [ns]"].dropna().tolist() if "GROUP: KERNEL TIME [ns]" in frame else []
    assert bars == [close(group["kernel_duration_ns"]) for group in told["groups"][: len(bars)]]
    assert len(bars) == min(25, len(told["groups"]))
