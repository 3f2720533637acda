"""The charts of the page: their figures are those of the analysis, and their selections are ops."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from support.graphs import with_graph
from support.real import CAPTURES, each

from perfsheet import Options, analyze, read
from perfsheet.app import charts
from perfsheet.models.bench.model import TimedRun

EXAMPLE = Path(__file__).parents[2] / "examples/captures/generated_encoder_block_before.csv"


@pytest.fixture(scope="module")
def analysis():
    return analyze(read(EXAMPLE), Options())


def agree(analysis):
    timeline = charts.timeline(analysis)["data"]["values"]
    assert sum(bar["ns"] for bar in timeline) == pytest.approx(float(np.nansum(analysis.ops.kernel_ns)))
    tops = defaultdict(float)
    for bar in timeline:
        assert bar["below"] == pytest.approx(tops[bar["op"]])
        tops[bar["op"]] = bar["top"]
    parts = charts.time_split(analysis)["data"]["values"]
    assert [part["ns"] for part in parts] == [part.ns for part in analysis.summary.time_split.shown]
    for bar, group in zip(charts.pareto(analysis)["data"]["values"], analysis.groups, strict=False):
        assert bar["first"] in group.positions.tolist()
        assert bar["ns"] == group.kernel_ns
    for spec in (charts.roofline(analysis)["layer"][-1], charts.core_use(analysis)):
        for point in spec["data"]["values"]:
            assert 0 <= point["first"] < len(analysis.ops)


def test_figures_are_those_of_the_analysis(analysis):
    agree(analysis)
    assert charts.memory(analysis) is None


@each(CAPTURES)
def test_figures_of_real_captures(path):
    agree(analyze(read(path)))


def test_memory_is_that_of_the_graph_report(tmp_path):
    analysis = with_graph(tmp_path)
    shown = charts.memory(analysis)["data"]["values"]
    tensors = [1024 * value["kib"] for value in shown if value["category"] == "tensors"]
    circular = [1024 * value["kib"] for value in shown if value["category"] == "circular buffers"]
    used = np.array(tensors) + np.array(circular)
    assert used.tolist() == analysis.graph.memory.l1_used.tolist()


def test_a_selection_on_the_timeline_is_the_ops_that_it_touches():
    # Op 4 is drawn from 4 to 5, and is at position 3.
    assert charts.picked({"op": [4.2, 4.9]}, 80) == (3, 3)
    assert charts.picked({"op": [4.2, 11.6]}, 80) == (3, 10)
    assert charts.picked({"op": [4, 5]}, 80) == (3, 3)
    assert charts.picked({"op": [90, -5]}, 80) == (0, 79)
    for nothing in ({}, {"op": []}, {"op": None}, None):
        assert charts.picked(nothing, 80) is None


def test_warm_up_runs_are_told_apart():
    spec = charts.runs([TimedRun("a", 1, 50.0, True), TimedRun("a", 2, 5.0, False)])
    assert [(value["run"], value["kind"], value["ms"]) for value in spec["data"]["values"]] == [
        (1, "warm-up", 50.0),
        (2, "measured", 5.0),
    ]


def test_text_of_a_capture_cannot_drive_a_chart(capture_of):
    from support.captures import op

    hostile = "<img src=x onerror=alert(1)>\u202e"
    analysis = analyze(read(capture_of(op(hostile, 1000, 64), op(hostile, 900, 64))))
    label = charts.pareto(analysis)["data"]["values"][0]["label"]
    assert "\u202e" not in label
