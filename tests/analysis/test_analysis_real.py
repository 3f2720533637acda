"""Facts about captures of real runs that were established by hand."""

import pytest
from support.agreement import EVERYTHING, analysed
from support.real import capture


def total(analysis, rule):
    return next(total for total in analysis.rule_totals if total.rule.id == rule)


@pytest.mark.parametrize(
    ("name", "rows", "percent"),
    [("wormhole-n150-clip-encoder", 262, 20.0), ("blackhole64-clip-encoder", 106, 28.2)],
)
def test_low_core_rows(name, rows, percent):
    low = total(analysed(capture(name), **EVERYTHING), "low-core-count")
    assert (low.rows, round(100 * low.share, 1)) == (rows, percent)


def test_reshards_and_pairs():
    analysis = analysed(capture("blackhole20-oftnet"))
    reshard = total(analysis, "reshard")
    assert (reshard.rows, round(100 * reshard.share, 2), analysis.reshard_pairs) == (117, 0.93, 8)
    assert analysis.summary.signpost_rows == 50


def test_a_capture_without_a_grid_column_is_not_all_low_cores():
    analysis = analysed(capture("blackhole20-oftnet-2025-09"))
    low = total(analysis, "low-core-count")
    assert analysis.summary.worker_cores == 20
    assert analysis.summary.worker_cores_sources == ("largest-core-count",)
    assert 0 < low.rows < 621 / 2


@pytest.mark.parametrize(
    ("name", "schema", "arch", "device_rows", "milliseconds"),
    [
        ("blackhole20-oftnet", "S8", "blackhole", 1571, 197.010),
        ("blackhole20-oftnet-integral-image", "S6", None, 21, 11.398),
        ("blackhole64-clip-encoder", "S8", "blackhole", 660, 7.343),
        ("blackhole-8xp150-deepseek-v3", "S9", "blackhole", 208, 79.469),
        ("blackhole20-oftnet-2025-09", "S7", None, 621, 999.207),
        ("wormhole-n150-clip-encoder", "S8", "wormhole_b0", 1872, 63.218),
    ],
)
def test_what_was_captured(name, schema, arch, device_rows, milliseconds):
    summary = analysed(capture(name), **EVERYTHING).summary
    assert (summary.schema, summary.arch, summary.device_rows) == (schema, arch, device_rows)
    assert round(summary.kernel_ns / 1e6, 3) == milliseconds


def test_eight_devices_and_the_busiest_of_them():
    summary = analysed(capture("blackhole-8xp150-deepseek-v3"), **EVERYTHING).summary
    assert summary.devices == tuple(range(8))
    assert max(summary.device_totals, key=lambda one: one.kernel_ns).device in (4, 5, 6, 7)
    assert 1e3 / 11.65 <= summary.fps.all <= 1e3 / 11.59


@pytest.mark.parametrize(
    ("name", "window", "ops", "device_rows", "milliseconds"),
    [
        ("blackhole-8xp150-deepseek-v3", "whole capture", 26, 208, 11.736),
        ("blackhole64-clip-encoder", "pass 2 of 2", 330, 330, 3.671),
        ("wormhole-n150-clip-encoder", "pass 2 of 2", 936, 936, 31.611),
        ("blackhole-p150-cohere-decode-optimised-trace-replays", "pass 1 of 1", 27, 27, 0.167),
        ("blackhole20-oftnet", "whole capture", 1571, 1571, 197.010),
    ],
)
def test_what_one_inference_takes(name, window, ops, device_rows, milliseconds):
    """26 steps on 8 devices; of two passes the second one, which is warm; the replay that is whole."""
    summary = analysed(capture(name)).summary
    assert (summary.window, summary.ops, summary.device_rows) == (window, ops, device_rows)
    assert round(summary.kernel_ns / 1e6, 3) == milliseconds
    assert summary.fps.all == pytest.approx(1e9 / summary.kernel_ns)


def test_host_rows_are_counted_and_not_ranked():
    analysis = analysed(capture("wormhole-n150-segformer-encoder-2024-10"))
    assert (analysis.summary.device_rows, analysis.summary.host_rows) == (519, 485)
    assert round(analysis.summary.kernel_ns / 1e6, 1) == 127.6
    assert not any("(torch)" in op.op_code for op in analysis.top())
    assert total(analysis, "reshard").rows == 163


def test_rows_without_device_data_are_said():
    analysis = analysed(capture("wormhole-one-op-no-device-data"))
    assert (analysis.summary.device_rows, analysis.summary.timed_rows, analysis.top()) == (1, 0, [])
    assert any("DEVICE KERNEL DURATION" in warning for warning in analysis.summary.warnings)


def test_utilization_above_the_possible_is_marked():
    analysis = analysed(capture("blackhole64-clip-encoder"), **EVERYTHING)
    matmuls = [op for op in analysis.top() if "matmul" in op.op_code.lower()]
    assert len(matmuls) == 192
    assert all("not-physical" in op.flags and op.not_physical_reason for op in matmuls)
