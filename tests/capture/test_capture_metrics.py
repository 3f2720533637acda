"""Columns that every profiler brings more of are numbers: hardware counters, kernel sizes, times of child functions."""

import numpy as np
import pytest
from support.captures import op

from perfsheet import analyze, read

NUMBERS = (
    "SFPU Util Min (%)",
    "Avg FPU util on full grid (%)",
    "NOC vs Compute Balance Avg (ratio)",
    "TENSIX COMPUTE 2 MAX KERNEL SIZE [B]",
    "BRISC MAX KERNEL SIZE [B]",
    "TT_DNN_DEVICE_OP_TT_HOST_FUNC [ns]",
)


@pytest.mark.parametrize("header", NUMBERS)
def test_metrics_are_numbers(capture_of, header):
    table = read(capture_of(op(**{header: "1234.5"}), op(), extra=[header]))
    assert table.number(header)[0] == 1234.5
    assert np.isnan(table.number(header)[1])
    assert table.headers[header] == header
    assert table.to_pandas()[header].dtype == np.float64
    assert table.notes == ()


@pytest.mark.parametrize(
    ("header", "name", "cell"),
    [
        ("DRAM BW UTIL PER CTRL (%)", "dram_bw_util_per_ctrl", "c0:12.3% c1:4.0%"),
        ("ETH BW UTIL (%)", "eth_bw_util_pct", "(0;1;2):12.3%"),
        ("CONST_EVAL_OP", "const_eval_op", "true"),
    ],
)
def test_lists_and_words_are_texts(capture_of, header, name, cell):
    table = read(capture_of(op(**{header: cell}), generation="S9", extra=[header]))
    assert (list(table.text(name)), table.notes) == ([cell], ())


def test_a_declared_column_keeps_its_name(capture_of):
    table = read(capture_of(op(**{"NOC UTIL (%)": "12.5"})))
    assert table.number("noc_util_pct").tolist() == [12.5]
    assert "NOC UTIL (%)" not in table.numbers


def test_they_are_on_the_raw_sheet_as_numbers(capture_of, tmp_path):
    from openpyxl import load_workbook

    from perfsheet.outputs.workbook import book

    header = "MATH Util Avg (%)"
    analysis = analyze(read(capture_of(op(**{header: "37.5"}), extra=[header])))
    path = tmp_path / "x.xlsx"
    book.write(analysis, path, raw=True)
    sheet = load_workbook(path)["All Ops"]
    column = next(cell.column for cell in sheet[1] if cell.value == header)
    assert sheet.cell(2, column).value == 37.5
