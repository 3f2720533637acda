"""Terminal, JSON and workbook say the same of a graph report: modules, lines, calls, memory and PCC."""

import io
import re

import pandas as pd
import pytest
from support.agreement import close
from support.graph_reports import graph_report
from test_render_workbook_graph import OPTIONS, records

from perfsheet import analyze, read
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.outputs import json_output
from perfsheet.outputs.terminal.ops import print_sources
from perfsheet.outputs.workbook import book
from perfsheet.text import formats

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


@pytest.fixture(scope="module")
def analysis(capture_path, device_rows):
    return analyze(read(capture_path), OPTIONS, graph=graph_report(device_rows))


@pytest.fixture(scope="module")
def workbook(analysis, tmp_path_factory):
    from openpyxl import load_workbook

    path = tmp_path_factory.mktemp("graph") / "run.xlsx"
    book.write(analysis, path)
    return load_workbook(path, data_only=True)


@pytest.fixture(scope="module")
def report(analysis):
    return json_output.report(analysis, None)


def screen(analysis, by, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    out = io.StringIO()
    print_sources(analysis, by, None, out)
    return out.getvalue()


def percent(value):
    return f"{value:.1f}"


def test_modules(analysis, workbook, report, monkeypatch):
    lines = records(workbook["Source"], "Module tree")
    text = screen(analysis, GroupBy.MODULE, monkeypatch)
    assert len(lines) == len(report["modules"]) > 1
    for line, module in zip(lines, report["modules"], strict=True):
        assert (line["MODULE"].strip(), line["OPS"]) == (module["path"][-1], module["count"])
        assert line["TOTAL [ns]"] == close(module["total_ns"])
        assert line["SELF [ns]"] == close(module["self_ns"])
        assert 100 * line["SHARE"] == close(module["share_pct"])
        figures = [
            module["path"][-1],
            str(module["count"]),
            formats.whole(module["total_ns"]),
            formats.whole(module["self_ns"]),
            percent(module["share_pct"]),
        ]
        assert re.search("^ *" + " +".join(map(re.escape, figures)) + " *$", text, re.MULTILINE), figures


@pytest.mark.parametrize("by", [GroupBy.LINE, GroupBy.CALL])
def test_lines_and_calls(analysis, workbook, monkeypatch, by):
    lines = records(workbook["Source"], f"By {by.value}")
    groups = json_output.source_groups(analysis, by, None)["source_groups"]
    text = screen(analysis, by, monkeypatch)
    assert len(lines) == len(groups) > 1
    for line, group in zip(lines, groups, strict=True):
        assert (line["RANK"], line["NAME"], line["OPS"]) == (group["rank"], group["name"], group["count"])
        assert line["Σ KERNEL DURATION [ns]"] == close(group["kernel_duration_ns"])
        assert 100 * line["SHARE"] == close(group["share_pct"])
        assert line["OP CODES"] == ", ".join(group["op_codes"])
        assert line["FIRST FILE ROW"] == group["rows"][0]["row"]
        figures = f"{group['count']} +{formats.whole(group['kernel_duration_ns'])} +{percent(group['share_pct'])}"
        assert re.search(rf"^ *{group['rank']} +{re.escape(group['name'])} .* {figures} ", text, re.MULTILINE)


MEMORY = {
    "ORDER": "order",
    "OP CODE": "op_code",
    "L1 TENSORS [B]": "l1_tensors_bytes",
    "L1 CIRCULAR [B]": "l1_circular_bytes",
    "L1 USED [B]": "l1_used_bytes",
    "L1 HEADROOM [B]": "l1_headroom_bytes",
    "L1 TENSORS, ALL BANKS [B]": "l1_total_bytes",
    "DRAM PER BANK [B]": "dram_bank_bytes",
    "DRAM [B]": "dram_total_bytes",
}


def test_memory(workbook, report):
    lines = records(workbook["Memory"], "In use while each op runs")
    assert len(lines) == len(report["memory"]["ops"]) > 1
    for line, op in zip(lines, report["memory"]["ops"], strict=True):
        assert {header: line[header] for header in MEMORY} == {header: op[key] for header, key in MEMORY.items()}
        assert line["SOURCE"] == f"model.py:{op['source']['line']}"
        assert line["FILE ROW"] == op["row"]["row"]
    peak = report["memory"]["l1_peak_bytes"]
    assert peak == max(line["L1 USED [B]"] for line in lines)
    assert formats.size(peak) in workbook["Memory"]["A1"].value
    held = records(workbook["Memory"], "Held in L1")
    for line, buffer in zip(held, report["memory"]["held"], strict=True):
        assert (line["TENSOR"], line["PER BANK [B]"]) == (buffer["tensor"], buffer["bank_bytes"])
        assert (line["MADE BY"], line["LAST USED BY"]) == (buffer["made_by"], buffer["last_used_by"])
        assert line["CALLS AFTER"] == buffer["idle_calls"]


def test_what_top_ops_says_of_each_op(workbook, report):
    header, *rows = workbook["Top Ops"].iter_rows(values_only=True)
    frame = pd.DataFrame(rows, columns=header)
    lines = frame[frame["RANK"].notna()].to_dict("records")
    assert len(lines) == len(report["ops"])
    compared = 0
    for line, op in zip(lines, report["ops"], strict=True):
        assert line["RANK"] == op["rank"]
        assert line["SOURCE"] == f"model.py:{op['source']['line']}"
        assert line["CALL"] == op["source"]["call"]
        assert line["MODULE"] == ".".join(op["source"]["module"])
        assert line["L1 USED [B]"] == op["l1_used_bytes"]
        for name, key in (("PCC", "pcc"), ("PCC ACCUMULATED", "pcc_accumulated")):
            assert (None if pd.isna(line[name]) else line[name]) == close(op[key])
            compared += op[key] is not None
    assert compared > 2
