"""What figures are of, on the first screen of every output: passes, devices, overlap, ops without a usable time."""

import io
import json
import re

import pandas as pd
import pytest
from rich.cells import cell_len
from support.agreement import analysed
from support.captures import op
from support.page import Page
from support.real import CAPTURES, capture, each

from perfsheet.outputs import json_output
from perfsheet.outputs.html import page
from perfsheet.outputs.markdown import report as markdown
from perfsheet.outputs.terminal.ops import print_hotspots, print_top_ops
from perfsheet.outputs.workbook import book
from perfsheet.text import sentences

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
GAP = "OP TO OP LATENCY [ns]"
MESH = (
    op("Matmul", 100, device=0, call=1, **{GAP: 0}),
    op("Matmul", 140, device=1, call=2, **{GAP: 0}),
    op("Add", 50, 8, device=0, call=3, **{GAP: 20}),
    op("Add", 30, 8, device=1, call=4, **{GAP: 10}),
)
PASSES = [op("Matmul", 100, call=1, **{GAP: 0}), op("Add", 50, call=2, **{GAP: 10})] * 3
OVERLAP = [
    op("A", 1_000, call=1, **{GAP: 0}),
    op("B", 400, call=2, **{GAP: -900}),
    op("C", 100, call=3, **{GAP: 700}),
]
"""B runs from 100 to 500 ns beside A, which runs until 1,000 ns; C starts at 1,200 ns."""
CONTRADICTED = [
    op("A", 1_000, call=1, **{GAP: 0}),
    op("B", 7_000_000, call=2, **{GAP: -6_000_000}),
    op("C", 500, call=3, **{GAP: 100}),
    op("D", 250, call=4, **{GAP: 50}),
]


def screen(analysis, width, monkeypatch, show=print_top_ops, count=5):
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    show(analysis, count, out)
    return out.getvalue()


def flat(text):
    return " ".join(text.split())


def test_an_op_of_a_mesh_is_shown_once_with_its_slowest_device(analysis_of, monkeypatch):
    analysis = analysis_of(*MESH)
    for width in (80, 100):
        lines = screen(analysis, width, monkeypatch).splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("#"))
        header, matmul, add, blank = lines[start : start + 4]
        assert not blank
        # 1 - 100 / 140 and 1 - 30 / 50; the critical path takes 140 + 50 ns.
        assert header.startswith("#  OP CODE")
        assert re.match(r"1 +Matmul .*1 +64/64 +140 +28.6 +73.7", matmul)
        assert re.match(r"2 +Add .*0 +8/64 +50 +40.0 +26.3", add)
    told = json.loads(json_output.dumps(json_output.top_ops(analysis, None)))
    assert [(row["device_id"], row["devices"], row["fastest_ns"]) for row in told["ops"]] == [(1, 2, 100), (0, 2, 30)]
    assert (told["capture"]["kernel_duration_ns"], told["capture"]["kernel_duration_sum_ns"]) == (190, 320)


def test_all_ops_lists_every_device_and_ranks_those_that_count(analysis_of, tmp_path):
    path = tmp_path / "run.xlsx"
    book.write(analysis_of(*MESH), path)
    sheet = pd.read_excel(path, sheet_name="All Ops", engine="openpyxl")
    assert sheet["DEVICE KERNEL DURATION [ns]"].tolist() == [100, 140, 50, 30]
    assert sheet["RANK"].fillna(0).tolist() == [0, 1, 2, 0]
    flags = sheet["FLAGS"].fillna("").tolist()
    assert [flags[0], flags[3]] == ["", ""]
    assert "low-core-count" in flags[2]


def test_all_ops_has_every_pass(analysis_of, tmp_path):
    path = tmp_path / "run.xlsx"
    book.write(analysis_of(*PASSES), path)
    sheet = pd.read_excel(path, sheet_name="All Ops", engine="openpyxl")
    assert sheet["PASS"].tolist() == [1, 1, 2, 2, 3, 3]
    assert sheet["RANK"].notna().tolist() == [False, False, True, True, False, False]


def test_what_figures_are_of_stands_once_in_every_output(analysis_of, monkeypatch, tmp_path):
    for rows, words in (
        (PASSES, "3 passes of 2 ops, 0.150 µs each"),
        (MESH, "figures: their critical path (--per-device: every device)"),
        (OVERLAP, "ops of sub-devices or queues overlap"),
    ):
        analysis = analysis_of(*rows)
        assert any(words in text for text in sentences.figures_of(analysis.summary))
        for width in (80, 160):
            assert flat(screen(analysis, width, monkeypatch)).count(words) == 1
        assert markdown(analysis).count(words) == 1
        head = page(analysis).partition("<nav>")[0]
        assert head.count(words) == 1
        book.write(analysis, tmp_path / "run.xlsx")
        cells = pd.read_excel(tmp_path / "run.xlsx", sheet_name="Summary", header=None).to_numpy().ravel().tolist()
        assert sum(words in str(cell) for cell in cells) == 1


