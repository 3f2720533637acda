"""The workbook of a capture with a graph report: sheets Source and Memory, and the columns of ops."""

import re
import zipfile
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from support.captures import op, write_csv
from support.graph_reports import BANK, graph_report
from support.xlsx import linked_row, lint
from test_render_workbook import SHEETS, column

from perfsheet import Options, analyze, read
from perfsheet.outputs.workbook import book
from perfsheet.outputs.workbook.sheets import memory
from perfsheet.text import graph as sentences

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
OPTIONS = Options(batch=4, per_device=True)


def written(capture, folder, device_rows, **parts):
    result = analyze(read(capture), OPTIONS, graph=graph_report(device_rows, **parts))
    path = folder / "graph.xlsx"
    book.write(result, path)
    return result, path


@pytest.fixture(scope="module")
def made(capture_path, device_rows, tmp_path_factory):
    return written(capture_path, tmp_path_factory.mktemp("graph"), device_rows)


@pytest.fixture(scope="module")
def formulas(made):
    return load_workbook(made[1])


@pytest.fixture(scope="module")
def values(made):
    return load_workbook(made[1], data_only=True)


def table(sheet, title):
    """Header row, headers by column, and last row of the table under a section's title."""
    top = next(row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value == title) + 1
    headers = {cell.value: cell.column for cell in sheet[top] if cell.value}
    bottom = top
    while any(sheet.cell(bottom + 1, at).value is not None for at in headers.values()):
        bottom += 1
    return top, headers, bottom


def records(sheet, title):
    top, headers, bottom = table(sheet, title)
    return [{name: sheet.cell(row, at).value for name, at in headers.items()} for row in range(top + 1, bottom + 1)]


def test_the_sheets_stand_behind_those_by_op(formulas):
    at = SHEETS.index("By Op Type") + 1
    assert formulas.sheetnames == [*SHEETS[:at], "Source", "Memory", *SHEETS[at:]]


@pytest.mark.parametrize(
    ("parts", "missing"),
    [({"stacks": False}, {"Source"}), ({"memory": False}, {"Memory"}), ({"accuracy": False}, set())],
)
def test_a_sheet_without_content_is_left_out(capture_path, device_rows, tmp_path, parts, missing):
    _, path = written(capture_path, tmp_path, device_rows, **parts)
    names = load_workbook(path).sheetnames
    assert {"Source", "Memory"} - set(names) == missing
    assert lint(path) == []


def test_the_workbook_is_sound(made, capture_path, device_rows, tmp_path, monkeypatch):
    assert lint(made[1]) == []
    monkeypatch.setattr(book, "MANY_OPS", 3)  # rows go to disk as they are written
    _, on_disk = written(capture_path, tmp_path, device_rows)
    assert lint(on_disk) == []
    ours, theirs = load_workbook(made[1])["Source"], load_workbook(on_disk)["Source"]
    assert [[cell.value for cell in row] for row in theirs] == [[cell.value for cell in row] for row in ours]
    assert [theirs.row_dimensions[row].outlineLevel for row in range(1, theirs.max_row + 1)] == [
        ours.row_dimensions[row].outlineLevel for row in range(1, ours.max_row + 1)
    ]


def test_every_sheet_says_how_the_report_was_joined(values, made):
    graph = made[0].graph
    assert values["Source"]["A1"].value == sentences.joined(graph)
    assert values["Memory"]["A1"].value == sentences.memory(made[0])
    on_summary = [cell.value for cell in values["Summary"]["B"]]
    assert [text for text in on_summary if text in sentences.of_head(made[0])] == sentences.of_head(made[0])
    assert len(sentences.of_head(made[0])) == 3


def test_causes_on_summary_name_their_lines(values):
    top = next(row for row in values["Summary"].iter_rows() if "OPS IN QUESTION" in [cell.value for cell in row])
    at = next(cell.column for cell in top if cell.value == "SOURCE")
    shown = values["Summary"].cell(top[0].row + 1, at).value
    assert re.match(r"model\.py:1\d", shown)


@pytest.mark.parametrize("title", ["By line", "By call"])
def test_the_first_op_of_a_line_is_a_link_to_it(formulas, made, title):
    top, headers, bottom = table(formulas["Source"], title)
    groups = {group.name: group for by in ("line", "call") for group in made[0].graph.by(by)}
    for row in range(top + 1, bottom + 1):
        there = linked_row(formulas, formulas["Source"].cell(row, headers["FIRST FILE ROW"]).value)
        group = groups[formulas["Source"].cell(row, headers["NAME"]).value]
        file_row = there[column(formulas["All Ops"], "FILE ROW") - 1].value
        assert file_row == made[0].row_ref(int(group.positions[0])).row
    assert bottom - top == {"By line": 3, "By call": 4}[title]


def test_the_modules_are_a_tree_that_folds(formulas, made):
    sheet = formulas["Source"]
    top, headers, bottom = table(sheet, "Module tree")
    tree = list(made[0].graph.modules.walk())[1:]
    assert bottom - top == len(tree) == 3
    for row, module in enumerate(tree, top + 1):
        name = sheet.cell(row, headers["MODULE"]).value
        assert (name.strip(), len(name) - len(name.lstrip())) == (module.name, 6 * (len(module.path) - 1))
        assert sheet.row_dimensions[row].outlineLevel == len(module.path) - 1
    assert not sheet.sheet_properties.outlinePr.summaryBelow


