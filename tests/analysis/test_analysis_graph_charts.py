"""The data of the charts of a graph report, and the source around lines."""

import numpy as np
import pytest
from support.graphs import BANK, BLOCK, ENCODER, FILE, KIB, SOURCE, graph_report, line_of, with_graph

from perfsheet.analysis.graph.charts import flame, memory_chart
from perfsheet.analysis.graph.excerpts import Excerpts


@pytest.fixture
def analysis(tmp_path):
    return with_graph(tmp_path)


def test_a_short_run_has_a_point_for_each_op(analysis):
    chart = memory_chart(analysis.graph, analysis.ops)
    assert chart.ops_per_point == 1
    assert chart.first.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert chart.tensors.tolist() == [made.l1 for made in ENCODER]
    assert np.isnan(chart.circular).tolist() == [made.circular is None for made in ENCODER]
    assert chart.used.tolist() == [made.l1 + (made.circular or 0) for made in ENCODER]
    assert chart.dram.tolist() == [12 * made.dram for made in ENCODER]
    assert (chart.bank_bytes, chart.peak, chart.highest) == (BANK, 2, 700 * KIB)
    assert chart.bank_in_reach


def test_points_of_a_long_run_keep_the_peaks(tmp_path):
    """4,001 ops are 1,334 points of three; the last one has two."""
    rng = np.random.default_rng(1)
    l1, dram = rng.integers(1, 1000, 4001).tolist(), rng.integers(1, 1000, 4001).tolist()
    l1[1234], dram[4000] = 5000, 6000
    made = [BLOCK[1]._replace(l1=a * KIB, circular=0, dram=b) for a, b in zip(l1, dram, strict=True)]
    analysis = with_graph(tmp_path, made).every
    chart = memory_chart(analysis.graph, analysis.ops)
    assert (chart.ops_per_point, len(chart.positions)) == (3, 1334)
    starts = range(0, 4001, 3)
    assert chart.tensors.tolist() == [KIB * max(l1[at : at + 3]) for at in starts]
    assert chart.dram.tolist() == [12 * max(dram[at : at + 3]) for at in starts]
    assert (chart.peak, int(chart.positions[chart.peak])) == (1234 // 3, 1234)


def test_what_is_unknown_is_no_zero(tmp_path):
    made = [BLOCK[0]._replace(l1=None), BLOCK[1]._replace(dram=None), BLOCK[2]._replace(l1=None, circular=5)]
    chart = memory_chart(*_graph_and_ops(with_graph(tmp_path, made)))
    assert np.isnan(chart.used).tolist() == [True, False, True]
    assert chart.peak == 1
    nothing = memory_chart(*_graph_and_ops(with_graph(tmp_path, [made[0]])))
    assert (nothing.peak, nothing.highest, nothing.bank_in_reach, nothing.dram_known) == (None, 0.0, False, False)


def _graph_and_ops(analysis):
    return analysis.graph, analysis.ops


def test_a_low_peak_leaves_the_bank_out_of_reach(tmp_path):
    chart = memory_chart(*_graph_and_ops(with_graph(tmp_path, [BLOCK[0]._replace(l1=50 * KIB)])))
    assert not chart.bank_in_reach


def test_modules_lie_within_those_that_call_them(analysis):
    boxes = flame(analysis.graph, analysis.ops)
    total = 205_001.0
    assert [(box.module.name, box.depth, box.category) for box in boxes] == [
        ("Encoder", 0, "matmul"),
        ("block", 1, "matmul"),
        ("mlp", 2, "matmul"),
        ("attention", 2, "matmul"),
        ("norm", 1, "normalisation"),
    ]
    assert [box.left * total for box in boxes] == pytest.approx([0, 0, 0, 100_001, 198_001])
    assert [box.width * total for box in boxes] == pytest.approx([205_001, 198_001, 100_001, 98_000, 7_000])


def test_the_lines_around_a_line(analysis):
    excerpts, lines = Excerpts(analysis.graph), SOURCE.splitlines()
    source = analysis.graph.sources[1]
    number = line_of("ttnn.linear(scores")
    found = excerpts.around(source)
    assert (source.file, source.line) == (FILE, number)
    assert [line.number for line in found] == list(range(number - 6, number + 7))
    assert [line.text for line in found] == lines[number - 7 : number + 6]
    shares = {line.number: line.share for line in found if line.share is not None}
    assert shares[number] == pytest.approx(80_000 / 205_001)
    assert set(shares) == {line_of(code) for code in ("softmax(", "linear(scores", "linear(x", "layer_norm(")}


def test_a_listing_leaves_out_what_is_far_from_any_op(tmp_path):
    source = SOURCE.replace("    def norm", "    # far\n" * 40 + "    def norm")
    report = graph_report(source=source)
    (listing,) = Excerpts(with_graph(tmp_path, report=report).graph).listings(10)
    assert (listing.file, listing.with_ops, listing.share) == (FILE, 4, pytest.approx(1))
    assert [(lines[0].number, lines[-1].number) for lines in listing.excerpts] == [(9, 25), (56, 67)]


def test_source_comes_from_the_report_alone(tmp_path):
    """A file of that name on disk is none of the page's business."""
    file = tmp_path / "encoder.py"
    file.write_text(SOURCE)
    graph = with_graph(tmp_path, report=graph_report(file=str(file), carried=False)).graph
    excerpts = Excerpts(graph)
    assert graph.sources[0].line == line_of("ttnn.softmax(x)")
    assert excerpts.around(graph.sources[0]) is None
    assert excerpts.listings(10) == []


def test_lines_count_as_python_counts_them(tmp_path):
    """A form feed or a line separator within a line ends none; tabs and long lines fit."""
    source = SOURCE.replace("import ttnn", "import ttnn  # \x0c \u2028").replace("\n", "\r\n")
    source = source.replace("    def norm", "\t# " + "x" * 400 + "\r\n    def norm")
    made = [BLOCK[0]]
    report = graph_report(made)
    report.sources[FILE] = source
    graph = with_graph(tmp_path, made, report).graph
    found = Excerpts(graph).around(graph.sources[0])
    assert found[6].text == "        scores = ttnn.softmax(x)"
    long = next(line.text for line in found if "xxx" in line.text)
    assert long.startswith("    # x")
    assert (len(long), long[-1]) == (240, "…")
