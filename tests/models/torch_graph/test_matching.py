"""Which device ops stand for which torch ops."""

from __future__ import annotations

import pytest
from support.captures import op
from support.command import here

from perfsheet.models.torch_graph import bundled, find_coverage, needed_ops
from perfsheet.models.torch_graph.model import Argument, GraphOp, TensorShape, graph_nodes


def graph_op(name, shape="1×1 float32"):
    return GraphOp(name, (shape,), (shape,), "", (), ())


def test_ops_are_covered_missing_or_without_a_ttnn_op(analysis_of):
    relu = {"ATTRIBUTES": "{'op_chain': '{UnaryWithParam(op_type=UnaryOpType::RELU,param={})}'}"}
    analysis = analysis_of(
        op("MatmulDeviceOperation", 10, 1, call=1),
        op("MatmulDeviceOperation", 10, 1, call=2),
        {**op("UnaryDeviceOperation", 10, 1, call=3), **relu},
    )
    names = ("addmm.default", "relu.default", "gelu.default", "view.default", "detach.default", "flip.default")
    found = {row.op: row for row in find_coverage([graph_op(f"aten.{name}") for name in names], analysis, bundled())}
    assert {name.removeprefix("aten."): row.status for name, row in found.items()} == {
        "addmm": "covered",
        "relu": "covered",
        "gelu": "missing",
        "view": "layout only",
        "detach": "no op",
        "flip": "no TTNN op",
    }
    assert found["aten.addmm"].device_ops == (("MatmulDeviceOperation", 2),)
    assert next(iter(found.values())).status == "no TTNN op"


def test_without_a_capture_nothing_is_claimed():
    found = find_coverage([graph_op("aten.addmm.default"), graph_op("aten.addmm.default")], None, bundled())
    assert [(row.status, row.count, row.device_ops) for row in found] == [("not compared", 2, ())]


def test_a_typecast_is_covered_by_a_typecast_alone(analysis_of):
    types = {"ATTRIBUTES": "{'op_chain': '{UnaryWithParam(op_type=UnaryOpType::GELU,param={})}'}"}
    rows = {**op("UnaryDeviceOperation", 10, 1), **types}
    assert find_coverage([graph_op("aten._to_copy.default")], analysis_of(rows), bundled())[0].status == "missing"
    rows = op("TypecastDeviceOperation", 10, 1)
    assert find_coverage([graph_op("aten._to_copy.default")], analysis_of(rows), bundled())[0].status == "covered"


def test_conv_does_not_match_converting(analysis_of):
    analysis = analysis_of(op("ConvertToCHWDeviceOperation", 10, 1))
    assert find_coverage([graph_op("aten.convolution.default")], analysis, bundled())[0].status == "missing"


def convolution(transposed, dimensions):
    weight = TensorShape((8, 8, *[3] * dimensions), "float32")
    arguments = (Argument("weight", weight), Argument("transposed", transposed))
    return GraphOp("aten.convolution.default", (), (), "", (), (), arguments)


WINDOW = "'sliding_window_config': 'SlidingWindowConfig(batch_size=1; input_hw=(64;{}); window_hw=(3;3))'"
HALO = "'config': 'SlidingWindowConfig(batch_size=1; input_hw=(64;64); is_transpose={})'"


def test_convolutions_are_told_apart(analysis_of):
    kinds = [convolution(False, 2), convolution(False, 1), convolution(True, 2)]

    def statuses(*rows):
        found = {one.op: one.status for one in find_coverage(kinds, analysis_of(*rows), bundled())}
        return [found[f"aten.convolution{kind}"] for kind in ("", " (conv1d)", " (conv_transpose2d)")]

    plain = {**op("Conv2dDeviceOperation", 10, 1), "ATTRIBUTES": f"{{{WINDOW.format(64)}}}"}
    of_columns = {**op("Conv2dDeviceOperation", 10, 1), "ATTRIBUTES": f"{{{WINDOW.format(1)}}}"}
    halo = {**op("HaloDeviceOperation", 10, 1), "ATTRIBUTES": f"{{{HALO.format('false')}}}"}
    transposed = {**op("HaloDeviceOperation", 10, 1), "ATTRIBUTES": f"{{{HALO.format('true')}}}"}
    older = {**op("HaloDeviceOperation", 10, 1), "ATTRIBUTES": "{'config': 'SlidingWindowConfig(batch_size=1)'}"}
    assert statuses(plain, halo) == ["covered", "missing", "missing"]
    assert statuses(of_columns, halo) == ["missing", "covered", "missing"]
    assert statuses(plain, transposed) == ["covered", "missing", "covered"]
    assert statuses(plain, older) == ["covered", "missing", "unclear"]
    assert statuses({**plain, "ATTRIBUTES": ""}) == ["covered", "unclear", "missing"]


