"""Workbooks that Excel opens without a word, whatever is in the capture."""

import pytest
from openpyxl import load_workbook
from support.agreement import analysed
from support.captures import host_op, op, signpost, write_csv
from support.graph_reports import graph_report
from support.real import CAPTURES, each
from support.xlsx import linked_row, lint

from perfsheet import analyze, read
from perfsheet.outputs.workbook import book
from perfsheet.outputs.workbook.cells import LONGEST_TEXT, safe_text
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.provenance import Provenance

try:
    import openxml_audit
except ImportError:
    openxml_audit = None

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

HOSTILE = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    '=HYPERLINK("http://x.test";"x")',
    "{=1+1}",
    "http://x.test/a",
    "internal:Summary!A1",
    "mailto:a@x.test",
    "\x1b[31mred\x1b[0m",
    "\x9b31mred",
    "bell\x07 null\x01",
    "_x0041_",
    "[bold]markup[/bold]",
    "😀 emoji ﷽",
    "right\u202eleft",
    "<b>&amp;</b> ]]>",
    "x" * 5000,
    "line\nbreak",
    "'quoted",
    "1234567890123456789",
    "TRUE",
    "#REF!",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        op(text, 1000 - at, 1, pm=10, call=at, attributes=f"{{'program_config': '{text}'}}", memory=text, fidelity=text)
        | {"LOC": text, "DEVICE ARCH": text, "INPUT_0_Y_PAD[LOGICAL]": text}
        for at, text in enumerate(HOSTILE)
    ]
    capture = write_csv(folder / "=1+1 [x].csv", rows, extra=["LOC", "=1+1", "@x", "[bold]"])
    provenance = Provenance(command="=1+1", tests="@SUM(1)", replayed=True)
    graph = graph_report(rows, text=lambda place: HOSTILE[place])
    analysis = analyze(read(capture), provenance=provenance, graph=graph)
    path = folder / "hostile.xlsx"
    book.write(analysis, path)
    return analysis, path


def assert_sound(path):
    assert lint(path) == []
    if openxml_audit is not None:
        errors = openxml_audit.OpenXmlValidator(max_errors=20).validate(str(path)).errors
        assert [str(error) for error in errors] == []


def test_the_made_workbook(workbook_path):
    assert_sound(workbook_path)


def test_the_hostile_workbook(hostile):
    assert_sound(hostile[1])


def test_hostile_texts_stay_text(hostile):
    workbook = load_workbook(hostile[1])
    sheet = workbook["All Ops"]
    op_code = [cell.value for cell in sheet[1]].index("OP CODE") + 1
    cells = [sheet.cell(row, op_code) for row in range(2, len(HOSTILE) + 2)]
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in cells)
    shown = [cell.value for cell in cells]
    for text, cell in zip(HOSTILE, shown, strict=True):
        plain = text.strip().isprintable()
        assert not plain or cell == text.strip()
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                text = cell.value if isinstance(cell.value, str) else ""
                assert "\x1b" not in text
                assert "\x9b" not in text
                assert "\u202e" not in text
                assert cell.hyperlink is None or cell.hyperlink.target is None


def test_hostile_names_of_a_graph_report_stay_text(hostile):
    workbook = load_workbook(hostile[1])
    texts = [
        cell
        for title in ("Source", "Memory")
        for row in workbook[title].iter_rows()
        for cell in row
        if isinstance(cell.value, str) and not cell.value.startswith("=HYPERLINK(\"#'All Ops'!A\"&IF(")
    ]
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in texts)
    shown = {cell.value.strip() for cell in texts}
    assert {"=1+1", "@SUM(A1:A9)", '=HYPERLINK("http://x.test";"x")', "http://x.test/a", "#REF!"} <= shown


@pytest.mark.parametrize("place", ["OP CODE", "DEVICE ARCH", "ATTRIBUTES", "INPUT_0_MEMORY", "LOC", "header"])
@pytest.mark.parametrize("character", ["\x1b", "\x01", "\ufffe", "\uffff"])
def test_characters_that_xml_does_not_allow(capture_of, tmp_path, place, character):
    text = f"odd {character} text"
    header = text if place == "header" else "LOC"
    row = op() | {header: text} | ({} if place == "header" else {place: text})
    book.write(analyze(read(capture_of(row, extra=[header]))), tmp_path / "odd.xlsx")
    assert lint(tmp_path / "odd.xlsx") == []


@pytest.mark.audit
@each([path for path in CAPTURES if path.stat().st_size < 400_000])  # the validator takes minutes for larger ones
def test_workbooks_of_real_captures_pass_the_validator(path, tmp_path):
    book.write(analysed(path), tmp_path / "run.xlsx")
    assert_sound(tmp_path / "run.xlsx")


