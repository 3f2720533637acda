"""What would fill the memory, or never end: refused in one line, or done a piece at a time."""

import io
import json
import re
import zipfile

import numpy as np
import pytest
from openpyxl import Workbook
from support.captures import csv_text, op, write_csv
from support.command import here

from perfsheet import analyze, read
from perfsheet.analysis.windows import devices
from perfsheet.capture import delimited, spreadsheet
from perfsheet.models.outputs import op_stats
from perfsheet.models.suite.figures import with_reported
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs import json_output
from perfsheet.outputs.json_output import parts
from perfsheet.run.verdict import ReportedValue, TargetVerdict
from perfsheet.tables.op_rows import top_ops
from perfsheet.tables.ops import OPS
from perfsheet.text.json_text import Streamed, json_text

ROWS = [op(f"Op{number}", 100 + number, call=1 + number) for number in range(40)]


def refused(capsys, path, what):
    done = here(capsys, "top-ops", path)
    assert (done.status, done.err.count("\n"), what in done.err) == (3, 1, True), done.err


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_line_without_end(capsys, tmp_path, monkeypatch, place):
    monkeypatch.setattr(delimited, "_LONGEST_LINE", 1 << 21)
    (tmp_path / "x.csv").write_text("x" * (5 << 20) if place == "first" else csv_text(ROWS) + "x" * (5 << 20))
    refused(capsys, tmp_path / "x.csv", "has a line of more than 2 MiB")


@pytest.fixture
def workbook(tmp_path):
    """A workbook copy of a capture, one part of which is replaced."""
    book = Workbook()
    for line in csv_text(ROWS).splitlines():
        book.active.append(line.split(","))
    book.save(tmp_path / "whole.xlsx")

    def changed(part, change):
        path = tmp_path / "changed.xlsx"
        with zipfile.ZipFile(tmp_path / "whole.xlsx") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, change(content) if part in name else content)
        return path

    return changed


def test_a_workbook_that_says_it_fills_the_sheet(workbook):
    path = workbook("sheet1", lambda xml: re.sub(rb'(?<=<dimension ref=")[^"]*', b"A1:XFD1048576", xml))
    assert analyze(read(path)).summary.kernel_ns == sum(100 + number for number in range(40))


def test_a_cell_in_the_last_place_of_the_sheet(workbook):
    row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    path = workbook("sheet1", lambda xml: xml.replace(b"</sheetData>", row))
    assert analyze(read(path)).summary.timed_rows == 40


@pytest.mark.parametrize("part", ["sheet1", "styles"])
def test_a_workbook_with_a_part_of_zeros(capsys, workbook, part):
    refused(capsys, workbook(part, lambda _: bytes(257 << 20)), "is a workbook with a part of 269 MB")


def test_a_sheet_without_tags(capsys, workbook, monkeypatch):
    monkeypatch.setattr(spreadsheet, "_LONGEST_TAG", 1 << 20)
    path = workbook("sheet1", lambda xml: xml.replace(b"</sheetData>", b"x" * (5 << 20)))
    refused(capsys, path, "cannot be read as an Excel workbook")


def test_a_long_table_is_the_same_when_it_is_made_while_it_is_written(capture_of, monkeypatch):
    analysis = analyze(read(capture_of(*ROWS)))
    whole = [
        json_output.report(analysis, "x"),
        json_output.op_groups(analysis, None),
        json_output.hotspots(analysis, None),
    ]
    monkeypatch.setattr(parts, "_MANY", 7)
    piecemeal = [
        json_output.report(analysis, "x"),
        json_output.op_groups(analysis, None),
        json_output.hotspots(analysis, None),
    ]
    assert isinstance(piecemeal[0]["ops"], Streamed)
    for made, written in zip(whole, piecemeal, strict=True):
        assert json.loads(json_text(written)) == json.loads(json_text(made))
        out = io.StringIO()
        json_output.write(written, out)
        assert out.getvalue() == json_text(written) + "\n"


