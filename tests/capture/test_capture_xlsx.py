"""Workbooks as captures: copies of an ops CSV, perfsheet's own workbooks, and others."""

import csv
import io
import zipfile

import pytest
from openpyxl import Workbook
from support.captures import csv_text, op, signpost

from perfsheet import PerfsheetError, analyze, read
from perfsheet.outputs.workbook import book

ROWS = (op("Add", 300, 8, pm=20, call=1024), signpost(), op("Mul", 100, 64, call=2048), op("Sub", None, 4, call=3072))


def number_or_text(cell: str):
    try:
        return int(cell)
    except ValueError:
        return cell or None


def xlsx_copy(path, above=(), sheets_before=()):
    workbook = Workbook()
    for title in sheets_before:
        workbook.create_sheet(title, 0).append(["notes", 1])
    sheet = workbook["Sheet"]
    for line in above:
        sheet.append(line)
    for record in csv.reader(io.StringIO(csv_text(ROWS))):
        sheet.append([number_or_text(cell) for cell in record])
    workbook.save(path)
    return path


def test_an_xlsx_copy_reads_like_the_csv(tmp_path, capture_of):
    copied = analyze(read(xlsx_copy(tmp_path / "copy.xlsx")))
    original = analyze(read(capture_of(*ROWS)))
    facts = [(op.op_code, op.row.row, op.kernel_ns, op.utilization, op.row.global_call_count) for op in copied.top()]
    assert facts == [
        (op.op_code, op.row.row, op.kernel_ns, op.utilization, op.row.global_call_count) for op in original.top()
    ]
    assert copied.summary.signpost_rows == 1
    assert copied.ops.table.schema == "S8"
    assert copied.groups[0].signature == original.groups[0].signature


def test_the_sheet_with_the_ops_is_found(tmp_path):
    assert len(read(xlsx_copy(tmp_path / "copy.xlsx", sheets_before=["Notes"]))) == 4


def test_rows_are_numbered_as_the_sheet_numbers_them(tmp_path):
    table = read(xlsx_copy(tmp_path / "copy.xlsx", above=[["a title"], [None]]))
    assert table.row.tolist() == [4, 5, 6, 7]


def test_perfsheets_own_workbook_gives_every_op_again(tmp_path, capture_of):
    rows = [op(f"Op{number}", number + 1, 8, pm=number, call=number) for number in range(300)]
    original = analyze(read(capture_of(*rows)))
    book.write(original, tmp_path / "report.xlsx")
    again = analyze(read(tmp_path / "report.xlsx"))
    assert again.ops.codes == original.ops.codes
    assert again.ops.total_ns == original.ops.total_ns
    assert [op.utilization for op in again.top()] == [op.utilization for op in original.top()]


def test_a_workbook_without_ops_is_refused_with_its_sheets(tmp_path):
    workbook = Workbook()
    workbook.active.title = "Budget 2024"
    workbook.active.append(["OP CODE", "cost"])
    workbook.save(tmp_path / "other.xlsx")
    with pytest.raises(PerfsheetError, match="Budget 2024") as caught:
        read(tmp_path / "other.xlsx")
    assert caught.value.status == 3


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped({"readme.txt": "hello"}), id="a zip file"),
        pytest.param(zipped({"[Content_Types].xml": "<Types", "xl/workbook.xml": "<x"}), id="broken xml"),
        pytest.param(b"PK\x03\x04 and no more", id="cut off"),
    ],
)
def test_zip_files_that_are_no_workbook_are_refused(tmp_path, data):
    (tmp_path / "other.xlsx").write_bytes(data)
    with pytest.raises(PerfsheetError) as caught:
        read(tmp_path / "other.xlsx")
    assert caught.value.status == 3


def test_a_workbook_whose_sheet_is_damaged_is_refused(tmp_path):
    good = xlsx_copy(tmp_path / "copy.xlsx")
    with zipfile.ZipFile(good) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet[: sheet.index(b'<row r="3"') + 40]
    (tmp_path / "bad.xlsx").write_bytes(zipped(parts))
    with pytest.raises(PerfsheetError) as caught:
        read(tmp_path / "bad.xlsx")
    assert caught.value.status == 3