def test_memory_is_in_whole_bytes_with_separators(formulas, made):
    sheet = formulas["Memory"]
    top, headers, bottom = table(sheet, "In use while each op runs")
    memory = made[0].graph.memory
    for header, figures in (
        ("L1 TENSORS [B]", memory.l1_bank),
        ("L1 CIRCULAR [B]", memory.circular),
        ("L1 USED [B]", memory.l1_used),
        ("L1 HEADROOM [B]", BANK - memory.l1_used),
        ("DRAM [B]", memory.dram_total),
    ):
        cells = [sheet.cell(row, headers[header]) for row in range(top + 1, bottom + 1)]
        assert [cell.value for cell in cells] == [None if np.isnan(value) else int(value) for value in figures]
        assert {cell.number_format for cell in cells if cell.value is not None} == {"#,##0"}
    letter = sheet.cell(top, headers["L1 USED [B]"]).column_letter
    bars = {str(area.sqref) for area in sheet.conditional_formatting for rule in area.rules if rule.type == "dataBar"}
    assert bars == {f"{letter}{top + 1}:{letter}{bottom}"}


def test_buffers_that_outlive_their_last_use(values, made):
    held = records(values["Memory"], "Held in L1")
    expected = made[0].graph.memory.longest_held
    assert [(line["PER BANK [B]"], line["CALLS AFTER"]) for line in held] == [
        (one.buffer.bank, one.idle_calls) for one in expected
    ]
    assert len(held) > 3
    assert held[0]["MADE AT"].startswith("model.py:1")


C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def series_on(path, title):
    """The series of charts with cells of a sheet: range of the values, and the cached ones."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/charts/chart"):
                root = ElementTree.fromstring(archive.read(name))
                for one in root.iter(f"{C}ser"):
                    formula = one.findtext(f"{C}val/{C}numRef/{C}f", "")
                    if formula.startswith(f"{title}!") or "L1 bank" in "".join(one.itertext()):
                        points = one.iterfind(f"{C}val/{C}numRef/{C}numCache/{C}pt")
                        found[formula] = {int(point.get("idx")): float(point.findtext(f"{C}v")) for point in points}
    return found


@pytest.mark.parametrize("ops", [10, 60])  # longer tables are written in another way
def test_the_charts_are_of_the_cells_of_the_table(tmp_path, ops):
    rows = [op(call=1024 * place, duration=1000 + place) for place in range(1, ops + 1)]
    _, path = written(write_csv(tmp_path / "run.csv", rows), tmp_path, rows)
    sheet = load_workbook(path)["Memory"]
    top, headers, bottom = table(sheet, "In use while each op runs")
    assert bottom - top == ops
    series = series_on(path, "Memory")
    for header in ("L1 TENSORS [B]", "L1 CIRCULAR [B]", "DRAM [B]"):
        letter = sheet.cell(top, headers[header]).column_letter
        cached = series.pop(f"Memory!${letter}${top + 1}:${letter}${bottom}")
        cells = [sheet.cell(row, headers[header]).value for row in range(top + 1, bottom + 1)]
        assert cached == {at: value for at, value in enumerate(cells) if value is not None}
    assert len(series) == 1
    assert set(next(iter(series.values())).values()) == {BANK}


def test_a_long_capture_keeps_its_peaks(capture_path, device_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_MOST_OPS", 4)
    result, path = written(capture_path, tmp_path, device_rows)
    lines = records(load_workbook(path, data_only=True)["Memory"], "In use while each op runs")
    assert 2 <= len(lines) <= 4 < len(result.ops)
    found = result.graph.memory
    assert max(line["L1 USED [B]"] for line in lines) == found.l1_used.max()
    assert max(line["DRAM [B]"] for line in lines) == found.dram_total.max()
    assert [line["ORDER"] for line in lines] == sorted(line["ORDER"] for line in lines)


def test_columns_of_ops(made, formulas):
    for title in ("Top Ops", "All Ops"):
        sheet = formulas[title]
        headers = [cell.value for cell in sheet[1]]
        assert headers[headers.index("OP CODE") + 1] == "SOURCE"
        assert headers.index("CALL") == headers.index("MODULE") - 1 > headers.index("FLAGS")
        pcc = [sheet.cell(row, column(sheet, "PCC")) for row in range(2, sheet.max_row + 1)]
        assert {cell.number_format for cell in pcc if cell.value is not None} == {"0.00000"}
        assert all(cell.value is None or isinstance(cell.value, float | int) for cell in pcc)
    frame = pd.read_excel(made[1], sheet_name="All Ops", engine="openpyxl")
    assert frame["SOURCE"].tolist() == [f"model.py:{10 + i % 3}" for i in range(len(frame))]
    assert frame["MODULE"].tolist() == [f"Model.block{i % 2}" for i in range(len(frame))]
    assert frame["L1 USED [B]"].tolist() == made[0].every.graph.memory.l1_used.tolist()


def test_about_explains_the_columns(formulas):
    explained = {str(row[0].value) for row in formulas["About"].iter_rows() if row[0].value}
    assert {"Source", "Memory"} <= explained
    for sheet, titles in (
        ("Source", ("By line", "Module tree", "By call")),
        ("Memory", ("Held in L1", "In use while each op runs")),
    ):
        for title in titles:
            headers = table(formulas[sheet], title)[1]
            assert {header.partition(" [")[0] for header in headers} <= explained, title


def test_without_a_graph_report_nothing_of_it_is_there(workbook_path):
    plain = load_workbook(workbook_path)
    assert not {"Source", "Memory"} & set(plain.sheetnames)
    for title in ("Top Ops", "All Ops", "Hotspots"):
        assert not {"SOURCE", "CALL", "MODULE", "L1 USED [B]", "PCC"} & {cell.value for cell in plain[title][1]}
    assert "Source and memory" not in [cell.value for cell in plain["Summary"]["A"]]
