"""Line ends, encodings, dialects and stray bytes."""

import bz2
import gzip
import io
import lzma
import zipfile

import pytest
from support.captures import csv_text, op, shape

from perfsheet import PerfsheetError, analyze, read

ROWS = [op("Add", 300, 8, call=1024), op("Größe😀", 200, 64, call=2048), op("Conv2d", 100, 64, call=3072)]
CODES = ["Add", "Größe😀", "Conv2d"]


def table_of(tmp_path, data: bytes):
    path = tmp_path / "run.csv"
    path.write_bytes(data)
    return read(path)


def codes_and_times(table):
    return table.text("op_code"), table.number("kernel_duration_ns").tolist()


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_line_ends_and_encodings(tmp_path, newline, encoding):
    text = csv_text(ROWS, newline=newline)
    marked = encoding in ("utf-16-le", "utf-16-be")
    table = table_of(tmp_path, (("\ufeff" if marked else "") + text).encode(encoding))
    assert codes_and_times(table) == (CODES, [300, 200, 100])
    assert table.notes == ()


def test_a_complete_last_line_needs_no_line_end(tmp_path):
    table = table_of(tmp_path, csv_text(ROWS).removesuffix("\r\n").encode())
    assert codes_and_times(table) == (CODES, [300, 200, 100])
    assert table.notes == ()


def test_a_mix_of_line_ends(tmp_path):
    head, first, *rest = csv_text(ROWS).split("\r\n")
    table = table_of(tmp_path, f"{head}\r\n{first}\n{rest[0]}\r\n{rest[1]}".encode())
    assert codes_and_times(table) == (CODES, [300, 200, 100])