@pytest.mark.audit
@each(CAPTURES)
def test_workbooks_of_real_captures(path, tmp_path):
    analysis = analysed(path)
    written = tmp_path / "run.xlsx"
    book.write(analysis, written)
    assert lint(written) == []
    sheet = load_workbook(written, read_only=True)["All Ops"]
    assert sum(1 for _ in sheet.iter_rows(min_row=2, max_col=1)) == analysis.every.summary.device_rows


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([op(duration=None)], id="nothing timed"),
        pytest.param([op(duration=0)], id="no kernel time"),
        pytest.param([op(cores=None, pm=None)], id="no cores"),
        pytest.param([op(), signpost(), host_op()], id="no finding"),
        pytest.param([op("Reshard", 1e12, 1, pm=9e11)], id="large figures"),
        pytest.param([op(device=number) for number in range(40)], id="many devices"),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_odd_captures(analysis_of, tmp_path, rows):
    book.write(analysis_of(*rows), tmp_path / "odd.xlsx")
    assert_sound(tmp_path / "odd.xlsx")


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("cells", [("-", "-"), ("", "-"), ("inf", "1"), ("nan", "nan"), ("1e400", ""), ("1_000", "2")])
def test_own_columns_of_any_content(capture_of, tmp_path, cells):
    rows = [op() | {"EXTRA": cell} for cell in cells]
    book.write(analyze(read(capture_of(*rows, extra=["EXTRA"]))), tmp_path / "odd.xlsx")
    assert lint(tmp_path / "odd.xlsx") == []


@pytest.mark.parametrize("cell", ["007", "1_000", "0x10", "nan", "infinity", "12345678901234567890", "-"])
def test_own_columns_keep_their_text(capture_of, tmp_path, cell):
    book.write(analyze(read(capture_of(op() | {"EXTRA": cell}, extra=["EXTRA"]))), tmp_path / "odd.xlsx")
    sheet = load_workbook(tmp_path / "odd.xlsx")["All Ops"]
    at = next(head.column for head in sheet[1] if head.value == "EXTRA")
    assert sheet.cell(2, at).value == cell


def test_columns_named_like_those_of_the_sheet(capture_of, tmp_path):
    extra = ["UTILIZATION", "Flags", "RANK", "WORKER CORES", "Share", "FILE ROW"]
    rows = [op(pm=20) | dict.fromkeys(extra, "9")]
    book.write(analyze(read(capture_of(*rows, extra=extra))), tmp_path / "odd.xlsx")
    headers = [cell.value for cell in load_workbook(tmp_path / "odd.xlsx")["All Ops"][1]]
    assert len({header.upper() for header in headers}) == len(headers)


def cells_of(path):
    workbook = load_workbook(path)
    return {
        sheet.title: {
            cell.coordinate: (cell.value, cell.hyperlink and cell.hyperlink.location)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in workbook.worksheets
    } | {"merged": {sheet.title: str(sheet.merged_cells) for sheet in workbook.worksheets}}


def test_large_captures_are_written_row_by_row_with_nothing_lost(analysis, workbook_path, tmp_path, monkeypatch):
    monkeypatch.setattr(book, "MANY_OPS", 0)
    path = tmp_path / "large.xlsx"
    book.write(analysis, path, raw=True)
    whole, streamed = cells_of(workbook_path), cells_of(path)
    for title, cells in whole.items():
        assert streamed[title] == cells, title
    assert lint(path) == []


def test_of_a_capture_that_is_too_long_the_longest_ops_are_listed_and_that_is_said(analysis, tmp_path, monkeypatch):
    monkeypatch.setattr(all_ops, "MOST_OPS", 4)
    analysis.ops.results_once.clear()
    path = tmp_path / "capped.xlsx"
    book.write(analysis, path)
    workbook = load_workbook(path)
    header, *rows = workbook["All Ops"].iter_rows(max_row=5, values_only=True)
    places = [header.index(name) for name in ("OP CODE", "DEVICE KERNEL DURATION [ns]", "RANK", "RUN ORDER")]
    longest = sorted(analysis.top(4), key=lambda ranked: ranked.position)
    assert [tuple(row[place] for place in places) for row in rows] == [
        (ranked.op_code, ranked.kernel_ns, ranked.rank, ranked.position + 1) for ranked in longest
    ]
    said = "Sheet All Ops has the 4 longest of 10 ops"
    assert book.left_out(analysis).startswith(said)
    assert workbook["All Ops"].cell(7, 1).value.startswith(said)
    assert any(said in str(cell.value) for row in workbook["Summary"].iter_rows() for cell in row)
    assert lint(path) == []
    top = workbook["Top Ops"]
    at = next(head.column for head in top[1] if head.value == "FILE ROW")
    for row, ranked in enumerate(analysis.top(9), start=2):
        link = top.cell(row, at).value
        if ranked in longest:
            assert linked_row(workbook, link)[places[0]].value == ranked.op_code
        else:
            assert link == ranked.row.row
    analysis.ops.results_once.clear()


@pytest.mark.parametrize("text", ["😀" * 20_000, "x" * 40_000, "é" * 32_766, "😀" * 16_383])
def test_texts_end_where_excel_ends(text):
    """A character beyond the first 65,536 counts twice there."""
    shown = safe_text(text)
    assert len(shown.encode("utf-16-le")) // 2 <= LONGEST_TEXT
    assert shown == text or (text.startswith(shown[:-1]) and shown[-1] == "…" and len(shown) > LONGEST_TEXT // 2 - 2)
