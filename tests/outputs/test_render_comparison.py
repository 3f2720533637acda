"""A comparison says the same in terminal, JSON, workbook, page and Markdown, and is well-formed whatever it holds."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from support.captures import fallback, op, write_csv
from support.page import Page
from support.real import capture
from support.xlsx import lint

from perfsheet import analyze, compare, read
from perfsheet.outputs import json_output, markdown
from perfsheet.outputs.html import comparison as html
from perfsheet.outputs.terminal.comparison import print_comparisons
from perfsheet.outputs.workbook import comparison as workbook
from perfsheet.tables import Rows
from perfsheet.tables.comparison import FIGURES
from perfsheet.text import comparison as text
from perfsheet.text import formats

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "captures"
HOSTILE = (
    "=1+1",
    "@SUM(A1:A9)",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "a|b `c` [d](e) *f* ~g~ @h #1",
    "😀 ﷽ right\u202eleft",
    "x" * 5000,
)


def analysed(path):
    return analyze(read(path))


@pytest.fixture(scope="module", params=["example", "passes", "builds", "devices"])
def comparison(request, tmp_path_factory):
    if request.param == "example":
        return compare(*(analysed(EXAMPLES / f"generated_encoder_block_{name}.csv") for name in ("before", "after")))
    if request.param == "builds":
        return compare(analysed(capture("blackhole20-oftnet-2025-09")), analysed(capture("blackhole20-oftnet")))
    if request.param == "devices":
        whole = analysed(capture("blackhole-8xp150-deepseek-v3"))
        return compare(whole, analysed(capture("blackhole-p150-decoder-excerpt")))
    folder = tmp_path_factory.mktemp("passes")
    rows = [op("MatmulDeviceOperation", 1000), op("Softmax", 100, 1), fallback(), op("ReshardDeviceOperation", 10)]
    slower = [op("MatmulDeviceOperation", 1500), op("Softmax", 100, 8), op("ReshardDeviceOperation", 10)]
    return compare(analysed(write_csv(folder / "a.csv", rows * 2)), analysed(write_csv(folder / "b.csv", slower * 3)))


@pytest.fixture(scope="module")
def data(comparison):
    return json_output.compare(comparison, [])


@pytest.fixture(scope="module")
def sheets(comparison, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "cmp.xlsx"
    workbook.write([comparison], path)
    assert lint(path) == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_excel(path, sheet_name=None, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def page(comparison):
    return Page(html.page([comparison]))


def unknown(value):
    return None if pd.isna(value) else value


def figure(text):
    """A figure in words: `−1,234`, `+12.3 %`."""
    return None if text == "–" else float(re.sub(r"[,%+ ]", "", text).replace("−", "-"))


def test_all_ops_of_the_workbook(data, sheets):
    table = sheets["All Ops"]
    assert len(table) == len(data["ops"])
    for line, record in zip(table.to_dict("records"), data["ops"], strict=True):
        assert line["STATUS"] == record["status"]
        assert unknown(line["OP CODE BEFORE"]) == record["base_op_code"]
        assert unknown(line["OP CODE NOW"]) == record["new_op_code"]
        assert unknown(line["BEFORE [ns]"]) == record["base_ns"]
        assert unknown(line["NOW [ns]"]) == record["new_ns"]
        assert unknown(line["DIFFERENCE [ns]"]) == record["delta_ns"]
        assert unknown(line["DIFFERENCE [%]"]) == (
            None if record["delta_pct"] is None else pytest.approx(record["delta_pct"] / 100)
        )
        assert (line["BEYOND NOISE"] == "yes") == record["beyond_noise"]
        named = str(unknown(line["ROWS BEFORE"]) or "").removesuffix(".0")
        wanted = [str(row["row"]) for row in record["base_rows"][:8]]
        assert re.findall(r"(?<!\()\b\d+\b(?!\))", named) == wanted


def test_changes_of_the_workbook_and_the_page(data, sheets, page, comparison):
    table = sheets["Changes"].to_dict("records")
    rows = page.tables["changes-table"].records()
    assert len(table) == len(data["changes"])
    assert len(rows) == min(500, len(data["changes"]))
    for line, record in zip(table, data["changes"], strict=True):
        assert (line["STATUS"], line["OP CODE"], line["OPS"]) == (record["status"], record["op_code"], record["count"])
        assert unknown(line["DIFFERENCE [ns]"]) == record["delta_ns"]
    key = "per_pass" if comparison.per_pass else None
    header = "Difference [ns/pass]" if comparison.per_pass else "Difference [ns]"
    for line, record in zip(rows, data["changes"], strict=False):
        times = record[key] if key else record
        assert figure(line[header]) == (None if times["delta_ns"] is None else round(times["delta_ns"]))
        assert line["Op code"] == record["op_code"]
        for name, (before, after) in record["changes"].items():
            if len(str(before)) + len(str(after)) < 100:
                assert f"{name} {before or '–'} → {after or '–'}" in line["What changed"]


def test_op_types_everywhere(data, sheets, page, comparison):
    table = sheets["By Op Type"].to_dict("records")
    rows = page.tables["types-table"].records()
    written = markdown.compare([comparison])
    for line, row, record in zip(table, rows, data["groups"], strict=True):
        assert (line["OP TYPE"], row["Op type"]) == (record["op_type"], record["op_type"])
        assert (line["OPS BEFORE"], line["OPS NOW"]) == (record["base_count"], record["new_count"])
        assert (row["Ops before"], row["Ops now"]) == (f"{record['base_count']:,}", f"{record['new_count']:,}")
        assert (unknown(line["BEFORE [ns]"]), unknown(line["NOW [ns]"])) == (record["base_ns"], record["new_ns"])
    for record in data["groups"][:5]:
        times = record["per_pass"] if comparison.per_pass else record
        if times["delta_ns"]:
            assert f"| `{record['op_type']}` | {record['base_count']:,} | {record['new_count']:,} |" in written
            assert formats.signed(round(times["delta_ns"])) in written


def test_the_headline_everywhere(data, page, comparison, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    out = io.StringIO()
    print_comparisons([comparison], None, out)
    shown, written = out.getvalue(), markdown.compare([comparison])
    rows = Rows(comparison, comparison.figures)
    texts = [FIGURES[key].texts(rows) for key in ("metric", "base", "new", "delta")]
    for line, record, *cells in zip(page.tables["figures-table"].records(), data["figures"], *texts, strict=True):
        label, before, now, delta = cells
        assert [line["Metric"], line["Before"], line["Now"], line["Difference"]] == cells
        assert f"| {label} | {before} | {now} | {delta} |" in written
        assert re.search(rf"{re.escape(label)} +{re.escape(before)} +{re.escape(now)} +{re.escape(delta)}", shown)
        if record["base"] is not None and record["unit"] == "ns":
            assert figure(before) == pytest.approx(record["base"], abs=0.5)
    headline = text.headline(comparison)
    assert headline in shown
    assert f"· {headline}" in written


def test_findings_everywhere(data, sheets, page):
    lines = sheets["Findings"].to_dict("records")
    statuses = [line["STATUS"] for line in lines]
    assert {name: statuses.count(name) for name in ("fixed", "new", "remaining")} == {
        name: len(data["findings"][name]) for name in ("fixed", "new", "remaining")
    }
    assert len(page.tables["findings-table"].rows) == min(300, len(lines))
    for name, column in (("fixed", "KERNEL DURATION BEFORE [ns]"), ("new", "KERNEL DURATION NOW [ns]")):
        listed = [line[column] for line in lines if line["STATUS"] == name]
        assert listed == [record["kernel_duration_ns"] for record in data["findings"][name]]


def test_the_sums_are_those_of_the_windows(data):
    for side in ("base", "new"):
        total = data[side]["kernel_duration_ns"]
        assert sum(record[f"{side}_ns"] or 0 for record in data["ops"]) == total
        assert sum(record[f"{side}_ns"] or 0 for record in data["groups"]) == total
    assert sorted(place for record in data["changes"] for place in record["ops"]) == [
        place for place, record in enumerate(data["ops"]) if record["status"] != "same"
    ]


def test_bars_of_the_page_go_the_right_way(page, comparison):
    kinds = [attributes.get("data-bar") for tag, attributes in page.tags if tag == "td" and "data-bar" in attributes]
    differing = (comparison.span(op.times).delta_ns or 0 for op in comparison.ops if op.status != "same")
    shown = [
        *(comparison.span(changed.times).delta_ns for changed in (*comparison.groups[:500], *comparison.op_types)),
        *sorted(differing, key=lambda delta: -abs(delta))[:2000],
    ]
    assert kinds == ["gain" if delta < 0 else "loss" for delta in shown if delta]
    assert kinds


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")

    def rows(factor):
        return [
            op(text, 1000 * factor + at, 1, attributes=f"{{'a': '{text[:100]}{factor}'; '{text[:20]}': '1'}}")
            | {"INPUT_0_MEMORY": f"{text[:50]}{factor}", "MATH FIDELITY": f"{text[:20]}{factor}"}
            for at, text in enumerate(HOSTILE)
        ]

    sides = [analysed(write_csv(folder / f"{name}.csv", rows(factor))) for factor, name in ((1, "a"), (2, "b|<i>=1"))]
    return compare(*sides)


def test_hostile_text_stays_text_in_the_workbook(hostile, tmp_path):
    path = tmp_path / "cmp.xlsx"
    workbook.write([hostile], path)
    assert lint(path) == []
    assert load_workbook(path)["All Ops"]["B2"].value == "=1+1"


def test_hostile_text_stays_text_on_the_page_and_in_markdown(hostile):
    shown = html.page([hostile])
    Page(shown)
    assert "<script>alert" not in shown
    assert "\x1b" not in shown
    written = markdown.compare([hostile])
    outside = re.sub(r"`[^`]*`", "", written)
    assert "<script>" not in outside
    assert not re.search(r"(?<!&)#1", outside)
    tables = re.findall(r"(?:^\|.*\n)+", written, re.MULTILINE)
    assert len(tables) > 2
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_hostile_text_drives_no_terminal(hostile):
    out = io.StringIO()
    print_comparisons([hostile], None, out)
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()


def test_many_ops_go_on_on_a_second_sheet(comparison, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "ROWS_PER_SHEET", 20)
    path = tmp_path / "cmp.xlsx"
    workbook.write([comparison], path)
    names = [name for name in load_workbook(path).sheetnames if name.startswith("All Ops")]
    assert len(names) == -(-len(comparison.ops) // 20)
    assert names[:2] == ["All Ops", "All Ops part 2"][: len(names)]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0, "0"), (-0.0, "0"), (1234, "+1,234"), (-1234.5, "−1,234.5"), (0.0001, "0")]
)
def test_signed(value, shown):
    assert formats.signed(value) == shown


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_terminal_keeps_to_its_width(comparison, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    print_comparisons([comparison], 3, out)
    assert max(len(line) for line in out.getvalue().splitlines()) <= columns
