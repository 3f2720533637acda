"""Plans from captures that this test writes: damaged ones, those of several processes, a refusal that is handled."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from perfsheet import analyze, read
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.planning.document import write
from perfsheet.run import MockRun

DRAM = (
    "MemoryConfig(memory_layout=TensorMemoryLayout::INTERLEAVED,buffer_type=BufferType::DRAM,shard_spec=std::nullopt)"
)


class Nodes:
    """A capture, node by node."""

    def __init__(self) -> None:
        self.graph: list[dict] = []
        self.calls: list[dict] = []

    def add(self, kind, **params):
        self.graph.append({"counter": len(self.graph), "node_type": kind, "params": params, "connections": []})
        return len(self.graph) - 1

    def tensor(self, number, side):
        return self.add(
            "tensor",
            tensor_id=str(number),
            shape=f"Shape([{side}, {side}])",
            dtype="DataType::BFLOAT16",
            layout="Layout::TILE",
            memory_config=DRAM,
            size=2 * side * side,
            address=0,
        )

    def op(self, call, op, inputs, output, side):
        """A Python call with one device op on one core; `inputs` and `output` are ids of square tensors."""
        self.add("function_start", name=call)
        tensors = [self.tensor(number, side) for number in inputs]
        start = self.add("function_start", name=op, program_factory_type="ttnn::Factory")
        self.graph[start]["input_tensors"] = tensors
        self.add("dataflow_buffer_allocate", core_range_set="{[0-0 - 0-0]}", size=2048, borrows_memory="0")
        end = self.add("function_end", name=op)
        self.graph[end]["connections"] = [self.tensor(output, side)]
        self.add("function_end", name=call)
        self.calls.append({"name": call, "input_tensor_ids": list(inputs), "output_tensor_ids": [output]})
        return self

    def refused(self, call, message):
        self.add("function_start", name=call)
        self.add("function_end", name=call)
        self.calls.append({"name": call, "error": {"type": "RuntimeError", "message": message}})
        return self

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        devices = [{"arch": "wormhole_b0", "num_x_compute_cores": 8, "num_y_compute_cores": 8, "l1_bank_size": 1 << 20}]
        path.write_text(json.dumps({"graph": self.graph, "devices": devices, "metadata": {"version": "1"}}))
        path.with_suffix(".python_io.json").write_text(json.dumps(self.calls))
        return path


def matmul(side=1024, first=1):
    return Nodes().op("ttnn.matmul", "MatmulDeviceOperation", (first, first + 1), first + 2, side)


def planned(tmp_path, *captures, stopped=""):
    path = tmp_path / "plan.json"
    made = MockRun(None, {"ttnn": "0.81.1"}, Path("run.log"), captures, (), "", stopped)
    write(path, made, "n150", "", "a target")
    return analyze(read(path))


def test_a_tensor_that_is_both_inputs_is_read_once(tmp_path):
    for inputs, tensors in (((1, 2), 3), ((1, 1), 2)):
        nodes = Nodes().op("ttnn.multiply", "BinaryNgDeviceOperation", inputs, 3, 1024)
        least = planned(tmp_path, nodes.write(tmp_path / "graph_0001.json")).ops.kernel_ns[0]
        assert least == math.ceil(tensors * (1 << 21) / 288)


def test_equal_ids_of_two_processes_are_two_tensors(tmp_path):
    parent = matmul(64).write(tmp_path / "graph_0001.json")
    children = [matmul(1024).write(tmp_path / f"process_{number}" / "graph_0001.json") for number in (2, 10)]
    analysis = planned(tmp_path, parent, *children)
    shapes = [variant.outputs[0].logical[2:] for variant in (analysis.every.ops.variants.all)]
    assert sorted(shapes) == [(64, 64), (1024, 1024)]
    assert len(analysis.every.ops) == 3


def test_layers_that_feed_one_another_are_no_passes(tmp_path):
    chain = Nodes()
    apart = Nodes()
    for layer in range(4):
        for nodes, start in ((chain, 10 * layer), (apart, 100 * layer)):
            nodes.op("ttnn.relu", "UnaryDeviceOperation", (start,), start + 1, 512)
            nodes.op("ttnn.softmax", "SoftmaxDeviceOperation", (start + 1,), start + 10, 512)
    assert planned(tmp_path, chain.write(tmp_path / "graph_0001.json")).summary.passes.count == 1
    assert planned(tmp_path, apart.write(tmp_path / "graph_0001.json")).summary.passes.count == 4


def test_what_reads_one_tensor_is_no_chain(tmp_path):
    linked, parallel = (
        Nodes()
        .op("ttnn.linear", "MatmulDeviceOperation", (1, 9), 2, 512)
        .op("ttnn.relu", "UnaryDeviceOperation", (reads,), 3, 512)
        for reads in (2, 1)
    )
    found = [
        [finding.rule.id for finding in planned(tmp_path, one.write(tmp_path / "graph_0001.json")).findings]
        for one in (linked, parallel)
    ]
    assert "unfused-linear" in found[0]
    assert "unfused-linear" not in found[1]


@pytest.mark.parametrize("text", ['{"graph":[{"node_ty', "", "{}", '{"graph":[{"counter":1}]}', "[]"])
def test_a_damaged_capture_is_left_out_and_named(tmp_path, text):
    good = matmul().write(tmp_path / "graph_0001.json")
    bad = tmp_path / "graph_0002.json"
    bad.write_text(text)
    analysis = planned(tmp_path, good, bad, stopped="ended after its 5 s")
    assert len(analysis.ops) == 1
    assert any("graph_0002.json is damaged" in problem for problem in analysis.plan.problems)
    with pytest.raises(PerfsheetError) as raised:
        planned(tmp_path, bad, stopped="ended after its 5 s")
    assert raised.value.status == ExitStatus.TIMEOUT


def test_a_capture_of_other_types_is_left_out_and_named(tmp_path):
    good = matmul().write(tmp_path / "graph_0001.json")
    bad = Nodes()
    bad.add("function_start", name=5)
    analysis = planned(tmp_path, good, bad.write(tmp_path / "graph_0002.json"))
    assert any("capture 2 is not what TTNN writes" in problem for problem in analysis.plan.problems)


FATAL = "TT_FATAL @ /x/matmul.cpp:7: a.k == b.k\ninfo:\nWidths differ\nbacktrace"


def test_a_refusal_counts_when_nothing_comes_after_it(tmp_path):
    last = matmul().refused("ttnn.linear", FATAL).write(tmp_path / "graph_0001.json")
    assert planned(tmp_path, last).plan.refused == "ttnn.linear: Widths differ"
    handled = matmul().refused("ttnn.linear", FATAL).op("ttnn.relu", "UnaryDeviceOperation", (3,), 4, 1024)
    plan = planned(tmp_path, handled.write(tmp_path / "graph_0001.json")).plan
    assert (plan.refused, plan.cut_short) == ("", "")
    assert plan.problems == ("TTNN refused ttnn.linear: Widths differ; the target went on without it",)


def test_a_refusal_before_any_device_op_is_the_reason(tmp_path):
    nodes = Nodes()
    nodes.calls.append({"name": "ttnn.from_torch", "output_tensor_ids": [1]})
    nodes.add("function_start", name="ttnn.from_torch")
    nodes.add("function_end", name="ttnn.from_torch")
    with pytest.raises(PerfsheetError, match=r"TTNN refuses ttnn\.linear: Widths differ") as raised:
        planned(tmp_path, nodes.refused("ttnn.linear", FATAL).write(tmp_path / "graph_0001.json"))
    assert raised.value.status == ExitStatus.TESTS_FAILED


def test_signposts_have_their_place(tmp_path):
    nodes = matmul()
    nodes.add("function_start", name="perfsheet.signpost start")
    nodes.add("function_end", name="perfsheet.signpost start")
    nodes.op("ttnn.relu", "UnaryDeviceOperation", (3,), 4, 1024)
    analysis = planned(tmp_path, nodes.write(tmp_path / "graph_0001.json"))
    (post,) = analysis.signposts.signposts
    assert (post.name, analysis.ops.table.row[1]) == ("start", 3)


def test_ops_that_need_more_than_a_bank_are_a_warning(tmp_path):
    nodes = Nodes()
    nodes.add("function_start", name="ttnn.empty")
    nodes.add("buffer_allocate", type="L1", layout="INTERLEAVED", device_id=0, size=64, max_size_per_bank=64, address=0)
    nodes.add("function_end", name="ttnn.empty")
    nodes.op("ttnn.relu", "UnaryDeviceOperation", (1,), 2, 512)
    nodes.graph[-4]["params"]["size"] = 3 << 20
    assert nodes.graph[-4]["node_type"] == "dataflow_buffer_allocate"
    analysis = planned(tmp_path, nodes.write(tmp_path / "graph_0001.json"))
    (check,) = (check for check in analysis.checks if check.id == "plan-l1")
    assert not check.ok
    assert "needed by UnaryDeviceOperation: 3,072 KiB of a bank of 1,024 KiB" in check.detail
