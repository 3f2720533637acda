"""The committed graph report belongs to the committed capture: the same device ops, in the same order."""

import csv
import io
import re

from examples.make_captures import CAPTURES, capture_name
from perfsheet.graph_report import read_graph_report

REPORT = CAPTURES / "mock_board_encoder_block_before.json"
LARGEST = 400_000


def device_rows():
    text = (CAPTURES / capture_name("before")).read_bytes().decode()
    return [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["OP TYPE"] == "tt_dnn_device"]


def tensor_of_row(row, tensor):
    """Logical shape, data type, layout and memory of a tensor in a row; None where the row has none there."""
    if not row[f"{tensor}_MEMORY"]:
        return None
    shape = tuple(int(re.search(r"\[(\d+)\]", row[f"{tensor}_{axis}_PAD[LOGICAL]"])[1]) for axis in "WZYX")
    memory = row[f"{tensor}_MEMORY"].removeprefix("DEV_0_")
    return shape, row[f"{tensor}_DATATYPE"], row[f"{tensor}_LAYOUT"], memory


def test_device_ops_are_those_of_the_capture():
    report, rows = read_graph_report(REPORT), device_rows()
    assert len(rows) == 162
    for op, row in zip(report.device_ops, rows, strict=True):
        assert op.name == row["OP CODE"]
        assert [tuple(one) for one in op.executions] == [(int(row["GLOBAL CALL COUNT"]), int(row["DEVICE ID"]))]
        assert str(op.cache_hit) == row["PROGRAM CACHE HIT"]
        for kind, tensors in (("INPUT", op.inputs), ("OUTPUT", op.outputs)):
            of_row = [tensor_of_row(row, f"{kind}_{index}") for index in range(3)]
            of_report = [report.tensors[tensor] for tensor in tensors]
            assert [one for one in of_row if one] == [(t.shape, t.dtype, t.layout, t.memory) for t in of_report]


def test_report_says_where_each_op_comes_from_and_nothing_of_this_machine():
    report = read_graph_report(REPORT)
    for op in report.device_ops:
        assert report.calls[op.call].frames[0].file == "/home/user/perfsheet/examples/encoder_block/ttnn_block.py"
    assert {call.host_ns for call in report.calls} == {None}
    for path in (REPORT, REPORT.with_suffix(".python_io.json")):
        text = path.read_text(encoding="utf-8")
        assert len(text) < LARGEST
        assert {found[1] for found in re.finditer(r'File \\"(/[^/"]*/[^/"]*/[^/"]*)', text)} <= {"/home/user/perfsheet"}
        assert not re.search(r'"/(?!home/user/perfsheet)|_ns"|timestamp|0x[0-9a-f]{8}', text)
