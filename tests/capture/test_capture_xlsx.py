"""Workbooks as captures: copies of an ops CSV, perfsheet's own workbooks, and others."""

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from support.captures import csv_text, op, signpost

from perfsheet import Options, PerfsheetError, Selection, analyze, read
from perfsheet.capture import spreadsheet
from perfsheet.outputs.workbook import book

ROWS = (op("Add", 300, 8, pm=20, call=1024), signpost(), op("Mul", 100, 64, call=2048), op("Sub", None, 4, call=3072))

CASES = Path(__file__).parents[1] / "data" / "cases"
SHEET = "xl/worksheets/sheet1.xml"


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


@pytest.mark.parametrize("name", ["dim-rows-short", "dim-A1", "hidden-wins"])
def test_all_ops_of_the_visible_sheet_are_read(name):
    found = analyze(read(CASES / f"{name}.xlsx"), Options(selection=Selection(which_pass="all"), strict=True))
    assert (len(found.ops), found.ops.total_ns) == (9, 113_422)


def rewritten(path, change, part=SHEET):
    """The workbook with the XML of one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = change(parts[part].decode())
    assert changed != parts[part].decode()
    path.write_bytes(zipped({**parts, part: changed}))
    return path


def same_rows(path, capture_of):
    copied, original = read(path), read(capture_of(*ROWS))
    assert copied.row.tolist() == original.row.tolist()
    assert copied.headers == original.headers
    for name in original.headers:
        if name in original.numbers:
            np.testing.assert_array_equal(copied.numbers[name], original.numbers[name], name)
        else:
            assert list(copied.texts[name]) == list(original.texts[name]), name
    assert copied.notes == ()


def declaring(extent):
    return lambda xml: re.sub(r"<dimension [^>]*/>", extent, xml)


def in_reverse(xml):
    rows = re.findall(r"<row .*?</row>", xml, re.DOTALL)
    return xml.replace("".join(rows), "".join(reversed(rows)))


def without_addresses(row):
    return re.sub(r'<c r="[A-Z]+1"', "<c", row[0])


def cells_in_reverse(xml):
    def reverse(row):
        cells = re.findall(r"<c [^>]*?/>|<c .*?</c>", row[2], re.DOTALL)
        return row[1] + "".join(reversed(cells)) + row[3]

    return re.sub(r"(<row [^>]*>)(.*?)(</row>)", reverse, xml, flags=re.DOTALL)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:B2"', xml), id="extent too small"
        ),
        pytest.param(
            lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="C2:D3"', xml), id="extent elsewhere"
        ),
        pytest.param(
            lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', xml), id="extent too large"
        ),
        pytest.param(lambda xml: re.sub(r"<dimension [^>]*/>", "", xml), id="no extent"),
        pytest.param(in_reverse, id="rows in reverse"),
        pytest.param(cells_in_reverse, id="cells in reverse"),
        pytest.param(lambda xml: re.sub(r'<row r="[24]"', "<row", xml), id="rows without a number"),
        pytest.param(lambda xml: re.sub('<row r="1".*?</row>', without_addresses, xml), id="cells without an address"),
        pytest.param(lambda xml: xml.replace("<row ", '<row\n  spans="1:9" hidden="1" '), id="hidden by a filter"),
        pytest.param(lambda xml: xml.replace("</row>", '<c r="XFD9" s="0"/></row>'), id="formatted blank cells"),
    ],
)
def test_every_row_and_cell_stays_where_it_belongs(tmp_path, capture_of, change):
    same_rows(rewritten(xlsx_copy(tmp_path / "copy.xlsx"), change), capture_of)


def test_many_rows_out_of_order_are_put_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "_PIECE", 97)  # tags are in two pieces, then
    workbook = Workbook()
    for record in csv.reader(io.StringIO(csv_text([op("Add", 100 + number) for number in range(60)]))):
        workbook.active.append([number_or_text(cell) for cell in record])
    workbook.save(tmp_path / "copy.xlsx")

    def last_two_swapped(xml):
        return re.sub(r"(<row [^>]*r=\"60\".*?</row>)(<row .*?</row>)", r"\2\1", xml, flags=re.DOTALL)

    table = read(rewritten(tmp_path / "copy.xlsx", last_two_swapped))
    assert table.numbers["kernel_duration_ns"].tolist() == list(range(100, 160))


def test_missing_rows_keep_the_numbers_of_the_others(tmp_path):
    path = rewritten(xlsx_copy(tmp_path / "copy.xlsx"), lambda xml: re.sub(r'<row r="3".*?</row>', "", xml))
    assert read(path).row.tolist() == [2, 4, 5]


def test_remarks_beside_the_table_lose_no_op(tmp_path):
    width = len(next(csv.reader(io.StringIO(csv_text(ROWS)))))
    remark = f'<c r="{get_column_letter(width + 3)}2" t="inlineStr"><is><t>slow!</t></is></c></row><row r="3"'
    path = rewritten(xlsx_copy(tmp_path / "copy.xlsx"), lambda xml: xml.replace('</row><row r="3"', remark))
    table = read(path)
    assert (len(table), table.notes) == (4, ())


def test_a_row_that_a_separator_has_shifted_is_left_out(tmp_path):
    workbook = Workbook()
    for number, record in enumerate(csv.reader(io.StringIO(csv_text(ROWS)))):
        workbook.active.append([*record[:3], "text", *record[3:-1], "0.5"] if number == 1 else record)
    workbook.save(tmp_path / "copy.xlsx")
    table = read(tmp_path / "copy.xlsx")
    assert [(note.id, note.count) for note in table.notes] == [("rows-too-long", 1)]
    assert len(table) == 3


def two_runs(path, **states):
    """A workbook with a sheet per name: its state, and the duration of its one op; later ones have more columns."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for number, (name, state) in enumerate(states.items()):
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = state
        header, record = csv.reader(io.StringIO(csv_text([op("Add", 100 + number, device=0)], "S8")))
        extra = ["PM IDEAL NS", "HOST ID", "NOC UTIL (%)"][:number]
        sheet.append([*header, *extra])
        sheet.append([number_or_text(cell) for cell in record] + [None] * len(extra))
    workbook.save(path)
    return path


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_never_wins_over_a_visible_one(tmp_path, state):
    found = analyze(read(two_runs(tmp_path / "a.xlsx", new="visible", old=state)), Options(strict=True))
    remark = "sheet 'new' was read; 'old' (hidden) also has an ops table"
    assert found.ops.total_ns == 100
    assert [(check.ok, check.repaired) for check in found.checks if check.id == "hidden-sheets"] == [(True, False)]
    assert remark in found.summary.verdict
    assert not any(remark in warning for warning in found.summary.warnings)


