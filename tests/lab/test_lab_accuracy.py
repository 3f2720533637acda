"""TTNN's comparison mode on a mock board: what perfsheet reads of it, from the raw JSON and from TTNN's own importer.

All results of a mock board are zeros, so an op has a PCC of 1 or 0; which op has one is what these tests are about.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mock_lab import PYTHON, needs_mock_board, needs_torch, on_mock_board

from perfsheet.errors import PerfsheetError
from perfsheet.graph_report import GraphReport, read_graph_report

pytestmark = [*needs_mock_board, needs_torch]

OPS = """
import sys
import torch
import ttnn

ttnn.CONFIG.enable_fast_runtime_mode = False
ttnn.CONFIG.enable_comparison_mode = True
if len(sys.argv) > 2:
    ttnn.CONFIG.report_name = sys.argv[2]
device = ttnn.open_device(device_id=0)
ttnn.graph.begin_graph_capture(ttnn.graph.RunMode.NORMAL)
x, w = (
    ttnn.from_torch(torch.zeros(1, 1, 64, 64), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device)
    for _ in range(2)
)
y = ttnn.linear(x, w)
z = ttnn.add(y, x)
ttnn.add(z, x, output_tensor=y)
ttnn.multiply_(z, x)
s = ttnn.softmax(z, dim=-1)
a, b = ttnn.split(s, 32, dim=3)
a, b, c = ttnn.experimental.nlp_create_qkv_heads(
    ttnn.reshape(ttnn.concat([s, s, s], dim=3), (1, 1, 64, 192)), num_heads=1, num_kv_heads=1
)
ttnn.gelu(a)
ttnn.graph.end_graph_capture_to_file(sys.argv[1])
ttnn.close_device(device)
"""
FLUSHED = """
import json, sys
import ttnn
ttnn.graph._comparison_records_data = json.load(open(sys.argv[1]))
ttnn.graph.flush_comparison_records_to_db(sys.argv[2])
"""
Figures = list["tuple[str, list[tuple[float | None, float | None]]]"]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    (folder / "ops.py").write_text(OPS, encoding="utf-8")
    on_mock_board("n150", folder, folder / "ops.py", folder / "cap.json", "accuracy")
    return folder / "cap.json"


def figures(report: GraphReport) -> Figures:
    """The calls with device ops, and the PCC of each of their outputs."""
    return [
        (call.name, [report.accuracy[tensor][:2] for tensor in call.outputs if tensor in report.accuracy])
        for call in report.calls
        if len(call.device_ops)
    ]


def test_every_op_with_a_golden_function_has_its_pcc(capture: Path) -> None:
    report = read_graph_report(capture)
    found = figures(report)
    assert [name for name, _ in found] == [
        "ttnn.linear",
        "ttnn.add",
        "ttnn.add",
        "ttnn.multiply_",
        "ttnn.softmax",
        "ttnn.split",
        "ttnn.concat",
        "ttnn.experimental.nlp_create_qkv_heads",
        "ttnn.gelu",
    ]
    # The second sum and the product write to a tensor that is there; TTNN gives the result an id of its own.
    assert [pcc for _, pcc in found[:5]] == [[(1.0, 1.0)]] * 4 + [[(0.0, 0.0)]]
    assert found[5][1] == [(1.0, 0.0), (1.0, 0.0)]
    # Nothing knows what the heads should be, so no error from the start of the model is known after them.
    assert found[7][1] == []
    assert found[8][1] == [(1.0, None)]
    assert {accuracy.desired for accuracy in report.accuracy.values()} == {0.9999}


def test_without_a_report_name_nothing_accumulates(tmp_path: Path) -> None:
    (tmp_path / "ops.py").write_text(OPS, encoding="utf-8")
    on_mock_board("n150", tmp_path, tmp_path / "ops.py", tmp_path / "cap.json")
    compared = [pcc for _, outputs in figures(read_graph_report(tmp_path / "cap.json")) for pcc in outputs]
    assert compared
    assert {accumulated for _, accumulated in compared} == {None}


def test_ttnns_own_importer_has_the_same(capture: Path) -> None:
    place = capture.with_suffix("")
    on_mock_board("n150", capture.parent, "-m", "ttnn.graph_report", capture, place)
    assert figures(read_graph_report(place / "db.sqlite")) == figures(read_graph_report(capture))


def test_every_record_is_of_a_call(capture: Path) -> None:
    report = read_graph_report(capture)
    recorded = json.loads(capture.with_suffix(".comparison_records.json").read_text(encoding="utf-8"))
    compared = {record["tensor_id"] for record in recorded["local_tensor_comparison_records"]}
    made = {report.tensors[tensor].id for call in report.calls for tensor in call.outputs}
    assert compared <= made


def test_comparisons_without_a_graph_say_what_to_set(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "flush.py").write_text(FLUSHED, encoding="utf-8")
    records = capture.with_suffix(".comparison_records.json")
    on_mock_board("n150", tmp_path, tmp_path / "flush.py", records, tmp_path / "report")
    with pytest.raises(PerfsheetError, match="without ops: set enable_graph_report"):
        read_graph_report(tmp_path / "report")


def test_perfsheet_and_ttnn_agree_on_a_pcc(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[2]
    (tmp_path / "agree.py").write_text(
        f"""
import sys
sys.path.insert(0, {str(source)!r})
import torch
from ttnn.comparison import comp_pcc
from perfsheet import pcc
torch.manual_seed(0)
x = torch.randn(1, 1, 64, 64)
noisy = x + 0.05 * torch.randn_like(x)
for a, b in ((x, noisy), (x, x.bfloat16()), (x.bfloat16(), noisy.bfloat16()), (x, -x), (x, x), (x, torch.zeros_like(x)),
             (torch.ones(4).bfloat16(), torch.full((4,), 1.01)), (torch.ones(4), torch.full((4,), 1.01)),
             (torch.full((4,), float("nan")),) * 2, (torch.full((4,), float("nan")), torch.ones(4))):
    ours, theirs = pcc(a, b), comp_pcc(a, b)[1]
    assert abs(ours - theirs) < 1e-6, (a, b, ours, theirs)
""",
        encoding="utf-8",
    )
    assert PYTHON
    on_mock_board("n150", tmp_path, tmp_path / "agree.py")