@pytest.mark.parametrize("far", [0, 6000])
def test_latin_1_is_read_with_a_warning(tmp_path, far):
    rows = [op("Add" * (far // 3 or 1), 300), op("Größe", 200)]
    table = table_of(tmp_path, csv_text(rows).encode("latin-1"))
    assert table.text("op_code")[1] == "Größe"
    assert [note.id for note in table.notes] == ["not-utf8"]


def test_latin_1_bytes_behind_a_byte_order_mark_end_in_no_bug_report(tmp_path):
    data = b"\xef\xbb\xbf" + csv_text([op("Größe", 200)]).encode("latin-1")
    assert table_of(tmp_path, data).number("kernel_duration_ns").tolist() == [200]


def test_utf_16_cut_in_the_middle_of_a_character_keeps_the_rows_before(tmp_path):
    table = table_of(tmp_path, csv_text(ROWS).encode("utf-16")[:-5])
    assert table.number("kernel_duration_ns").tolist()[:2] == [300, 200]


def test_nul_bytes_further_down_are_dropped(tmp_path):
    rows = [*(op("Add", 300) for _ in range(100)), op("Mul", 200)]
    data = csv_text(rows).encode().replace(b"Mul", b"M\0ul\0")
    table = table_of(tmp_path, data)
    assert table.text("op_code")[-1] == "Mul"
    assert len(table) == 101


def test_binary_files_are_refused(tmp_path):
    with pytest.raises(PerfsheetError, match="binary") as caught:
        table_of(tmp_path, b"\x7fELF\x02\x01\x01\0\0\0\0")
    assert caught.value.status == 3


def test_a_tail_of_nul_bytes_after_a_cut_row_does_not_complete_it(tmp_path):
    rows = [op("Add", 300) for _ in range(100)]
    data = csv_text(rows).encode()
    cut = data[: data.rindex(b"Add") + 25] + b"\0" * 64
    table = table_of(tmp_path, cut)
    assert len(table) == 99
    assert sum(note.dropped for note in table.notes) == 1


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_dialects_of_spreadsheets(tmp_path, delimiter):
    attributes = "{'a': '1'; 'b': '2, 3'}"
    rows = [row | {"ATTRIBUTES": attributes} for row in ROWS]
    table = table_of(tmp_path, csv_text(rows, delimiter=delimiter).encode())
    assert codes_and_times(table) == (CODES, [300, 200, 100])
    assert table.text("attributes") == [attributes] * 3


def test_quoted_cells_hold_newlines_quotes_and_delimiters(tmp_path):
    rows = [op("Add", 300, attributes='a\r\nb, "c"'), op("Mul", 200)]
    table = table_of(tmp_path, csv_text(rows).encode())
    assert table.text("attributes")[0] == 'a\r\nb, "c"'
    assert codes_and_times(table) == (["Add", "Mul"], [300, 200])
    assert table.row.tolist() == [2, 3]


def test_bytes_at_the_edge_of_a_read_buffer_are_not_torn(tmp_path):
    rows = [op("é" * 50, 10) | shape("INPUT_1", ("ü" * 7, 1, 1, 1)) for _ in range(2000)]
    table = table_of(tmp_path, csv_text(rows).encode())
    assert table.notes == ()
    assert set(table.text("op_code")) == {"é" * 50}


@pytest.mark.parametrize("data", [b"", b"\r\n \r\n", b"\xef\xbb\xbf"])
def test_empty_files_are_refused(tmp_path, data):
    with pytest.raises(PerfsheetError) as caught:
        table_of(tmp_path, data)
    assert caught.value.status == 3


def test_a_header_without_rows_is_refused(tmp_path):
    with pytest.raises(PerfsheetError, match="has a header but no rows") as caught:
        analyze(table_of(tmp_path, csv_text([]).encode()))
    assert caught.value.status == 3


COMPRESS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_capture_is_read(tmp_path, ending):
    table = table_of(tmp_path, COMPRESS[ending](csv_text(ROWS).encode()))
    assert codes_and_times(table) == (CODES, [300, 200, 100])
    assert table.notes == ()


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_capture_that_breaks_off_is_read_as_far_as_it_goes(tmp_path, ending):
    rows = [
        op(f"Op{number}", number * 7919 % 100_003, attributes=f"{{'id': '{number * 104729}'}}")
        for number in range(9000)
    ]
    whole = COMPRESS[ending](csv_text(rows).encode())
    table = table_of(tmp_path, whole[: len(whole) * 2 // 3])
    assert 0 < len(table) < len(rows)
    assert {note.id for note in table.notes} >= {"compressed-cut"}
    assert table.text("op_code") == [f"Op{number}" for number in range(len(table))]


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_file_without_readable_data_is_refused(tmp_path, ending):
    with pytest.raises(PerfsheetError) as caught:
        table_of(tmp_path, COMPRESS[ending](b"")[:8] + b"rubbish")
    assert caught.value.status == 3


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), data)
    return out.getvalue()


@pytest.mark.parametrize("name", ["run_csv", "reports__ops_perf_results_2025_csv", "..__..__escape_csv"])
def test_the_csv_in_a_zip_file_is_read_and_nothing_is_unpacked(tmp_path, name):
    (tmp_path / "in").mkdir()
    table = table_of(tmp_path / "in", zipped(**{name: csv_text(ROWS).encode(), "notes": b"text"}))
    assert codes_and_times(table) == (CODES, [300, 200, 100])
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "run.csv"]


def test_of_several_csvs_in_a_zip_file_the_ops_report_is_read(tmp_path):
    data = zipped(profile_log_device_csv=b"ARCH: x", ops_perf_results_csv=csv_text(ROWS).encode())
    assert codes_and_times(table_of(tmp_path, data)) == (CODES, [300, 200, 100])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "no CSV"),
        ({"notes": b"x"}, "no CSV .'notes'"),
        ({"a_csv": b"x", "b_csv": b"y"}, "2 files that may be the ops"),
    ],
)
def test_a_zip_file_without_one_ops_csv_is_refused(tmp_path, members, message):
    with pytest.raises(PerfsheetError, match=message) as caught:
        table_of(tmp_path, zipped(**members))
    assert caught.value.status == 3


def test_utf_16_with_a_byte_too_many_is_refused(tmp_path):
    data = csv_text(ROWS * 20).encode("utf-16")
    for at in (2001, 2002):
        with pytest.raises(PerfsheetError, match="a byte too many or too few"):
            table_of(tmp_path, data[:at] + b"\0" + data[at:])


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_a_quote_in_the_header_that_takes_rows_with_it_is_refused(tmp_path, newline):
    """Also where it is closed, rows would be lost without a word."""
    head, first, second, third = csv_text(ROWS).splitlines()
    last = head.rsplit(",", 1)
    for rows in (f'{first}"', first):
        text = newline.join([f'{last[0]},"{last[1]}', rows, second, third, ""])
        with pytest.raises(PerfsheetError, match="line 1: the header opens a quote"):
            table_of(tmp_path, text.encode())
