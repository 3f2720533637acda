"""Captures of several hosts: every row says from which file it is."""

import io

import pytest
from openpyxl import load_workbook
from support import csv_text
from support.captures import op, write_csv

from perfsheet import Options, analyze, read
from perfsheet.outputs.terminal.ops import print_top_ops
from perfsheet.outputs.workbook import book


@pytest.fixture
def hosts(tmp_path):
    paths = [
        write_csv(tmp_path / f"host{number}.csv", [op("ReshardDeviceOperation", 100 + number, 8)]) for number in (0, 1)
    ]
    return analyze(read(paths), Options(per_device=True))


def test_workbook(hosts, tmp_path):
    book.write(hosts, tmp_path / "report.xlsx")
    workbook = load_workbook(tmp_path / "report.xlsx")
    for title, files in (("All Ops", ["host0.csv", "host1.csv"]), ("Top Ops", ["host1.csv", "host0.csv"])):
        header, *rows = workbook[title].iter_rows(max_row=3, values_only=True)
        at = header.index("FILE")
        assert [row[at] for row in rows] == files
    evidence = [cell for row in workbook["Evidence"].iter_rows(values_only=True) for cell in row]
    assert {"host0.csv", "host1.csv"} <= set(evidence)


def test_terminal_and_csv(hosts, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = io.StringIO()
    print_top_ops(hosts, None, out)
    csv_text.hotspots(hosts, None, out)
    assert "host1.csv:2" in out.getvalue()
    assert "host0.csv:2;" in out.getvalue()


def test_a_table_without_lines_has_its_header(analysis_of):
    out = io.StringIO()
    csv_text.hotspots(analysis_of(op("Add", 10)), None, out)
    assert out.getvalue().startswith("id,rule,op_code,signature,count,")