def test_a_streamed_array():
    made = []

    def part(first, end):
        made.append(end - first)
        return [{"n": number} for number in range(first, end)]

    array = Streamed(10, part, 4)
    assert json_text({"a": [{"b": array}], "c": Streamed(0, part)}) == (
        '{\n  "a": [\n    {\n      "b": [\n'
        + ",\n".join(f'        {{"n": {number}}}' for number in range(10))
        + '\n      ]\n    }\n  ],\n  "c": []\n}'
    )
    assert made == [4, 4, 2]
    assert (array[3], array[-1], array[2:4], len(array)) == ({"n": 3}, {"n": 9}, [{"n": 2}, {"n": 3}], 10)


def test_parts_of_the_rows_of_ops_are_the_rows(capture_of):
    rows = top_ops(analyze(read(capture_of(*ROWS))))
    assert [*OPS.records(rows.part(0, 15)), *OPS.records(rows.part(15, 40))] == OPS.records(rows)


def slow_resume(reference, own):
    """The fewest ops to skip, looked for one by one."""
    ours, theirs = own.tolist(), reference.tolist()
    for skipped in range(1, len(ours) + len(theirs)):
        for own_skip in range(max(0, skipped - len(theirs) + 1), min(skipped, len(ours) - 1) + 1):
            other_skip = skipped - own_skip
            agree = min(devices._AGREE, len(ours) - own_skip, len(theirs) - other_skip)
            if ours[own_skip : own_skip + agree] == theirs[other_skip : other_skip + agree]:
                return other_skip, own_skip
    return None


def test_devices_agree_again_as_early_as_possible():
    random = np.random.default_rng(1)
    for _ in range(500):
        kinds = random.integers(1, 9)
        reference, own = (random.integers(0, kinds, random.integers(1, 20)) for _ in range(2))
        assert devices._resume(reference, own) == slow_resume(reference, own)


def test_devices_that_differ_are_given_up_early(monkeypatch):
    tried = []
    resume = devices._resume
    monkeypatch.setattr(devices, "_resume", lambda *sides: tried.append(1) or resume(*sides))
    reference = np.repeat(np.arange(400), 5)
    own = np.concatenate([np.concatenate([reference[5 * step : 5 * step + 5], -np.ones(5)]) for step in range(400)])
    devices._matched(reference, own.astype(np.int64))
    assert len(tried) < 300


def test_op_statistics_have_files_for_the_most_frequent_ops(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(op_stats, "_MOST_OPS", 3)
    capture = write_csv(tmp_path / "run.csv", ROWS)
    done = here(capsys, "stats", capture, "-o", tmp_path / "stats")
    assert (done.status, "37 types of ops, the rarest, have no files of their own" in done.err) == (0, True)
    assert len(list((tmp_path / "stats" / "total_input_size_dist").glob("*.csv"))) == 3
    assert len((tmp_path / "stats" / "node_count.csv").read_text().splitlines()) == 41


def test_what_is_incomplete_is_said(capsys, tmp_path, monkeypatch):
    capture = write_csv(tmp_path / "run.csv", ROWS)
    monkeypatch.setattr(op_stats, "plot_sizes", lambda *_: (_ for _ in ()).throw(op_stats.not_written("disk full")))
    done = here(capsys, "stats", capture, "-o", tmp_path / "stats")
    assert (done.status, f"{tmp_path / 'stats'} is incomplete: it has 2 of its files" in done.err) == (7, True)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf")])
@pytest.mark.parametrize("name", ["pcc", "latency_ms", "torch_ops_before"])
def test_a_property_of_a_test_that_no_number_can_be(name, value):
    verdict = TargetVerdict("pytest", 0, reported=(ReportedValue("t", name, value),))
    assert with_reported(ModelResult("vit"), verdict, with_latency=True).pcc is None
