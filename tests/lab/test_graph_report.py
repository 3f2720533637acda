"""Graph reports that the real TTNN wrote on a mock board, against what their raw JSON and the example's source say."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mock_lab import needs_mock_board, on_mock_board, ttnn_version

from examples.capture_graph import trim
from examples.make_captures import CAPTURES
from perfsheet.graph_report import GraphReport, read_graph_report

pytestmark = needs_mock_board

ROOT = Path(__file__).resolve().parents[2]
BLOCK = ROOT / "examples" / "encoder_block" / "ttnn_block.py"
HOST_OPS_FIRST = 4
FEW_OPS = """
import sys
import ttnn

mode, runtime, mesh, report = sys.argv[1:]
ttnn.CONFIG.enable_fast_runtime_mode = runtime == "fast"
ttnn.CONFIG.enable_graph_python_stack_traces = True
device = ttnn.open_mesh_device(ttnn.MeshShape(1, 2)) if mesh == "1x2" else ttnn.open_device(device_id=0)
x = ttnn.empty((1, 1, 384, 768), ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)
weight = ttnn.empty((1, 1, 768, 768), ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)
ttnn.graph.begin_graph_capture(getattr(ttnn.graph.RunMode, mode))
y = ttnn.layer_norm(x)
z = ttnn.linear(y, weight, memory_config=ttnn.L1_MEMORY_CONFIG)
z = ttnn.gelu(z)
ttnn.graph.end_graph_capture_to_file(report)
(ttnn.close_mesh_device if mesh == "1x2" else ttnn.close_device)(device)
"""
FEW_NAMES = ["LayerNormDeviceOperation", "MatmulDeviceOperation", "UnaryDeviceOperation"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module", params=["before", "after"])
def report(request: pytest.FixtureRequest, folder: Path) -> Path:
    """The report of the example's two passes."""
    path = folder / f"{request.param}.json"
    on_mock_board("n150", folder, ROOT / "examples" / "capture_graph.py", request.param, path)
    return path


def few_ops(folder: Path, mode: str, runtime: str = "full", board: str = "n150", mesh: str = "one") -> Path:
    """The report of a LayerNorm, a linear and a GELU."""
    script = folder / "few_ops.py"
    script.write_text(FEW_OPS, encoding="utf-8")
    path = folder / f"few_{mode}_{runtime}_{board}.json"
    on_mock_board(board, folder, script, mode, runtime, mesh, path)
    return path


def imported(path: Path) -> GraphReport:
    """The database that TTNN's importer makes of a report."""
    place = path.with_suffix("")
    on_mock_board("n150", path.parent, "-m", "ttnn.graph_report", path, place)
    return read_graph_report(place / "db.sqlite")


def raw_nodes(path: Path) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["graph"]
    return nodes


def raw_programs(path: Path) -> list[str]:
    """The functions that looked a program up in the program cache."""
    started = (node for node in raw_nodes(path) if node["node_type"] == "function_start")
    return [node["params"]["name"] for node in started if "program_cache_hit" in node["params"]]


def raw_l1_peaks(path: Path) -> tuple[int, int]:
    """Most bytes of L1 that were ever allocated, per bank and over all banks."""
    live: dict[int, tuple[int, int]] = {}
    per_bank = total = 0
    for node in raw_nodes(path):
        if not node["node_type"].startswith("buffer_") or node["params"]["type"] != "L1":
            continue
        buffer = node["params"]
        if node["node_type"] == "buffer_allocate":
            assert buffer["address"] not in live
            live[buffer["address"]] = (buffer["max_size_per_bank"], buffer["size"])
        else:
            del live[buffer["address"]]
        per_bank = max(per_bank, sum(bank for bank, _ in live.values()))
        total = max(total, sum(size for _, size in live.values()))
    return per_bank, total


