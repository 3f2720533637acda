"""The private parts of XlsxWriter that perfsheet uses (outputs/workbook/worksheet.py) exist, and do what it needs."""

import inspect
import io
import re
import zipfile
from itertools import repeat
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import load_workbook
from xlsxwriter import workbook
from xlsxwriter.chart import Chart
from xlsxwriter.exceptions import FileSizeError
from xlsxwriter.format import Format
from xlsxwriter.packager import Packager
from xlsxwriter.sharedstrings import SharedStringTable
from xlsxwriter.worksheet import Worksheet

from perfsheet.outputs.workbook.worksheet import LongWorksheet, QuickWorkbook, format_index


def parameters(function):
    return list(inspect.signature(function).parameters)


def test_the_parts_have_the_parameters_that_are_passed():
    assert parameters(Worksheet._check_dimensions)[:3] == ["self", "row", "col"]
    assert parameters(Worksheet._write_single_row)[:2] == ["self", "current_row_num"]
    assert parameters(Worksheet._write_rows) == ["self"]
    assert parameters(Worksheet._prepare_formula)[:3] == ["self", "formula", "expand_future_functions"]
    assert parameters(Worksheet._escape_data)[-1] == "data" or len(parameters(Worksheet._escape_data)) in (1, 2)
    assert parameters(SharedStringTable._get_shared_string_index) == ["self", "string"]
    assert parameters(Format._get_xf_index) == ["self"]
    assert parameters(Worksheet._get_range_data) == ["self", "row_start", "col_start", "row_end", "col_end"]
    assert hasattr(workbook, "ZipFile")
    assert parameters(workbook.Workbook._get_packager) == ["self"]
    assert parameters(Packager._filename) == ["self", "xml_filename"]


def test_only_one_module_uses_private_parts():
    folder = Path(xlsxwriter.__file__).parent
    private = set(re.findall(r"def (_[a-z]\w+)\(", "".join(path.read_text() for path in folder.glob("*.py"))))
    package = Path(inspect.getfile(LongWorksheet)).parents[2]
    users = {
        path.name
        for path in package.rglob("*.py")
        for name in re.findall(r"(?<!self)\.(_[a-z]\w+)\(", path.read_text())
        if name in private and "xlsxwriter" in path.read_text()
    }
    assert users <= {"worksheet.py"}


def written(on_disk: bool):
    sink = io.BytesIO()
    book = QuickWorkbook(sink, {"constant_memory": on_disk, "in_memory": not on_disk})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("A")
    sheet.write_string(0, 0, "header")
    text = sheet.text_reference("a <text>", 1)
    cells = [[f'<c r="A2" s="{format_index(bold)}"{text}'], repeat('<c r="B'), ["2"], repeat('"><v>5</v></c>')]
    sheet.put_rows(1, 1, ["2"], cells)
    sheet.write_formula(2, 0, "=SUM(B2*2)", None, 10)
    book.close()
    return load_workbook(io.BytesIO(sink.getvalue()))["A"]


def test_rows_given_as_xml_stand_between_written_ones():
    for on_disk in (False, True):
        sheet = written(on_disk)
        assert [cell.value for cell in sheet["A"]] == ["header", "a <text>", "=SUM(B2*2)"], on_disk
        assert sheet["A2"].font.bold
        assert sheet["B2"].value == 5


def charted(workbook_class):
    """The XML of a chart with numbers, blanks and texts that need escapes."""
    sink = io.BytesIO()
    book = workbook_class(sink, {"in_memory": True})
    sheet = book.add_worksheet("Data")
    for row, (text, value) in enumerate([("a & b", 1.5), ("<c>", 2), ("\x01", None), ("d", 1e-9), ("", 123456789012)]):
        sheet.write_string(row, 0, text)
        if value is not None:
            sheet.write_number(row, 1, value)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"categories": ["Data", 0, 0, 4, 0], "values": ["Data", 0, 1, 4, 1]})
    sheet.insert_chart(0, 3, chart)
    book.close()
    with zipfile.ZipFile(sink) as archive:
        return archive.read("xl/charts/chart1.xml")


def test_points_that_are_kept_are_those_of_written_cells():
    texts, numbers = ["a & b", "", "<c>", "d"], [1.5, None, 2, 1e-9, float("nan"), 123456789012]

    def charted_from(write):
        sink = io.BytesIO()
        book = QuickWorkbook(sink, {"in_memory": True})
        sheet = book.add_worksheet("Data")
        sheet.write_string(0, 0, "header")
        write(sheet)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"categories": ["Data", 1, 0, 6, 0], "values": ["Data", 1, 1, 6, 1]})
        sheet.insert_chart(0, 3, chart)
        book.close()
        with zipfile.ZipFile(sink) as archive:
            return archive.read("xl/charts/chart1.xml")

    def cell_by_cell(sheet):
        for column, values in enumerate((texts, numbers)):
            for row, value in enumerate(values, 1):
                if value and str(value) != "nan":
                    sheet.write(row, column, value)

    assert charted_from(lambda sheet: sheet.keep_points(1, [texts, numbers])) == charted_from(cell_by_cell)


def test_a_workbook_that_is_too_large_for_a_zip_file_says_so(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2_000)
    book = QuickWorkbook(io.BytesIO(), {"in_memory": True})
    sheet = book.add_worksheet("A")
    sheet.write_column(0, 0, range(1_000))
    with pytest.raises(FileSizeError):
        book.close()


def test_points_of_charts_are_those_of_xlsxwriter():
    assert charted(QuickWorkbook) == charted(workbook.Workbook)


def test_what_stands_in_for_parts_of_modules_is_gone_afterwards():
    own = workbook.ZipFile, Chart._write_pt
    written(on_disk=False)
    assert (workbook.ZipFile, Chart._write_pt) == own