def test_elapsed_time_stands_once_in_every_output(analysis_of, monkeypatch, tmp_path):
    analysis = analysis_of(*PASSES)
    # One pass: 100 + 50 ns of kernels and a gap of 10 ns.
    words = "0.160 µs elapsed: compute 93.8 % (matmul 62.5, other 31.2) · idle 6.2 % (dispatch)"
    assert sentences.time_split(analysis.summary) == words
    marked = words.replace("compute", "█ compute").replace("idle", "░ idle")
    assert markdown(analysis).count(marked) == 1
    assert f"`{'█' * 56}{'░' * 4}`" in markdown(analysis)
    assert page(analysis).count(words) == 1
    book.write(analysis, tmp_path / "run.xlsx")
    cells = pd.read_excel(tmp_path / "run.xlsx", sheet_name="Summary", header=None).to_numpy().ravel().tolist()
    assert sum(words in str(cell) for cell in cells) == 1
    text = flat(screen(analysis, 80, monkeypatch))
    for key in ("█ compute 93.8 %", "░ idle 6.2 %"):
        assert key in text
    bar = next(line for line in screen(analysis, 80, monkeypatch).splitlines() if line.startswith("██"))
    assert (bar.count("█"), bar.count("░")) == (56, 4)


@each(CAPTURES)
def test_the_head_is_short(path, monkeypatch):
    analysis = analysed(path)
    head = screen(analysis, 160, monkeypatch).split("\n\n")[0].splitlines()
    assert len(head) <= 9
    for width in (80, 160):
        for show in (print_top_ops, print_hotspots):
            text = screen(analysis, width, monkeypatch, show)
            assert max(map(cell_len, text.splitlines())) <= width
            starts = [line.strip() for line in text.split("\n\n")[0].splitlines()]
            assert not any(line.startswith(("%", "·", "ms", "µs", "GHz")) for line in starts)


def test_the_head_of_the_clip_encoder_takes_seven_lines(monkeypatch):
    head = screen(analysed(capture("wormhole-n150-clip-encoder")), 160, monkeypatch).split("\n\n")[0]
    assert len(head.splitlines()) == 7


def test_hidden_ops_are_marked_at_every_width(analysis_of, monkeypatch):
    analysis = analysis_of(*OVERLAP)
    # A hides B; with C and the gap before it 1,300 ns elapse.
    assert analysis.ops.counted_ns.tolist() == [1_000, 0, 100]
    wide, narrow = (screen(analysis, width, monkeypatch) for width in (280, 80))
    (line,) = [line for line in wide.splitlines() if line.lstrip().startswith("2  B")]
    assert line.endswith("hidden")
    assert "hidden: a longer op of another sub-device or queue runs all the time, so its SHARE % is 0." in flat(wide)
    (line,) = [line for line in narrow.splitlines() if line.lstrip().startswith("2 ") and " B " in line]
    assert line.endswith("~")
    assert "~ hidden: a longer op" in flat(narrow)
    assert "hidden" not in screen(analysis_of(*PASSES), 80, monkeypatch)


def test_an_unusable_duration_is_no_figure_anywhere(analysis_of, monkeypatch, tmp_path):
    analysis = analysis_of(*CONTRADICTED)
    for width in (80, 160):
        text = flat(screen(analysis, width, monkeypatch))
        assert "kernel time 1.750 µs" in text
        assert "FPS unknown (batch 1): 1 of 4 ops without a duration" in text
        assert "1 op without a duration not counted" in text
        assert "7,000,000" not in text
    assert "– FPS" not in screen(analysis, 160, monkeypatch, print_hotspots)
    shown = Page(page(analysis))
    assert shown.headline["FPS"] == "–"
    assert [line["Op code"] for line in shown.tables["ops-table"].records()] == ["A", "C", "D"]
    path = tmp_path / "run.xlsx"
    book.write(analysis, path)
    sheet = pd.read_excel(path, sheet_name="All Ops", engine="openpyxl")
    assert sheet["RANK"].fillna(0).tolist() == [1, 0, 2, 3]
    assert "invalid-duration" in sheet["FLAGS"].tolist()[1]


@pytest.mark.parametrize("width", [60, 70, 80, 90])
def test_grid_is_never_left_out_before_utilization(analysis_of, width, monkeypatch):
    rows = [op("Matmul" * 4, 9_876_543_210 - at, 110, pm=9e8, grid=130, device=at % 2, call=at) for at in range(20)]
    for analysis in (analysis_of(*rows), analysis_of(*(row | {"DEVICE ID": "0"} for row in rows))):
        text = screen(analysis, width, monkeypatch)
        header = next(line for line in text.splitlines() if line.startswith(("#", " #")))
        assert "GRID %" in header or "UTIL. %" not in header


def test_the_page_does_not_say_twice_that_all_is_well(analysis_of):
    text = page(analysis_of(op("Add", 1_000)))
    assert text.count("no problem in ") == 1
    assert "no problem in " not in page(analysis_of(*CONTRADICTED))