def lines_of_calls(source: str) -> dict[int, set[str]]:
    """Which functions the statement on each line calls: `{12: {"ttnn.add"}}`."""
    found: dict[int, set[str]] = {}
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, (ast.Assign, ast.Return, ast.Expr)):
            calls = {ast.unparse(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                found.setdefault(line, set()).update(calls)
    return found


def test_device_ops_are_those_of_the_raw_graph(report: Path) -> None:
    read = read_graph_report(report)
    names = [op.name for op in read.device_ops]
    assert names == raw_programs(report)
    assert len(names) == {"before": 162, "after": 91}[report.stem]
    counts = [
        node["params"]["global_call_count"] for node in raw_nodes(report) if node["node_type"] == "program_execution"
    ]
    assert counts == [1024 * n for n in range(HOST_OPS_FIRST + 1, HOST_OPS_FIRST + 1 + len(names))]
    assert [[tuple(one) for one in op.executions] for op in read.device_ops] == [[(count, 0)] for count in counts]


def test_innermost_frame_is_the_line_that_calls_the_op(report: Path) -> None:
    read = read_graph_report(report)
    source = BLOCK.read_text(encoding="utf-8")
    lines, calls_on = source.splitlines(), lines_of_calls(source)
    for op in read.device_ops:
        call = read.calls[op.call]
        frame = call.frames[0]
        assert Path(frame.file) == BLOCK
        assert call.name in calls_on[frame.line]
        assert frame.code == lines[frame.line - 1].strip()
    assert {read.calls[op.call].name for op in read.device_ops} >= {"ttnn.linear", "ttnn.add", "ttnn.to_layout"}


def test_l1_peak_is_that_of_the_raw_buffers(report: Path) -> None:
    uses = [op.use for op in read_graph_report(report).device_ops if op.use is not None]
    assert len(uses) == len(raw_programs(report))
    per_bank, total = raw_l1_peaks(report)
    assert (max(use.l1_bank for use in uses), max(use.l1_total or 0 for use in uses)) == (per_bank, total)
    assert total > per_bank > 0


def test_every_tensor_that_an_op_reads_was_made_or_uploaded(report: Path) -> None:
    read = read_graph_report(report)
    uploaded = {tensor for call in read.calls if call.name == "ttnn.from_torch" for tensor in call.outputs}
    for op in read.device_ops:
        for tensor in op.inputs:
            assert tensor in read.producers or read.views.get(tensor, tensor) in uploaded


def test_database_says_the_same_as_the_json(report: Path) -> None:
    of_json, of_database = read_graph_report(report), imported(report)
    # TTNN's importer leaves out the uploads before the first op.
    names = [call.name for call in of_json.calls if call.name != "ttnn.from_torch"]
    assert [call.name for call in of_database.calls] == names
    for ours, theirs in zip(of_json.device_ops, of_database.device_ops, strict=True):
        assert theirs.name == ours.name
        assert of_database.calls[theirs.call].name == of_json.calls[ours.call].name
        assert (theirs.executions, theirs.cache_hit, theirs.cores) == (ours.executions, ours.cache_hit, ours.cores)
        for side in ("inputs", "outputs"):
            shapes = [
                [read.tensors[tensor][1:6] for tensor in getattr(op, side)]
                for read, op in ((of_json, ours), (of_database, theirs))
            ]
            assert shapes[0] == shapes[1]
        frames, frames_there = of_json.calls[ours.call].frames, of_database.calls[theirs.call].frames
        assert [frame[:3] for frame in frames_there] == [frame[:3] for frame in frames]
        assert ours.use is not None
        assert theirs.use is not None
        assert (theirs.use.l1_bank, theirs.use.dram_bank) == (ours.use.l1_bank, ours.use.dram_bank)
        assert theirs.use.l1_total in {ours.use.l1_total, None}
    assert any(op.use and op.use.l1_total for op in of_database.device_ops)


def trimmed(report: Path, folder: Path) -> Path:
    for name in (report.name, f"{report.stem}.python_io.json"):
        shutil.copy(report.with_name(name), folder)
    trim(folder / report.name)
    return folder / report.name


def test_trimmed_report_reads_like_the_whole(report: Path, tmp_path: Path) -> None:
    whole, short = read_graph_report(report), read_graph_report(trimmed(report, tmp_path))
    assert short.device_ops == whole.device_ops
    assert (short.tensors, short.views) == (whole.tensors, whole.views)
    assert (short.buffers, short.chips) == (whole.buffers, whole.chips)
    for ours, theirs in zip(short.calls, whole.calls, strict=True):
        assert ours._replace(frames=(), host_ns=None) == theirs._replace(frames=(), host_ns=None)
        assert [frame[1:] for frame in ours.frames] == [frame[1:] for frame in theirs.frames]
        assert ours.host_ns is None
        assert all(frame.file.startswith("/home/user/perfsheet/examples/") for frame in ours.frames)


@pytest.mark.skipif(ttnn_version() != "0.81.1", reason="the committed report is that of ttnn 0.81.1")
def test_committed_report_is_what_ttnn_says(report: Path, tmp_path: Path) -> None:
    if report.stem != "before":
        pytest.skip("only the report of `before` is committed")
    fresh = trimmed(report, tmp_path)
    committed = CAPTURES / "mock_board_encoder_block_before.json"
    for suffix in (".json", ".python_io.json"):
        assert committed.with_suffix(suffix).read_bytes() == fresh.with_suffix(suffix).read_bytes(), "make graph-report"


def test_without_dispatch_the_cores_of_every_op_are_known(folder: Path) -> None:
    path = few_ops(folder, "NO_DISPATCH")
    read = read_graph_report(path)
    assert [op.name for op in read.device_ops] == FEW_NAMES
    # 384 rows are 12 tiles, and LayerNorm gives each core whole rows of tiles.
    assert read.device_ops[0].cores == 12
    assert all(op.cores and op.circular_bytes for op in read.device_ops)
    assert not read.has_executions
    bytes_per_bank = [op.use.l1_bank for op in read.device_ops if op.use]
    alike = imported(path)
    assert [op.cores for op in alike.device_ops] == [op.cores for op in read.device_ops]
    # TTNN's importer tells buffers by their address, and without dispatch all have the same.
    assert alike.without_dispatch
    assert (alike.buffers, [op.use for op in alike.device_ops]) == ((), [None] * len(FEW_NAMES))
    # 288 tiles of 2 KiB on 64 banks are 5 on the fullest, and GELU has its input and its output there.
    assert bytes_per_bank == [0, 5 * 2048, 2 * 5 * 2048]


def test_two_chips_run_each_op_twice(folder: Path) -> None:
    path = few_ops(folder, "NORMAL", board="n300", mesh="1x2")
    for read in (read_graph_report(path), imported(path)):
        assert [op.name for op in read.device_ops] == FEW_NAMES
        executions = [[tuple(one) for one in op.executions] for op in read.device_ops]
        assert executions == [[(1024 * n, 0), (1024 * n + 1, 1)] for n in (1, 2, 3)]


def test_fast_runtime_mode_still_tells_where_ops_come_from(folder: Path) -> None:
    path = few_ops(folder, "NORMAL", "fast")
    for read in (read_graph_report(path), imported(path)):
        assert [op.name for op in read.device_ops] == FEW_NAMES
        assert [read.calls[op.call].name for op in read.device_ops] == ["ttnn.layer_norm", "ttnn.linear", "ttnn.gelu"]
        assert [read.calls[op.call].frames[0].code.split("(")[0] for op in read.device_ops] == [
            "y = ttnn.layer_norm",
            "z = ttnn.linear",
            "z = ttnn.gelu",
        ]
        # Each op reads what the one before it made, though Python knows it by another id.
        assert [read.producers[op.inputs[0]] for op in read.device_ops[1:]] == [0, 1]
        assert [len(call.inputs) for call in read.calls] == [1, 2, 1]
