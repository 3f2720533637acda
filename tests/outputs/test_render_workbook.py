"""The workbook: its sheets, All Ops and the live formula."""

import re

import pandas as pd
import pytest
from openpyxl import load_workbook
from support.captures import op
from support.xlsx import linked_row, utilization_operands

from perfsheet.outputs.workbook import book

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
SHEETS = [
    "Summary",
    "Hotspots",
    "Top Ops",
    "Op Groups",
    "By Op Type",
    "Charts",
    "Reshards",
    "Signposts",
    "Devices",
    "All Ops",
    "Evidence",
    "Data Quality",
    "About",
    "Chart Data",
]
PROMISED = (
    "OP CODE",
    "GLOBAL CALL COUNT",
    "DEVICE ID",
    "CORE COUNT",
    "DEVICE KERNEL DURATION [ns]",
    "PM IDEAL [ns]",
    *(f"INPUT_0_{dim}_PAD[LOGICAL]" for dim in "WZYX"),
    *(f"{tensor}_{what}" for tensor in ("INPUT_0", "OUTPUT_0") for what in ("LAYOUT", "DATATYPE", "MEMORY")),
    "UTILIZATION",
    "FLAGS",
)


@pytest.fixture(scope="module")
def formulas(workbook_path):
    return load_workbook(workbook_path)


@pytest.fixture(scope="module")
def values(workbook_path):
    return load_workbook(workbook_path, data_only=True)


@pytest.fixture(scope="module")
def all_ops(workbook_path):
    return pd.read_excel(workbook_path, sheet_name="All Ops", engine="openpyxl")


def column(sheet, header):
    return next(cell.column for cell in sheet[1] if cell.value == header)


def test_sheets_and_their_order(formulas):
    assert formulas.sheetnames == SHEETS
    assert formulas.active.title == "Summary"


def test_all_ops_has_every_device_op_in_execution_order(all_ops, device_rows):
    assert all_ops["OP CODE"].tolist() == [row["OP CODE"] for row in device_rows]
    assert all_ops["GLOBAL CALL COUNT"].tolist() == [int(row["GLOBAL CALL COUNT"]) for row in device_rows]
    assert all_ops["DEVICE ID"].tolist() == [int(row["DEVICE ID"]) for row in device_rows]


def test_all_ops_has_the_promised_columns_under_the_captures_headers(all_ops):
    assert [header for header in PROMISED if header not in all_ops.columns] == []
    assert len(set(all_ops.columns)) == len(all_ops.columns)


def test_all_ops_has_the_cells_of_the_capture(all_ops, device_rows):
    def numbers(header):
        return pd.to_numeric(pd.Series([row.get(header, "") for row in device_rows]).replace("", None)).astype(float)

    for header in ("CORE COUNT", "DEVICE KERNEL DURATION [ns]", "PM IDEAL [ns]"):
        pd.testing.assert_series_equal(all_ops[header].astype(float), numbers(header), check_names=False)
    for header in ("INPUT_0_Y_PAD[LOGICAL]", "INPUT_0_DATATYPE", "OUTPUT_0_MEMORY", "LOC"):
        got = all_ops[header].fillna("").astype(str).tolist()
        assert got == [row.get(header, "") for row in device_rows], header


def test_other_generations_keep_their_own_headers(analysis_of, tmp_path):
    book.write(analysis_of(op(pm=20), generation="S1"), tmp_path / "old.xlsx")
    frame = pd.read_excel(tmp_path / "old.xlsx", sheet_name="All Ops", engine="openpyxl")
    assert {"PM IDEAL NS", "INPUT_0_Y", "INPUT_0_DATA TYPE", "UTILIZATION"} <= set(frame.columns)
    assert frame["UTILIZATION"][0] == pytest.approx(20 / 1000 * 108 / 64)


@pytest.mark.parametrize("title", ["All Ops", "Top Ops"])
def test_utilization_is_a_live_formula_with_its_value(formulas, values, title):
    sheet, cached = formulas[title], values[title]
    at = column(sheet, "UTILIZATION")
    reference = cached.parent["Summary"][ref_cores_cell(formulas)].value
    assert reference == 108
    live = 0
    for row in range(2, sheet.max_row + 1):
        formula, value = sheet.cell(row, at).value, cached.cell(row, at).value
        if formula is None:
            assert value is None
            continue
        assert "ref_cores" in formula
        ideal, kernel, cores = (cached[name].value for name in utilization_operands(formula))
        assert value == pytest.approx(ideal / kernel * reference / cores, rel=1e-12)
        live += 1
    assert live == 3


def ref_cores_cell(workbook) -> str:
    name = workbook.defined_names["ref_cores"]
    match = re.fullmatch(r"'?Summary'?!\$([A-Z]+)\$(\d+)", name.attr_text)
    assert match is not None
    return match[1] + match[2]


@pytest.mark.parametrize("title", ["All Ops", "Top Ops"])
def test_the_formula_reads_the_columns_it_is_said_to_read(formulas, title):
    sheet = formulas[title]
    at = column(sheet, "UTILIZATION")
    formula = sheet.cell(2, at).value
    headers = [sheet[f"{re.match('[A-Z]+', name)[0]}1"].value for name in utilization_operands(formula)]
    assert headers == ["PM IDEAL [ns]", "DEVICE KERNEL DURATION [ns]", "CORE COUNT"]
    assert all(name.endswith("2") for name in utilization_operands(formula))
    assert sheet[re.search(r'([A-Z]+)2=""', formula)[1] + "1"].value == "WORKER CORES"


