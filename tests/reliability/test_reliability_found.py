"""What fuzzing and trying found, each with the smallest input that showed it."""

from __future__ import annotations

import os
import sys
import warnings

import pytest
from openpyxl import load_workbook
from support.captures import csv_text, op, write_csv
from support.command import here, perfsheet
from support.damage import DAMAGES

from perfsheet import analyze, read
from perfsheet.render.workbook import book


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_file_name_that_is_not_utf_8(tmp_path, capsys):
    """The title among the workbook's properties took it as it was."""
    path = tmp_path / os.fsdecode(b"z\xff.csv")
    path.write_text(csv_text([op()]))
    assert here(capsys, "report", path, "-o", tmp_path / "z.xlsx").status == 0
    assert load_workbook(tmp_path / "z.xlsx").properties.title == "Perf sheet of z\ufffd.csv"


@pytest.mark.parametrize("code", ["<r><t>&broken</r>", "<r></r>"])
def test_text_that_looks_like_rich_text(tmp_path, code):
    """XlsxWriter writes a text in these tags as XML of its own, unescaped: no reader opened the workbook."""
    path = tmp_path / "run.xlsx"
    book.write(analyze(read(write_csv(tmp_path / "run.csv", [op(code)]))), path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_workbook(path)["All Ops"]["A2"].value.strip() == code


def test_a_quote_that_swallows_rows_into_a_cell_of_the_right_width(tmp_path):
    """Two open quotes make one record of the header's width out of 22 rows: an op that never was."""
    damage = next(one for one in DAMAGES if one.id == "two-open-quotes")
    text = csv_text([op("Add", 10 + at, call=at) for at in range(80)])
    path = tmp_path / "run.csv"
    path.write_bytes(damage.do(text))
    table = read(path)
    assert len(table) == 58
    assert [(note.id, note.dropped) for note in table.notes] == [("rows-swallowed", 22)]


def test_a_block_of_a_tensor_without_its_first_column(tmp_path):
    """Without INPUT_0_W the second input was taken for the first, with FLOPs of another matmul."""
    rows = [op("MatmulDeviceOperation", 1000, fidelity="HiFi2") | {"INPUT_1_Y_PAD[LOGICAL]": "64"}]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows, without=["INPUT_0_W_PAD[LOGICAL]"]))
    analysis = analyze(read(path))
    assert analysis.summary.light.sol is None
    assert any("lacks INPUT_0_W" in warning for warning in analysis.summary.warnings)


def test_limits_are_not_kept_by_a_capture_that_was_cut(tmp_path):
    """A capture that lost half of its rows is twice as fast."""
    text = csv_text([op("Add", 1000, call=at) for at in range(40)])
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    whole.write_text(text)
    cut.write_text(text[: len(text) // 2])
    ended = perfsheet("check", cut, "--against", whole)
    assert ended.status == 1
    assert "capture.lost-rows" in ended.out
    assert perfsheet("check", whole, "--against", whole).status == 0


def test_a_small_file_read_by_blocks_stays_open(tmp_path, monkeypatch):
    """The text reader of a file that was looked at to its end closed the file under the reader of blocks."""
    monkeypatch.setattr("perfsheet.capture.delimited._WORTH_BULK", 0)
    assert len(read(write_csv(tmp_path / "run.csv", [op()]))) == 1


def test_more_rows_than_a_sheet(tmp_path):
    """1,048,577 rows: read to the last one, ranked, and all in the sum."""
    path = tmp_path / "run.csv"
    count = 1_048_577
    with path.open("w") as stream:
        stream.write("OP CODE,OP TYPE,GLOBAL CALL COUNT,CORE COUNT,DEVICE KERNEL DURATION [ns]\n")
        stream.writelines(f"Add,tt_dnn_device,{at},64,{at % 9 + 1}\n" for at in range(count))
    summary = analyze(read(path)).summary
    assert (summary.device_rows, summary.dropped_rows) == (count, 0)
    assert summary.kernel_ns == sum(at % 9 + 1 for at in range(count))