def test_a_second_visible_run_is_a_warning_that_strict_refuses(tmp_path):
    path = two_runs(tmp_path / "a.xlsx", new="visible", old="hidden", third="visible")
    found = analyze(read(path))
    assert found.ops.total_ns == 102
    [warning] = [warning for warning in found.summary.warnings if "sheet" in warning]
    assert "sheet 'third' was read; 'new', 'old' (hidden) also have an ops table" in warning
    with pytest.raises(PerfsheetError, match="'third' was read"):
        analyze(read(path), Options(strict=True))


def test_hidden_sheets_are_read_when_no_visible_one_has_ops(tmp_path):
    path = xlsx_copy(tmp_path / "copy.xlsx", sheets_before=["Notes"])
    workbook = load_workbook(path)
    workbook["Sheet"].sheet_state = "hidden"
    workbook.save(path)
    [note] = read(path).notes
    assert note.text.endswith("sheet 'Sheet' (hidden) was read, as no visible one has ops")


def test_sheets_without_ops_are_not_mentioned(tmp_path):
    assert read(xlsx_copy(tmp_path / "copy.xlsx", sheets_before=["Notes"])).notes == ()


def test_perfsheets_own_rankings_are_no_other_runs_but_a_sheet_beside_them_is(tmp_path, capture_of):
    path = tmp_path / "report.xlsx"
    book.write(analyze(read(capture_of(*ROWS))), path)
    assert not {"other-sheets", "hidden-sheets"} & {note.id for note in read(path).notes}
    workbook = load_workbook(path)
    added = workbook.create_sheet("yesterday")
    for record in csv.reader(io.StringIO(csv_text(ROWS))):
        added.append([number_or_text(cell) for cell in record])
    workbook.save(path)
    [note] = [note for note in read(path).notes if note.id == "other-sheets"]
    assert "sheet 'All Ops' was read; 'yesterday' also has" in note.text