def test_utilization_is_shown_in_percent(formulas):
    sheet = formulas["All Ops"]
    assert sheet.cell(2, column(sheet, "UTILIZATION")).number_format.endswith("%")


@pytest.mark.parametrize("reference", [64, 56.5, "grid"])
def test_the_reference_stands_in_the_named_cell(analysis_of, tmp_path, reference):
    path = tmp_path / "other.xlsx"
    book.write(analysis_of(op(pm=20, duration=100, cores=8), options={"ref_cores": reference}), path)
    workbook, cached = load_workbook(path), load_workbook(path, data_only=True)
    assert cached["Summary"][ref_cores_cell(workbook)].value == reference
    sheet = cached["All Ops"]
    number = 64 if reference == "grid" else reference
    assert sheet.cell(2, column(sheet, "UTILIZATION")).value == pytest.approx(0.2 * number / 8)


def test_flags_and_findings_stand_beside_each_op(all_ops, analysis):
    flags = dict(zip(all_ops["FILE ROW"], all_ops["FLAGS"].fillna(""), strict=True))
    assert flags[4] == "low-core-count, no-model"
    assert flags[7] == "low-core-count, reshard, no-model"
    assert flags[3] == "not-physical"
    named = [name for cell in all_ops["FINDINGS"].dropna() for name in cell.split(", ")]
    assert sorted(named) == sorted(finding.id for finding in analysis.findings for _ in finding.positions)


@pytest.mark.parametrize(
    "title", ["Hotspots", "Top Ops", "Op Groups", "By Op Type", "All Ops", "Evidence", "Data Quality"]
)
def test_headers_are_frozen_and_filtered(formulas, title):
    sheet = formulas[title]
    assert re.fullmatch("[B-D]2", sheet.freeze_panes)
    assert sheet.auto_filter.ref.startswith("A1:")


def test_the_filter_of_all_ops_spans_the_table(formulas, device_rows):
    sheet = formulas["All Ops"]
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}{len(device_rows) + 1}"
    assert sheet.max_row == len(device_rows) + 1


@pytest.mark.parametrize("title", ["Top Ops", "All Ops"])
def test_durations_carry_data_bars(formulas, title):
    sheet = formulas[title]
    letter = sheet.cell(1, column(sheet, "DEVICE KERNEL DURATION [ns]")).column_letter
    bars = [
        str(area.sqref)
        for area in sheet.conditional_formatting
        for rule in area.rules
        if rule.type == "dataBar" and str(area.sqref).startswith(f"{letter}2")
    ]
    assert bars == [f"{letter}2:{letter}{11 if title == 'All Ops' else 10}"]


def test_links_lead_to_what_they_name(formulas, analysis):
    for title in ("Top Ops", "Evidence", "Op Groups"):
        sheet = formulas[title]
        header = "FIRST FILE ROW" if title == "Op Groups" else "FILE ROW"
        for row in range(2, sheet.max_row + 1):
            there = linked_row(formulas, sheet.cell(row, column(sheet, header)).value)
            code = there[column(formulas["All Ops"], "OP CODE") - 1].value
            assert code == sheet.cell(row, column(sheet, "OP CODE")).value
    hotspots = formulas["Hotspots"]
    for row, finding in enumerate((one for one in analysis.findings if len(one.positions)), 2):
        there = linked_row(formulas, hotspots.cell(row, column(hotspots, "ROWS")).value)
        assert (there[0].value, there[1].value) == (finding.id, finding.rule.title)


def test_links_follow_sorting(workbook_path):
    """Rows of All Ops in another order: the links still lead to their ops."""
    workbook = load_workbook(workbook_path)
    sheet = workbook["All Ops"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for at, values in enumerate(reversed(rows), 2):
        for number, value in enumerate(values, 1):
            sheet.cell(at, number).value = value
    top = workbook["Top Ops"]
    codes = [top.cell(row, column(top, "OP CODE")).value for row in range(2, top.max_row + 1)]
    links = [top.cell(row, column(top, "FILE ROW")).value for row in range(2, top.max_row + 1)]
    assert [linked_row(workbook, link)[column(sheet, "OP CODE") - 1].value for link in links] == codes


def test_links_on_the_summary_lead_to_the_findings(formulas, analysis):
    links = [
        cell.value
        for row in formulas["Summary"].iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("=HYPERLINK(\"#'Hotspots'!A\"&")
    ]
    assert len(links) == len(analysis.first_causes(5)) > 2
    for link, cause in zip(links, analysis.first_causes(5), strict=True):
        assert linked_row(formulas, link)[0].value == cause.members[0].id


def test_about_explains_every_column(workbook_path):
    loaded = load_workbook(workbook_path)
    explained = {str(row[0].value) for row in loaded["About"].iter_rows() if row[0].value}
    for sheet in ("Hotspots", "Top Ops", "Op Groups", "By Op Type", "All Ops", "Evidence", "Data Quality"):
        headers = {str(cell.value) for cell in loaded[sheet][1] if cell.value}
        unexplained = {
            header
            for header in headers
            if header not in explained and header.partition(" [")[0] not in explained and "PUT_" not in header
        }
        assert not unexplained, sheet
