"""Bugs that fuzzing and use have found, each with the smallest input that shows it."""

from __future__ import annotations

import gzip
import json
import os
import sys
import warnings

import pytest
from openpyxl import load_workbook
from support.captures import csv_text, fallback, op, write_csv
from support.command import here
from support.damage import DAMAGES

from perfsheet import PerfsheetError, analyze, read
from perfsheet.outputs.workbook import book


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
        sheet = load_workbook(path)["All Ops"]
    (codes,) = (column for column in sheet.iter_cols(values_only=True) if column[0] == "OP CODE")
    assert codes[1].strip() == code


def test_a_quote_that_swallows_rows_into_a_cell_of_the_right_width(tmp_path):
    """Two open quotes make one record of the header's width out of 22 rows: an op that never ran."""
    damage = next(damage for damage in DAMAGES if damage.id == "two-open-quotes")
    text = csv_text([op("Add", 10 + at, call=at) for at in range(80)])
    path = tmp_path / "run.csv"
    path.write_bytes(damage.apply(text))
    table = read(path)
    assert len(table) == 58
    assert [(note.id, note.dropped) for note in table.notes] == [("rows-swallowed", 22)]


def test_a_block_of_a_tensor_without_its_first_column(tmp_path):
    """Without INPUT_0_W the second input was taken for the first, with FLOPs of another matmul."""
    rows = [op("MatmulDeviceOperation", 1000, fidelity="HiFi2") | {"INPUT_1_Y_PAD[LOGICAL]": "64"}]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows, without=["INPUT_0_W_PAD[LOGICAL]"]))
    analysis = analyze(read(path))
    assert analysis.summary.speed_of_light.sol is None
    assert any("lacks INPUT_0_W" in warning for warning in analysis.summary.warnings)


def test_limits_are_not_kept_by_a_capture_that_was_cut(capsys, tmp_path):
    """A capture that lost half of its rows is twice as fast."""
    text = csv_text([op("Add", 1000, call=at) for at in range(40)])
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    whole.write_text(text)
    cut.write_text(text[: len(text) // 2])
    ended = here(capsys, "check", cut, "--against", whole)
    assert ended.status == 1
    assert "capture.lost-rows" in ended.out
    assert here(capsys, "check", whole, "--against", whole).status == 0


def test_a_duration_of_next_to_nothing(capsys, tmp_path):
    """1e9 over a duration of 7e-305 ns is an infinite rate, which JSON cannot say."""
    path = write_csv(tmp_path / "run.csv", [op("Add", 7e-305), op("Mul", 1000, call=2)])
    summary = analyze(read(path)).summary
    assert (summary.timed_rows, summary.kernel_ns) == (1, 1000)
    assert any("close to zero" in warning for warning in summary.warnings)
    assert json.loads(here(capsys, "top-ops", path, "--json").out)["capture"]["fps"]["all"] is None


def test_replays_of_several_devices_keep_their_own_cells(tmp_path):
    """Ops of a replayed trace go in the order of their sessions: every column of an op is its own."""
    rows = [
        op(f"Op{call}", 100 + call, 8 + call, call=call, device=device, session=session, start=1000 * session + call)
        | {"METAL TRACE ID": "1", "ATTRIBUTES": f"{{'of': '{session}.{device}.{call}'}}"}
        for call in (1, 2, 3)
        for session in (2, 1)
        for device in (1, 0)
    ]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows))
    ops = analyze(read(path)).ops
    assert ops.rows.tolist() != list(range(12))
    sessions, calls = ops.number("replay_session"), ops.number("global_call_count")
    own = [f"{{'of': '{int(s)}.{d}.{int(c)}'}}" for s, d, c in zip(sessions, ops.device, calls, strict=True)]
    assert ops.text("attributes") == own
    assert [int(duration) for duration in ops.kernel_ns] == [100 + int(call) for call in calls]
    assert list(ops.codes) == [f"Op{int(call)}" for call in calls]


def test_dashes_where_there_is_nothing(tmp_path):
    """The writer of 2023 put a dash into the cells of tensors that an op does not have."""
    row = op("Add", 10) | {
        name: "-" for name in csv_text([op()]).splitlines()[0].split(",") if name.startswith("INPUT_1")
    }
    path = tmp_path / "run.csv"
    path.write_text(csv_text([row | {"MATH FIDELITY": "-"}]))
    assert analyze(read(path)).summary.warnings == ()


def test_attributes_of_several_lines_are_no_swallowed_rows(tmp_path):
    lines = "{a;\n" + ";".join(f"k{at}: v" for at in range(80)) + "}"
    path = tmp_path / "run.csv"
    path.write_text(csv_text([op("Add", 10, attributes=lines), op("Mul", 20, call=2)]))
    table = read(path)
    assert (len(table), table.notes) == (2, ())
    assert table.text("attributes")[0] == lines


def test_two_files_with_byte_order_marks_appended(tmp_path):
    text = csv_text([op("Add", 10)])
    path = tmp_path / "run.csv"
    path.write_bytes(text.encode("utf-8-sig") + text.encode("utf-8-sig"))
    assert [note.id for note in read(path).notes] == ["repeated-header"]


