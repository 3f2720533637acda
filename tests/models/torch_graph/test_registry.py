"""Whether TTNN has a torch op: by its registry, then by what the registry cannot tell."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from support.ttnn import LAB_PYTHON, needs_ttnn

from perfsheet.errors import PerfsheetError
from perfsheet.models.torch_graph import bundled, registry
from perfsheet.models.torch_graph.equivalents import every_function, every_name
from perfsheet.models.torch_graph.in_ttnn import in_ttnn, near
from perfsheet.models.torch_graph.model import Argument, GraphOp, TensorShape


def named(name, *arguments):
    return GraphOp(f"aten.{name}.default", (), (), "", (), (), arguments)


def convolution(dimensions, transposed):
    weight = TensorShape((8, 8, *[3] * dimensions), "float32")
    return named("convolution", Argument("weight", weight), Argument("transposed", transposed))


@pytest.mark.parametrize(
    ("op", "verdict", "functions"),
    [
        ("relu", "exists", "ttnn.relu"),
        ("relu_", "exists", "ttnn.relu"),
        ("mul", "exists", "ttnn.multiply"),
        ("_softmax", "another name", "ttnn.softmax"),
        ("native_layer_norm", "another name", "ttnn.layer_norm"),
        ("bmm", "another name", "ttnn.matmul"),
        ("gelu_backward", "another name", "ttnn.gelu_bw"),
        ("isin", "another name", "ttnn.experimental.isin"),
        ("scaled_dot_product_attention", "another name", "ttnn.transformer.scaled_dot_product_attention"),
        ("floor_divide", "another name", "ttnn.floor_div"),
        ("_log_softmax", "composite", "ttnn.softmax ttnn.log"),
        ("flip", "missing", ""),
        ("cat", "another name", "ttnn.concat"),
        ("detach", "not needed", ""),
        ("made_up", "missing", ""),
        ("clamp_min", "another name", "ttnn.clamp"),
        ("pixel_unshuffle", "composite", "ttnn.reshape ttnn.permute"),
    ],
)
def test_verdicts(op, verdict, functions):
    found = in_ttnn(named(op), bundled())
    assert (found.verdict, " ".join(found.functions)) == (verdict, functions)
    assert bool(found.how) == (verdict != "missing")


def test_an_overload_that_does_more_is_a_composite():
    op = GraphOp("aten.max.dim", (), (), "", (), ())
    assert in_ttnn(op, bundled()).functions == ("ttnn.max", "ttnn.argmax")
    assert in_ttnn(named("max"), bundled()).functions == ("ttnn.max",)


@pytest.mark.parametrize(
    ("dimensions", "transposed", "function"),
    [
        (1, False, "ttnn.conv1d"),
        (2, False, "ttnn.conv2d"),
        (2, True, "ttnn.conv_transpose2d"),
        (3, False, "ttnn.experimental.conv3d"),
        (1, True, ""),
        (3, True, ""),
    ],
)
def test_convolutions_are_told_apart(dimensions, transposed, function):
    assert " ".join(in_ttnn(convolution(dimensions, transposed), bundled()).functions) == function


def test_a_golden_function_gives_the_op_away():
    found = in_ttnn(named("floor_divide"), bundled())
    assert found.how == "its golden function is torch's floor_divide"
    # The golden function of ttnn.cumsum calls flip, and does something else.
    assert "ttnn.cumsum" in near(named("flip"), bundled())


def test_a_function_that_is_no_longer_registered_is_not_claimed():
    known = bundled()
    without = replace(known, operations={name: one for name, one in known.operations.items() if name != "ttnn.log"})
    assert in_ttnn(named("_log_softmax"), without).verdict == "missing"


def test_the_table_holds_only_what_the_registry_cannot_tell():
    known = bundled()
    assert [name for name in every_name() if known.named(name)] == []


def test_an_interpreter_without_ttnn_is_an_error(capsys, tmp_path):
    with pytest.raises(PerfsheetError, match="no interpreter 'gone'"):
        registry("gone")


@pytest.mark.process
def test_a_named_interpreter_must_have_ttnn():
    with pytest.raises(PerfsheetError, match="has no ttnn"):
        registry(sys.executable)


class TestWithTtnn:
    pytestmark = needs_ttnn

    def test_the_bundled_registry_is_that_of_its_version(self):
        asked = registry(LAB_PYTHON)
        assert asked.bundled is False
        assert asked == replace(bundled(), bundled=False), "run perfsheet_registry.py again (CONTRIBUTING.md)"

    def test_every_function_of_the_table_is_registered(self):
        assert len(every_function()) > 25
        assert every_function() <= registry(LAB_PYTHON).operations.keys()
