"""Frames a second, op types, and the table of categories."""

import pytest
from support.agreement import EVERYTHING
from support.captures import op, signpost

from perfsheet.analysis.ops.categories import category


def test_fps_of_all_of_matmul_and_conv_and_of_the_rest(analysis_of):
    rows = (op("MatmulDeviceOperation", 300), op("Conv2dDeviceOperation", 100), signpost(), op("LayerNorm", 600))
    fps = analysis_of(*rows, options={"batch": 8.0}).summary.fps
    assert fps.all == pytest.approx(8e9 / 1000)
    assert fps.matmul_conv == pytest.approx(8e9 / 400)
    assert fps.other == pytest.approx(8e9 / 600)


def test_fps_of_nothing_is_unknown(analysis_of):
    fps = analysis_of(op("LayerNorm", 600)).summary.fps
    assert (fps.all, fps.matmul_conv, fps.other) == (pytest.approx(1e9 / 600), None, pytest.approx(1e9 / 600))


def test_of_two_unequal_devices_the_busiest_sets_the_pace(analysis_of):
    rows = (
        op("Matmul", 900, device=0),
        op("Add", 100, device=0),
        op("Matmul", 500, device=1),
        op("Add", 700, device=1),
    )
    summary = analysis_of(*rows, options=EVERYTHING).summary
    assert summary.devices == (0, 1)
    assert max(summary.device_totals, key=lambda one: one.kernel_ns).device == 1
    assert summary.fps.all == pytest.approx(1e9 / 1200)
    assert summary.fps.matmul_conv == pytest.approx(1e9 / 500)
    assert summary.fps.other == pytest.approx(1e9 / 700)
    assert summary.kernel_ns == 2200


def test_the_pace_of_a_mesh_is_that_of_the_slowest_device_of_each_op(analysis_of):
    rows = [op(code, duration, device=device) for device, (matmul, add) in enumerate([(900, 100), (500, 700)])
            for code, duration in (("Matmul", matmul), ("Add", add))]  # fmt: skip
    summary = analysis_of(*rows).summary
    assert (summary.kernel_ns, summary.critical_path_ns, summary.kernel_sum_ns) == (1600, 1600, 2200)
    assert summary.fps.all == pytest.approx(1e9 / 1600)
    assert summary.fps.matmul_conv == pytest.approx(1e9 / 900)
    assert summary.fps.other == pytest.approx(1e9 / 700)


def test_gaps_between_ops_are_in_no_figure(analysis_of):
    gap = {"OP TO OP LATENCY [ns]": "99999999"}
    analysis = analysis_of(op("A", 10) | gap, op("B", 30) | gap)
    assert (analysis.ops.total_ns, analysis.summary.fps.all) == (40, pytest.approx(1e9 / 40))
    assert [op.op_code for op in analysis.top()] == ["B", "A"]


def test_op_types(analysis_of):
    rows = (op("Add", 10, 1), op("Add", 20, 64), op("Add", 60, 32), op("Add", None), op("Matmul", 110, None))
    first, second = analysis_of(*rows).op_types
    assert (first.op_code, first.category, first.share, first.cores_min) == ("Matmul", "matmul", 0.55, None)
    assert (second.op_code, second.count, second.kernel_ns, second.median_ns, second.longest_ns) == (
        "Add",
        3,
        90,
        20,
        60,
    )
    assert (second.cores_min, second.cores_max, second.low_core_count) == (1, 64, 1)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("MatmulDeviceOperation", "matmul"),
        ("Matmul", "matmul"),
        ("MinimalMatmulOp", "matmul"),
        ("AllGatherMatmulAsync", "matmul"),
        ("AllGatherMinimalMatmulAsyncOp", "matmul"),
        ("MatmulReduceScatterAsync", "matmul"),
        ("ttnn::operations::matmul::Matmul", "matmul"),
        ("SparseMatmulDeviceOperation", "matmul"),
        ("Conv2dDeviceOperation", "conv"),
        ("OptimizedConvNew", "conv"),
        ("Conv3dDeviceOperation", "conv"),
        ("conv_transpose2d", "conv"),
        ("ConvertToChw", "data movement"),
        ("ConvertToCHWDeviceOperation", "data movement"),
        ("ConvertToHwcDeviceOperation", "data movement"),
        ("NLPConcatHeadsDeviceOperation", "data movement"),
        ("TransposeDeviceOperation", "data movement"),
        ("HaloDeviceOperation", "data movement"),
        ("ReshardDeviceOperation", "reshard"),
        ("InterleavedToShardedPartialDeviceOperation", "reshard"),
        ("AllGatherAsync", "collective"),
        ("ReduceScatterMinimalAsync", "collective"),
        ("ScaledDotProductAttentionDecode", "attention"),
        ("SDPAOperation", "attention"),
        ("RingJointSDPADeviceOperation", "attention"),
        ("LayerNormDeviceOperation", "normalisation"),
        ("SoftmaxDeviceOperation", "softmax"),
        ("EmbeddingsDeviceOperation", "embedding"),
        ("Pool2D", "pooling"),
        ("UntilizeWithUnpaddingDeviceOperation", "layout"),
        ("ReduceDeviceOperation", "reduction"),
        ("BinaryNgDeviceOperation", "elementwise"),
        ("UnaryDeviceOperation", "elementwise"),
        ("NobodyKnowsThis", "other"),
        ("", "other"),
    ],
)
def test_which_op_is_what(code, name):
    assert category(code) == name


def test_categories_add_up_and_count_convert_to_chw_as_no_convolution(analysis_of):
    analysis = analysis_of(op("ConvertToChw", 70), op("AllGatherMatmulAsync", 20), op("Conv2d", 10))
    assert [(entry.category, entry.kernel_ns) for entry in analysis.categories] == [
        ("data movement", 70),
        ("matmul", 20),
        ("conv", 10),
    ]
    assert analysis.summary.fps.matmul_conv == pytest.approx(1e9 / 30)
