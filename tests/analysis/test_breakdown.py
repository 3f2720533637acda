"""Tables for a report: layers, collectives, host time, geometries; and one inference per token."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from support.captures import host_op, op, shape, signpost, write_csv
from support.command import ROOT, here
from support.real import CAPTURES, CASES, WHY_NOT, capture, each

from perfsheet.analysis import Options, Selection, analyze
from perfsheet.analysis.breakdown import collectives, host_scopes, layer_classes
from perfsheet.analysis.breakdown.inference import Phase, Workload, inference
from perfsheet.capture.reader import read
from perfsheet.cli.table import KINDS
from perfsheet.errors import PerfsheetError
from perfsheet.tables.breakdown import BREAKDOWNS, layer_lines
from perfsheet.text.inference import limitations

BEFORE = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"
ALL = Options(selection=Selection(which_pass="all"))
PLAN = ROOT / "examples" / "captures" / "planned_encoder_block_before.json"


@pytest.fixture(scope="module")
def before():
    return analyze(read(BEFORE))


def test_a_layer_by_hand(before):
    (layer,) = layer_classes(before)
    assert (layer.id, layer.count, layer.ops) == ("L1", 4, 20)
    (device,) = layer.devices
    rows = before.ops.table.row[before.ops.rows]
    first = before.facts.scope.every.table.row[before.facts.scope.every.rows[layer.first]]
    here_ = (rows >= first) & (rows < first + 20)  # the capture has no other rows in between
    kernel = before.ops.kernel_ns[here_]
    moving = before.ops.in_category("reshard", "data movement", "layout", "cache")[here_]
    assert device.layer.memory_ns == kernel[moving].sum()
    assert device.layer.compute_ns == kernel[~moving].sum()
    totals = sorted(
        before.ops.kernel_ns[start : start + 20].sum() + np.nan_to_num(before.ops.gap_ns[start : start + 20]).sum()
        for start in range(0, 80, 20)
    )
    assert device.layer.total_ns in totals[1:2]


@each([*CAPTURES, *CASES])
def test_layers_add_up_to_the_window(path):
    try:
        analysis = analyze(read(path))
    except PerfsheetError:
        pytest.skip("it cannot be analysed")
    if not analysis.ops.timed.any():
        pytest.skip("no op is timed")
    for by_regions in (None, False):
        classes = layer_classes(analysis, by_regions)
        split = [one.all for found in classes for one in found.devices]
        kernel = sum(one.total_ns - one.idle_ns for one in split)
        within = analysis.facts.scope.within
        assert kernel == pytest.approx(np.nansum(analysis.facts.scope.every.exposed_ns[within]))
        assert sum(found.share for found in classes) == pytest.approx(1)
        for found in classes:
            for one in found.devices:
                assert one.layer.total_ns <= one.all.total_ns * (1 + 1e-9)
    lines = layer_lines(analysis)
    assert len(lines) == sum(len(found.devices) + 2 * (len(found.devices) > 1) for found in layer_classes(analysis))


def test_regions_are_layers_where_there_are_several(tmp_path):
    rows = [
        *(signpost("attention start"), op(duration=100), signpost("attention end")),
        *(signpost("mlp start"), op("Unary", 50), op("Unary", 60), signpost("mlp end")),
        *(signpost("attention start"), op(duration=300), signpost("attention end")),
        op("Binary", 7),
    ]
    analysis = analyze(read(write_csv(tmp_path / "a.csv", rows)), Options(selection=Selection(which_pass="all")))
    found = {layer.name: layer for layer in layer_classes(analysis)}
    assert {name: layer.count for name, layer in found.items()} == {"attention": 2, "mlp": 1, "outside": 1}
    assert found["attention"].devices[0].layer.compute_ns == 100  # of two the shorter one
    assert found["attention"].devices[0].all.compute_ns == 400
    assert found["outside"].devices[0].all.compute_ns == 7


def test_devices_have_their_own_layers_and_min_and_max(tmp_path):
    rows = [op("Unary", 100 * (device + 1), device=device) for _ in range(3) for device in range(2)]
    lines = layer_lines(analyze(read(write_csv(tmp_path / "a.csv", rows))))
    (layer,) = {line.of.id for line in lines}
    assert [(line.over, line.layer.compute_ns) for line in lines if line.of.id == layer] == [
        *(("0", lines.items[0].layer.compute_ns), ("1", 2 * lines.items[0].layer.compute_ns)),
        *(("min", lines.items[0].layer.compute_ns), ("max", 2 * lines.items[0].layer.compute_ns)),
    ]


def gather(device, duration, count=4):
    tensors = {**shape("INPUT_0", (1, 1, 32, 64)), **shape("OUTPUT_0", (1, 1, 32, 64 * count))}
    attributes = f"{{'dim': '3'; 'num_links': '2'; 'ring_size': '{count}'; 'topology': 'Topology::Ring'}}"
    return op("AllGatherAsyncDeviceOperation", duration, device=device, attributes=attributes, **tensors)


def test_a_collective_by_hand(tmp_path):
    rows = [
        row for durations in ((1000, 1500), (1100, 900)) for row in (gather(0, durations[0]), gather(1, durations[1]))
    ]
    analysis = analyze(read(write_csv(tmp_path / "a.csv", rows)), Options(selection=Selection(which_pass="all")))
    (found,) = collectives(analysis)
    assert (found.ring, found.links, found.topology, found.dim) == (4, 2, "Ring", "3")
    assert found.bytes == 32 * 256 * 2 * 3 / 4  # the output is bfloat16
    assert found.transfer_ns == 1000 + 900
    assert found.waiting_ns == 500 + 200
    assert found.bytes_per_ns == pytest.approx(2 * found.bytes / 1900)


def test_collectives_of_eight_devices():
    found = collectives(analyze(read(capture("blackhole-8xp150-deepseek-v3"))))
    assert len(found) == 4
    for one in found:
        assert one.ring == 4
        assert one.transfer_ns + one.waiting_ns == pytest.approx(one.group.kernel_ns)
        assert 30 < one.bytes_per_ns < 50


def test_host_time_by_scope(tmp_path):
    rows = [op(duration=1_000_000), host_op("(torch) copy"), host_op("(torch) copy"), op(duration=1_000_000)]
    window, host = host_scopes(analyze(read(write_csv(tmp_path / "a.csv", rows))))
    assert (window.device_ops, window.host_ops, window.device_ns) == (2, 2, 2_000_000)
    assert (host.op_code, host.host_ops, host.device_ops) == ("(torch) copy", 2, 0)
    assert window.host_ns == host.host_ns
    assert window.host_share == pytest.approx(host.host_ns / (host.host_ns + 2_000_000))


def test_layers_of_every_pass_are_counted(before):
    every = analyze(read(BEFORE), Options(selection=Selection(which_pass="all")))
    (one,) = layer_classes(before, by_regions=False)
    assert len(layer_classes(before, by_regions=True)) == 1
    layer, outside = layer_classes(every, by_regions=False)
    assert (one.count, layer.count, outside.id) == (4, 8, "outside")
    assert outside.ops == 2
    kernel = [found.devices[0].all.total_ns - found.devices[0].all.idle_ns for found in (layer, outside)]
    assert sum(kernel) == every.ops.total_ns


def test_a_layer_is_shown_whose_waits_are_all_known(tmp_path):
    first = [op("Unary", 100, gap=0), op("Binary", 100, gap=2_000_000), op("Softmax", 100, gap=0)]
    later = [op("Unary", 100, gap=500), op("Binary", 110, gap=500), op("Softmax", 100, gap=500)]
    rows = [row for layer in (first, later) for row in (signpost("x start"), *layer, signpost("x end"))]
    (layer,) = layer_classes(analyze(read(write_csv(tmp_path / "a.csv", rows)), ALL))
    (device,) = layer.devices
    assert layer.count == 2
    assert (device.layer.compute_ns, device.layer.idle_ns) == (310, 1500)
    assert (device.all.compute_ns, device.all.idle_ns) == (610, 1500)


def test_nothing_tells_the_waiting_of_one_device(tmp_path):
    rows = [gather(device, 1000 + device) for device in (0, 1)]
    alone = Options(selection=Selection(devices=(1,)))
    (found,) = collectives(analyze(read(write_csv(tmp_path / "a.csv", rows)), alone))
    assert (found.transfer_ns, found.waiting_ns, found.bytes_per_ns) == (None, None, None)
    assert found.group.kernel_ns == 1001


def test_regions_are_of_the_file_that_has_their_signposts(tmp_path):
    first = [op("Unary", 5), signpost("a start"), op(duration=100), signpost("a end"),
             signpost("b start"), op("Binary", 20), signpost("b end")]  # fmt: skip
    second = [op("Unary", 5, device=1), *(op("Softmax", 1000, device=1) for _ in range(6))]
    paths = [write_csv(tmp_path / f"{name}.csv", rows) for name, rows in (("first", first), ("second", second))]
    analysis = analyze(read(paths))
    regions = [scope for scope in host_scopes(analysis) if scope.scope == "region"]
    assert [(scope.window, scope.device_ops, scope.device_ns) for scope in regions] == [("a", 1, 100), ("b", 1, 20)]
    assert {layer.name: layer.count for layer in layer_classes(analysis)} == {"a": 1, "b": 1, "outside": 1}


def test_host_durations_that_are_unknown_add_up_to_nothing_known(tmp_path):
    rows = [op(), {**host_op(), "HOST DURATION [ns]": ""}]
    window, _ = host_scopes(analyze(read(write_csv(tmp_path / "a.csv", rows))))
    assert (window.host_ops, window.host_ns, window.total_ns, window.host_share) == (1, None, None, None)


@pytest.mark.parametrize("kind", ["layers", "ops", "host-fallback"])
def test_a_plan_has_no_measured_time_in_any_table(kind, capsys):
    told = json.loads(here(capsys, "table", kind, PLAN, "--json").out)["table"]
    keys = {key for record in told for key in record}
    assert "measured" not in str(keys)
    assert "kernel_duration" not in str(keys)
    if kind == "host-fallback":
        assert {record["device_op_time_ms"] for record in told} == {None}
        assert {record["host_op_time_ms"] for record in told if record["host_ops"]} == {None}
    if kind == "ops":
        assert {record["gap_ns"] for record in told} == {None}


def test_every_kind_of_table_is_a_kind_of_the_command():
    assert tuple(one.name for one in BREAKDOWNS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_the_same_in_markdown_csv_json_and_frames(kind, before, capsys):
    records = json.loads(here(capsys, "table", kind, BEFORE, "--json").out)["table"]
    csv = here(capsys, "table", kind, BEFORE, "--csv").out.splitlines()
    assert len(csv) == len(records) + 1
    assert len(before.frame(kind if kind != "ops" else "ops")) == len(records)
    markdown = here(capsys, "table", kind, BEFORE).out.splitlines()
    lines = [line for line in markdown if line.startswith("| ")][2:]
    assert len(lines) == len(records) or (not records and markdown[0].startswith("No op of this kind"))


def test_matmul_geometry(capsys):
    (first, *_) = json.loads(here(capsys, "table", "matmul-geometry", BEFORE, "--json").out)["table"]
    assert (first["m"], first["k"], first["n"], first["batch"]) == (384, 3072, 768, 1)
    assert (first["grid"], first["in0_block_w"], first["per_core"], first["subblock"]) == ("8×6", "1", "2×3", "1×1")
    assert first["program_config"] == "MultiCoreReuseMultiCast"
    assert (first["count"], first["kernel_duration_ns"]) == (4, 299_669)
    assert first["min_ns"] <= first["median_ns"] <= first["max_ns"]


def test_a_table_is_written_to_a_file_that_is_not_there(tmp_path, capsys):
    path = tmp_path / "layers.md"
    assert here(capsys, "table", "layers", BEFORE, "-o", path).status == 0
    assert path.read_text(encoding="utf-8").startswith("| Layer |")
    assert here(capsys, "table", "layers", BEFORE, "-o", path).status == 7
    assert here(capsys, "table", "layers", BEFORE, "-o", BEFORE).status != 0


@pytest.mark.parametrize("words", ["nothing", "norms --by regions", "layers --by rows", "layers --csv --json"])
def test_tables_that_cannot_be(words, capsys):
    kind, *rest = words.split()
    ended = here(capsys, "table", kind, BEFORE, *rest)
    assert ended.status == 2
    assert ended.err.count("\n") == 1


# One inference


def test_tokens_by_hand(before):
    found = inference(before, Workload(32, Phase.DECODE, None, 2_500_000))
    kernel, end = found.timing("kernel"), found.timing("end to end")
    assert kernel.ns == 1_896_294
    assert kernel.per_token.ms_per_token == pytest.approx(1.896294)
    assert kernel.per_token.tokens_per_s_user == pytest.approx(1e9 / 1_896_294)
    assert kernel.per_token.tokens_per_s == pytest.approx(32e9 / 1_896_294)
    assert end.per_token.tokens_per_s_user == pytest.approx(400)
    assert found.off_device_ns == 2_500_000 - 1_959_953
    prefill = inference(before, Workload(2, Phase.PREFILL, 384)).timing("kernel").per_token
    assert prefill.ms_per_token == pytest.approx(1.896294 / 384)
    assert prefill.tokens_per_s == pytest.approx(2 * 384e9 / 1_896_294)


def test_shares_of_the_peaks_are_those_of_the_ops(before):
    found = inference(before, Workload())
    light, kernel = before.facts.speed_of_light, before.ops.kernel_ns
    timing = found.timing("kernel")
    assert timing.compute == pytest.approx(np.nansum(light.compute * kernel) / kernel.sum())
    assert timing.dram == pytest.approx(np.nansum(light.dram_bytes) / light.peaks.dram_bytes_per_ns[0] / kernel.sum())
    assert found.roofline_ns == pytest.approx(np.nansum(light.min_kernel_ns))
    known = np.isfinite(light.min_kernel_ns)
    assert found.roofline_share == pytest.approx(kernel[known].sum() / kernel.sum())
    assert found.unmodelled_ns == pytest.approx(kernel[~known].sum())
    assert timing.per_token is None


@each([*CAPTURES, *CASES])
def test_one_inference_of_a_real_capture_is_possible(path):
    try:
        analysis = analyze(read(path))
    except PerfsheetError:
        pytest.skip("it cannot be analysed")
    found = inference(analysis, Workload(1, Phase.DECODE))
    for timing in found.timings:
        assert timing.inferences_per_s == pytest.approx(1e9 / timing.ns)
        assert timing.dram is None or 0 <= timing.dram <= 1
        assert timing.compute is None or 0 <= timing.compute <= 1
    kernel = found.timing("kernel")
    assert (kernel is None) == (analysis.summary.fps.all is None)
    by_clock = found.timing("elapsed" if analysis.ops.overlaps.any() else "kernel")
    if by_clock is not None:
        assert by_clock.inferences_per_s == pytest.approx(analysis.summary.fps.all)
    if kernel is not None:
        assert kernel.ns * analysis.facts.scope.counted_passes <= analysis.ops.total_ns * (1 + 1e-9)
    if kernel is not None and found.roofline_ns is not None and not analysis.ops.overlaps.any():
        assert found.roofline_ns + found.unmodelled_ns <= kernel.ns * 1.001
    assert found.roofline_share is None or -1e-9 <= found.roofline_share <= 1 + 1e-9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--phase train", "not a phase"),
        ("--phase prefill", "needs its number of tokens"),
        ("--tokens 5", "without a phase"),
        ("--phase decode --tokens 0", "not a count"),
        ("--phase decode --tokens nan", "not a count"),
        ("--e2e soon", "not a time"),
        ("--e2e 0ms", "not a time"),
        ("--e2e 3", "give 12.3ms"),
    ],
)
def test_workloads_that_cannot_be(words, said, capsys):
    ended = here(capsys, "summary", BEFORE, *words.split())
    assert ended.status == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_regions_are_those_of_one_inference(before):
    (region,) = inference(before, Workload()).regions
    assert (region.name, region.count, region.kernel_ns) == ("start", 1, before.ops.total_ns)
    every = analyze(read(BEFORE), Options(selection=Selection(which_pass="all")))
    (region,) = inference(every, Workload()).regions
    kernel = inference(every, Workload()).timing("kernel")
    assert (region.count, region.kernel_ns) == (1, kernel.ns)


def test_the_device_cannot_take_longer_than_all(before):
    found = inference(before, Workload(end_to_end_ns=1e6))
    (said,) = (text for text in limitations(before, found) if "longer than end to end" in text)
    assert "959.953 µs" in said


@pytest.mark.skipif(not CASES, reason=WHY_NOT)
def test_where_ops_overlap_the_figures_are_those_of_the_capture():
    analysis = analyze(read(next(path for path in CASES if path.name == "subdevices-overlap.csv")))
    found = inference(analysis, Workload())
    assert found.timing("kernel").ns == analysis.summary.kernel_ns == 400_000
    assert found.timing("elapsed").ns == analysis.summary.time_split.elapsed_ns == 416_000
    assert found.roofline_share == analysis.summary.speed_of_light.known_share
    assert found.roofline_share < 1
    assert found.roofline_share * 680_000 + found.unmodelled_ns == pytest.approx(680_000)


def test_a_plan_has_no_inference(capsys):
    ended = here(capsys, "summary", PLAN)
    assert ended.status == 2
    assert "a plan has no times" in ended.err


def test_the_screen_and_the_json_of_a_summary_agree(capsys):
    options = ("--phase", "decode", "--batch", "8", "--e2e", "2.5ms")
    told = json.loads(here(capsys, "summary", BEFORE, *options, "--json").out)
    screen = here(capsys, "summary", BEFORE, *options).out
    assert [one["time"] for one in told["times"]] == ["kernel", "elapsed", "end to end"]
    for one in told["times"]:
        assert f"{one['ns']:,.0f}" in screen
        assert f"{one['tokens_per_s_user']:,.1f}" in screen
    assert math.isclose(told["off_device_ns"], 540_047)
    assert "Off the device: 540.047 µs, 21.6 % of end to end." in screen