def test_a_compressed_capture_that_was_cut_keeps_no_limit(capsys, tmp_path):
    """It ended with a whole row, so that nothing looked lost."""
    rows = [op("Add", 1000, call=at, attributes=f"{{'n': '{at * 7919}'}}") for at in range(9000)]
    text = csv_text(rows)
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv.gz"
    whole.write_text(text)
    cut.write_bytes(gzip.compress(text[: text.index("\n", len(text) // 2) + 1].encode())[:-6])
    ended = here(capsys, "check", cut, "--against", whole)
    assert (ended.status, "capture.lost-rows" in ended.out) == (1, True)


def test_ops_named_like_sums_and_headers(tmp_path):
    rows = [op("Sum", 10), op("Mean", 20, call=2), op("OP CODE", 30, call=3), op("DEVICE ID", 40, call=4)]
    table = read(write_csv(tmp_path / "run.csv", rows))
    assert table.text("op_code") == ["Sum", "Mean", "OP CODE", "DEVICE ID"]


def test_strict_looks_at_every_column(capsys, tmp_path):
    path = write_csv(tmp_path / "run.csv", [op() | {"HOST END TS": "oops"}])
    assert {here(capsys, command, path, "--strict").status for command in ("top-ops", "hotspots")} == {3}


def test_host_rows_before_the_first_duration(tmp_path):
    """The first 512 rows had no duration to tell the thousands by."""
    rows = [fallback() for _ in range(600)] + [op("Add", f"1{at}.{at + 100}", call=at) for at in range(10, 60)]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows, delimiter=";"))
    table = read(path)
    assert "european-numbers" in [note.id for note in table.notes]
    assert analyze(table).ops.kernel_ns[0] == 110_110


@pytest.mark.parametrize("column", ["OP CODE", "OP TYPE", "ATTRIBUTES", "MATH FIDELITY", "PM IDEAL [ns]"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("apart", [1, 5])
def test_quotes_that_swallow_rows_at_any_column(tmp_path, column, newline, apart):
    """A quote before a cell and another after the same cell of a later row make one record of the right width."""
    text = csv_text([op(f"Op{at}", 100 + at, call=at) for at in range(40)], newline=newline)
    lines = text.split(newline)
    position = lines[0].split(",").index(column)
    for at in (10, 10 + apart):
        cells = lines[at].split(",")
        cells[position] = f'"{cells[position]}' if at == 10 else f'{cells[position]}"'
        lines[at] = ",".join(cells)
    path = tmp_path / "run.csv"
    path.write_bytes(newline.join(lines).encode())
    table = read(path)
    assert len(table) == 40 - apart - 1
    assert [(note.id, note.dropped, note.loses) for note in table.notes] == [("rows-swallowed", apart + 1, True)]


def test_words_for_nothing(tmp_path):
    """pandas can write NaN for blank cells."""
    row = {name: cell or "NaN" for name, cell in op("Add", 10).items()}
    names = [name for name in csv_text([op()]).splitlines()[0].split(",") if name.startswith(("INPUT", "MATH"))]
    path = tmp_path / "run.csv"
    path.write_text(csv_text([dict.fromkeys(names, "NaN") | row]))
    assert analyze(read(path)).summary.warnings == ()


def test_blank_lines_by_the_million(tmp_path, monkeypatch):
    """Each took as much memory as a row."""
    monkeypatch.setattr("perfsheet.capture.delimited._MIN_ARROW_BYTES", 0)
    path = tmp_path / "run.csv"
    path.write_text(csv_text([op()], newline="\n") + "\n" * 100_000)
    calls = []
    monkeypatch.setattr("pyarrow.csv.read_csv", lambda *arguments: calls.append(arguments))
    assert len(read(path)) == 1
    assert calls == []


def test_what_unpacks_to_a_thousand_times_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr("perfsheet.capture.compressed._ALWAYS_ALLOWED", 1 << 20)
    path = tmp_path / "run.csv.gz"
    path.write_bytes(gzip.compress(csv_text([op()]).encode() + bytes(8 << 20)))
    with pytest.raises(PerfsheetError, match="more than 500 times its size"):
        read(path)


def test_compressed_twice(tmp_path):
    path = tmp_path / "run.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(csv_text([op()]).encode())))
    with pytest.raises(PerfsheetError, match="compressed twice"):
        read(path)


def test_headers_without_a_name_at_the_end(tmp_path):
    head, *lines = csv_text([op()]).splitlines()
    path = tmp_path / "run.csv"
    path.write_text("\n".join([f"{head},,,", *lines, ""]))
    assert read(path).notes == ()


def test_a_small_file_read_by_blocks_stays_open(tmp_path, monkeypatch):
    """The text reader of a file that was looked at to its end closed the file under the reader of blocks."""
    monkeypatch.setattr("perfsheet.capture.delimited._MIN_ARROW_BYTES", 0)
    assert len(read(write_csv(tmp_path / "run.csv", [op()]))) == 1


@pytest.mark.audit
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
