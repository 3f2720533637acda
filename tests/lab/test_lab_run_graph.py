"""`perfsheet run --graph` from end to end: the real `python -m tracy`, then the real TTNN on a mock board.

The target runs on neither in full: in the profiled run it leaves raw logs, as a stand-in for a device, and in the run
that is captured it issues the same ops to TTNN.
"""

from __future__ import annotations

import json
from pathlib import Path

from mock_lab import needs_mock_board
from support.command import perfsheet
from tracy_lab import PYTHON, needs_tracy

pytestmark = [*needs_mock_board, *needs_tracy]

STANDINS = Path(__file__).parents[1] / "standins"
TARGET = f"""
import os, sys
from pathlib import Path
import raw_logs

OPS = (
    raw_logs.Op("UnaryDeviceOperation", 64, 9000),
    raw_logs.Op("InterleavedToShardedDeviceOperation", 8, 700),
    raw_logs.Op("SoftmaxDeviceOperation", 32, 3000),
)

class Block:
    def __init__(self, ttnn):
        self.ttnn = ttnn

    def __call__(self, x):
        x = self.ttnn.gelu(x)  # line of the first op
        self.ttnn.interleaved_to_sharded(x, self.memory())  # line of the second
        return self.scores(x)

    def scores(self, x):
        return self.ttnn.softmax(x, dim=-1)  # line of the third

    def memory(self):
        grid, strategy = self.ttnn.CoreGrid(y=4, x=2), self.ttnn.ShardStrategy.BLOCK
        return self.ttnn.create_sharded_memory_config((1, 1, 128, 1024), core_grid=grid, strategy=strategy)

def on_mock_board():
    import importlib.util
    import mock_board
    wheel = Path(importlib.util.find_spec("ttnn").origin).parent
    board = mock_board.make_environment(wheel, "", "n150", folder=Path("board").resolve())
    os.environ.update(board.variables, TT_LOGGER_LEVEL="Error")
    sys.path.append({str(STANDINS / "torch_standin")!r})
    import ttnn
    device = ttnn.open_device(device_id=0)
    x = ttnn.empty((1, 1, 128, 1024), ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)
    Block(ttnn)(x)
    ttnn.close_device(device)

def test_block():
    if os.environ.get("PERFSHEET_GRAPH"):
        on_mock_board()
    else:
        raw_logs.emit(OPS)
"""


def test_both_runs_are_joined(lab: Path) -> None:
    target = lab / "test_block.py"
    target.write_text(TARGET, encoding="utf-8")
    ended = perfsheet("run", "-c", "pytest -q test_block.py", "--graph", "--python", PYTHON, "--json", cwd=lab)
    assert ended.status == 0, ended.err
    report = json.loads(ended.out)
    assert "graph" in report, ended.err
    assert report["graph"]["joined_by"] == "GLOBAL CALL COUNT"
    assert (report["graph"]["joined"], report["graph"]["outside"], report["graph"]["unused"]) == (3, 0, 0)
    lines = target.read_text(encoding="utf-8").splitlines()
    for op, said, call, module in zip(
        sorted(report["ops"], key=lambda op: op["global_call_count"]),
        ("first op", "second", "third"),
        ("ttnn.gelu", "ttnn.interleaved_to_sharded", "ttnn.softmax"),
        (["Block"], ["Block"], ["Block", "scores"]),
        strict=True,
    ):
        source = op["source"]
        assert lines[source["line"] - 1].endswith(f"# line of the {said}")
        assert (Path(source["file"]).name, source["call"], source["module"]) == ("test_block.py", call, module)
    assert report["memory"]["l1_peak_bytes"] > 0

    csv = next(lab.glob("**/ops_perf_results*.csv"))
    again = perfsheet("top-ops", csv, "--by", "line", "--json", cwd=lab)
    assert [group["count"] for group in json.loads(again.out)["source_groups"]] == [1, 1, 1]
    without = perfsheet("top-ops", csv, "--graph", "none", "--json", cwd=lab)
    assert {op["source"] for op in json.loads(without.out)["ops"]} == {None}
