"""Tables in the terminal: widths, colours, and texts that stay texts."""

import io
import re
from itertools import pairwise

import numpy as np
import pytest
from rich.cells import cell_len
from support.agreement import analysed
from support.captures import op
from support.real import CAPTURES, each

from perfsheet import analyze, read
from perfsheet.outputs.terminal.ops import print_groups, print_hotspots, print_top_ops
from perfsheet.provenance import Provenance
from perfsheet.tables.op_rows import folded_ops

RENDERERS = {"top-ops": print_top_ops, "group": print_groups, "hotspots": print_hotspots}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def rendered(analysis, what="top-ops", count=20, out=None):
    out = out or io.StringIO()
    RENDERERS[what](analysis, count, out)
    return out.getvalue()


@pytest.fixture(params=[80, 120, 160])
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


def assert_fits(text, width):
    assert max(map(cell_len, text.splitlines())) <= width


def figures(analysis, count, cumulative):
    lines = folded_ops(analysis, count)
    places = np.concatenate([[0], np.cumsum(lines.counts)]).tolist()
    every = analysis.top()
    for first, end in pairwise(places):
        ranked, last = every[first], every[end - 1]
        kernel = f"{ranked.kernel_ns:,.0f}" if ranked.kernel_ns.is_integer() else f"{ranked.kernel_ns:,.3f}".rstrip("0")
        util, grid = (
            "–" if value is None else f"{100 * value:.1f}" for value in (ranked.utilization, ranked.utilization_grid)
        )
        cores = f"{ranked.core_count or '?'}/{ranked.worker_cores or '?'}"
        shares = [f"{100 * value:.1f}" for value in (sum(one.share for one in every[first:end]), last.cumulative)]
        yield [str(ranked.rank), cores, kernel, *(shares if cumulative else shares[:1]), util, grid]


def assert_no_figure_is_cut(analysis, text, count=20):
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines, 1) if re.match(" *# ", line)), 0)
    table = lines[start : lines.index("", start)]
    cumulative = not start or "CUM. %" in lines[start - 1]  # shape and data types take its room in a narrow terminal
    for rank, *expected in figures(analysis, count, cumulative):
        (line,) = [line for line in table if re.match(rf" *{rank} ", line)]
        at = 0
        for figure in expected:
            assert figure in line[at:]
            at = line.index(figure, at) + len(figure)


@pytest.mark.parametrize("what", RENDERERS)
def test_no_line_is_wider_than_the_terminal(analysis, width, what):
    text = rendered(analysis, what)
    assert len(text.splitlines()) > 8
    assert_fits(text, width)


def test_no_figure_is_cut(analysis, width):
    assert_no_figure_is_cut(analysis, rendered(analysis))


@each(CAPTURES)
def test_real_captures_fit(path, width):
    analysis = analysed(path)
    text = rendered(analysis)
    assert_fits(text, width)
    assert_no_figure_is_cut(analysis, text)
    for what in ("group", "hotspots"):
        assert_fits(rendered(analysis, what), width)


def test_large_figures_are_not_cut_either(analysis_of, width):
    rows = [
        op("MatmulMultiCoreReuseMultiCast1DProgramFactory", 9_876_543_210_123 - at, 110, pm=9e13, grid=130, device=31)
        for at in range(20)
    ]
    analysis = analysis_of(*rows, op("Add", 1.125, 1, device=0))
    text = rendered(analysis)
    assert_fits(text, width)
    assert_no_figure_is_cut(analysis, text)


def test_op_codes_give_way_to_figures(analysis_of, width):
    text = rendered(analysis_of(op("x" * 5000, 123_456_789), op("😀" * 500, 5)))
    assert_fits(text, width)
    assert "123,456,789" in text
    assert "…" in text


def test_piped_output_is_plain_and_wide(analysis, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    for what in RENDERERS:
        text = rendered(analysis, what)
        assert "\x1b" not in text
        assert 80 < max(map(len, text.splitlines())) <= 160
    assert "InterleavedToSharded" in rendered(analysis)


def test_a_terminal_gets_styles(analysis, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in rendered(analysis, out=Terminal())


def test_no_color_is_honoured(analysis, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for what in RENDERERS:
        text = rendered(analysis, what, out=Terminal())
        codes = {code for found in re.findall(r"\x1b\[([\d;]*)m", text) for code in found.split(";")}
        assert not codes & {*map(str, range(30, 50)), *map(str, range(90, 108))}


@pytest.mark.parametrize(
    "code",
    ["\x1b[31mred", "\x1b]0;title\x07", "\x9b31mred", "a\rb", "a\nb", "right\u202eleft", "\x08\x08", "zero\u200bwidth"],
)
@pytest.mark.parametrize("what", RENDERERS)
def test_nothing_in_a_capture_drives_the_terminal(capture_of, what, code):
    row = op(f"A{code}B", 10, 1, fidelity=code, arch=code, memory=code)
    analysis = analyze(read(capture_of(row)), provenance=Provenance(tests=code, replayed=True))
    text = rendered(analysis, what)
    assert "�" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", text)


@pytest.mark.parametrize("what", RENDERERS)
@pytest.mark.parametrize("code", ["[bold]Add[/bold]", "[/]", "[link=http://x.test]y[/link]", ":warning:", "\\[red]"])
def test_nothing_in_a_capture_is_markup(analysis_of, what, code):
    assert code in rendered(analysis_of(op(code, 10, 1)), what)


def test_the_head_says_what_was_analysed(analysis):
    head = rendered(analysis).split("\n\n")[0]
    for words in (
        "run.csv",
        "wormhole_b0",
        "64 worker cores",
        "S8",
        "10 device ops on 2 devices",
        "80.434 µs",
        "batch 4",
    ):
        assert words in head


def test_a_replay_says_so_first(capture_of):
    analysis = analyze(read(capture_of(op(cores=1))), provenance=Provenance(replayed=True))
    for what in RENDERERS:
        assert "replayed" in rendered(analysis, what).splitlines()[0]


def test_the_device_stands_beside_an_op_when_there_are_several(analysis, analysis_of):
    assert " DEV " in rendered(analysis)
    assert " DEV " not in rendered(analysis_of(op()))


def test_counts_cut_the_tables_and_say_of_how_many(analysis):
    assert "2 of 9 ops" in rendered(analysis, count=2)
    assert f"1 of {len(analysis.causes)} causes" in rendered(analysis, "hotspots", 1)
    assert f"3 of {len(analysis.groups)} groups" in rendered(analysis, "group", 3)


def test_nothing_to_show_is_said(analysis_of):
    assert "no device op has a kernel duration" in rendered(analysis_of(op(duration=None)))
    assert "No hotspot" in rendered(analysis_of(op()), "hotspots")


def test_groups_of_nothing_timed_do_not_fail(analysis_of):
    assert rendered(analysis_of(op(duration=None)), "group")