@pytest.mark.parametrize(
    ("aten", "code"),
    [
        ("amax", "SoftmaxDeviceOperation"),
        ("max", "ArgMaxDeviceOperation"),
        ("prod", "ScaledDotProductAttention"),
        ("constant_pad_nd", "UntilizeWithUnpaddingDeviceOperation"),
        ("gather", "AllGatherAsync"),
        ("scatter", "ReduceScatterAsync"),
        ("sum", "CumSumDeviceOperation"),
        ("log", "UnaryDeviceOperation"),
        ("cat", "NlpConcatHeadsDeviceOperation"),
    ],
)
def test_a_name_within_a_name_is_another_op(analysis_of, aten, code):
    row = {**op(code, 10, 1), "ATTRIBUTES": "{'op_chain': 'UnaryOpType::LOG1P', 'math_op': 'ReduceOpMath::AVG'}"}
    assert find_coverage([graph_op(f"aten.{aten}.default")], analysis_of(row), bundled())[0].status == "missing"


SUM = "{{'math_op': 'ReduceOpMath::SUM'; 'scaler': '{}'}}"
POOL = "{{'pool_type_': 'Pool2DType::{}_POOL2D'}}"


@pytest.mark.parametrize(
    ("code", "attributes", "statuses"),
    [
        ("Reduce", SUM.format("1"), {"sum": "covered", "mean": "unclear", "var": "unclear", "amax": "missing"}),
        ("Reduce", SUM.format("0.0078125"), {"mean": "covered", "_adaptive_avg_pool2d": "unclear", "sum": "unclear"}),
        ("ReduceScatterMinimalAsyncDeviceOperation", "{'ring_size': '4'}", {"sum": "missing", "mean": "missing"}),
        ("FastReduceNCDeviceOperation", "{'dim': '1'}", {"sum": "covered", "var": "missing"}),
        ("Pool2D", POOL.format("MAX"), {"max_pool2d_with_indices": "covered", "_adaptive_avg_pool2d": "missing"}),
        ("Pool2D", POOL.format("AVG"), {"max_pool2d_with_indices": "missing", "_adaptive_avg_pool2d": "covered"}),
        ("SDPAOperation", "{'scale': '0.08'}", {"_softmax": "covered", "bmm": "unclear", "div": "unclear"}),
        ("SDPAOperation", "{'scale': '0.08'}", {"addmm": "missing", "add": "missing"}),
    ],
)
def test_reductions_pools_and_attention_are_told_apart(analysis_of, code, attributes, statuses):
    analysis = analysis_of({**op(code, 10, 1), "ATTRIBUTES": attributes})
    found = find_coverage([graph_op(f"aten.{name}.default") for name in statuses], analysis, bundled())
    assert {one.op.removeprefix("aten."): one.status for one in found} == statuses


def test_where_a_capture_has_no_attributes_it_is_unclear_what_an_op_does(analysis_of):
    row = {**op("UnaryDeviceOperation", 10, 1), "ATTRIBUTES": ""}
    for name in ("gelu", "_to_copy"):
        assert find_coverage([graph_op(f"aten.{name}.default")], analysis_of(row), bundled())[0].status == "unclear"
    assert find_coverage([graph_op("aten.addmm.default")], analysis_of(row), bundled())[0].status == "missing"


def test_a_composite_is_covered_by_all_of_its_ops(analysis_of):
    softmax, log = op("SoftmaxDeviceOperation", 10, 1), op("UnaryDeviceOperation", 10, 1)
    log |= {"ATTRIBUTES": "{'op_chain': '{UnaryWithParam(op_type=UnaryOpType::LOG,param={})}'}"}
    ops = [graph_op("aten._log_softmax.default")]
    assert find_coverage(ops, analysis_of(softmax), bundled())[0].status == "missing"
    assert find_coverage(ops, analysis_of(softmax, log), bundled())[0].status == "covered"
    # What only views a tensor need not be there.
    assert (
        find_coverage([graph_op("aten.select.int")], analysis_of(op("SliceDeviceOperation", 1)), bundled())[0].status
        == "covered"
    )


def test_ops_by_configuration():
    ops = [graph_op("aten.add.Tensor"), graph_op("aten.add.Tensor"), graph_op("aten.add.Tensor", "2×2 float32")]
    assert [(row.inputs, row.count) for row in needed_ops(ops)] == [(("1×1 float32",), 2), (("2×2 float32",), 1)]
    assert sum(node.count for node in graph_nodes(ops)) == 3


def test_what_cannot_be_followed(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    (tmp_path / "m.py").write_text("def build(): ...")
    ended = here(capsys, "graph", tmp_path / "m.py:build", "-o", tmp_path / "out")
    assert ended.status == 2
    assert "pip install torch" in ended.err
