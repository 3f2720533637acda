"""The points behind the charts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING
from support.captures import op, shape
from support.real import CAPTURES, each

from perfsheet import analyze, read
from perfsheet.analysis.charts import REST, Point, decades, placed_names


def test_a_short_run_has_a_bin_per_op(analysis_of):
    found = analysis_of(op("Matmul", 10), op("Add", None), op("Add", 5), op("Matmul", 20)).timeline
    assert (found.ops_per_bin, found.first.tolist(), found.categories) == (1, [1, 2, 3, 4], ("matmul", "elementwise"))
    assert found.kernel_ns.tolist() == [[10, 0], [0, 0], [0, 5], [20, 0]]


def test_a_long_run_shares_its_bins(analysis_of):
    found = analysis_of(*(op("Add", 1 + number, call=number) for number in range(1001))).timeline
    assert (found.ops_per_bin, len(found.first), found.first[-1]) == (3, 334, 1000)
    assert found.kernel_ns.sum() == sum(range(1, 1002))
    assert found.kernel_ns[0, 0] == 1 + 2 + 3


def test_many_categories_share_the_last_one(analysis_of):
    codes = ["Matmul", "Conv2d", "LayerNorm", "Softmax", "Reshape", "Reshard", "Tilize", "Embedding", "Add", "Pool2D"]
    found = analysis_of(*(op(code, 1000 - at) for at, code in enumerate(codes))).timeline
    assert len(found.categories) == 8
    assert found.categories[-1] == REST
    assert found.kernel_ns[:, -1].tolist() == [0] * 7 + [993, 992, 991]


def test_pareto_counts_the_groups_that_make_four_fifths(analysis_of):
    rows = [op("Matmul", 70), op("Add", 6), op("Add", 6), op("Softmax", 10), op("Tilize", 8)]
    found = analysis_of(*rows).pareto
    assert [(bar.count, bar.kernel_ns) for bar in found.bars] == [(1, 70), (2, 12), (1, 10), (1, 8)]
    assert (found.groups, found.for_eighty) == (4, 2)
    assert found.bars[-1].cumulative == pytest.approx(1)


def test_core_use_shows_groups_on_one_core_count(analysis_of):
    rows = [op("Matmul", 10, 8), op("Matmul", 30, 8), op("Add", 5, 1), op("Softmax", 5, 1), op("Softmax", 5, 2)]
    found = analysis_of(*rows, op("Tilize", 9, None)).core_use
    assert [(one.x, one.y, one.count) for one in found.points] == [(8, 20, 2), (1, 5, 1)]
    assert (found.grid, found.left_out) == (64, 2)
    assert found.height == (1, 100)


def matmul(duration, memory="DRAM_INTERLEAVED", fidelity="HiFi2"):
    left, right, out = (shape(name, (1, 1, 1024, 1024), memory=memory) for name in ("INPUT_0", "INPUT_1", "OUTPUT_0"))
    return op("MatmulDeviceOperation", duration, fidelity=fidelity) | left | right | out


def test_roofline_points_are_flops_over_bytes_and_time(analysis_of):
    found = analysis_of(matmul(100_000), matmul(300_000), op("Add", 10)).roofline
    flops, moved = 2 * 1024**3, 3 * 1024 * 1024 * 2
    assert [(one.x, one.y, one.count) for one in found.points] == [(flops / moved, flops / 200_000, 2)]
    assert (found.in_l1, found.unknown) == (0, 1)
    assert [roof.fidelity for roof in found.roofs] == ["HIFI2"]
    # n150: 64 cores × 4096 FLOPs a cycle at LoFi × 1 GHz, two passes at HiFi2; 288 GB/s.
    assert found.roofs[0].flops_per_ns == pytest.approx(64 * 4096 / 2)
    assert found.dram_bytes_per_ns == 288


def test_roofs_bend_where_memory_and_math_meet(analysis_of):
    found = analysis_of(matmul(100_000)).roofline
    start, ridge, end = found.line(found.roofs[0])
    assert ridge == (found.roofs[0].flops_per_ns / 288, found.roofs[0].flops_per_ns)
    assert end == (found.span[1], found.roofs[0].flops_per_ns)
    assert start[1] == pytest.approx(start[0] * 288)


def test_math_from_l1_alone_has_no_place_on_the_roofline(analysis_of):
    found = analysis_of(matmul(100_000, "L1_BLOCK_SHARDED")).roofline
    assert (found.points, found.in_l1) == ((), 1)


def test_two_kinds_of_chips_have_no_roof(analysis_of):
    rows = (matmul(100_000), matmul(90_000) | {"AVAILABLE WORKER CORE COUNT": "110", "DEVICE ID": "1"})
    assert analysis_of(*rows, options=EVERYTHING).roofline.roofs == ()
    assert len(analysis_of(*rows).roofline.roofs) == 1  # the critical path is all on one of them


@given(st.lists(st.floats(1e-6, 1e12), max_size=20))
def test_decades_hold_all_values(values):
    low, high = decades(values)
    assert high >= 10 * low * 0.999
    assert all(low * 0.999 <= value <= high * 1.001 for value in values)
    assert math.log10(low) == pytest.approx(round(math.log10(low)))


def test_names_keep_apart():
    points = [Point(str(at), "matmul", at, 1000.0 + at, 1, 100.0 - at, 0.1, at) for at in range(5)]
    points.append(Point("far", "matmul", 1, 10.0, 1, 1.0, 0.1, 5))
    assert [(one.label, side) for one, side in placed_names(points)] == [("0", "right"), ("far", "right")]


@each(CAPTURES)
def test_real_captures(path):
    analysis = analyze(read(path))
    assert analysis.timeline.kernel_ns.sum() == pytest.approx(analysis.ops.total_ns)
    assert len(analysis.timeline.first) <= 400
    found = analysis.roofline
    assert (
        len(found.points) + found.in_l1 + found.unknown == min(len(analysis.groups), 10**9) or len(found.points) == 400
    )
    if found.roofs and found.dram_bytes_per_ns:
        top = max(roof.flops_per_ns for roof in found.roofs)
        # Nothing is above the roofs: such ops have no speed of light.
        assert all(one.y <= min(top, one.x * found.dram_bytes_per_ns) * 1.001 for one in found.points)
    if analysis.groups:
        assert analysis.groups[analysis.pareto.for_eighty - 1].cumulative >= 0.8 or not np.isfinite(
            analysis.groups[0].cumulative
        )
