"""The traced ops of a torch module, and which of them a device capture covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass
from perfsheet.models.op_stats import Node, Operand
from perfsheet.models.torch_graph.equivalents import LAYOUT, NONE, Equivalent, find_equivalent


@dataclass(frozen=True)
class GraphOp:
    """One op of a graph. `inputs` and `outputs` read like `1×3×224×224 float32`, `parameters` like `stride=[2, 2]`."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str
    input_operands: tuple[Operand, ...]
    output_operands: tuple[Operand, ...]

    @property
    def base(self) -> str:
        """`aten.addmm` for `aten.addmm.default`."""
        return ".".join(self.op.split(".")[:2])


@dataclass(frozen=True)
class LeafModule:
    """A leaf module: its name, type, number of own parameters, settings, and the shapes of its input and output."""

    name: str
    type: str
    parameters: int
    settings: str
    input_shape: str
    output_shape: str


@dataclass(frozen=True)
class Graph:
    """The ops of one run of a module in order; `backward` is empty unless it was traced too."""

    name: str
    forward: tuple[GraphOp, ...]
    backward: tuple[GraphOp, ...]
    modules: tuple[LeafModule, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class NeededOp:
    """An op in one configuration, and how often it occurs."""

    op: str
    count: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str


def needed_ops(ops: Iterable[GraphOp]) -> tuple[NeededOp, ...]:
    """Group ops by configuration, in the order of their first occurrence."""
    counts = Counter((op.op, op.inputs, op.outputs, op.parameters) for op in ops)
    return tuple(
        NeededOp(op, count, inputs, outputs, parameters) for (op, inputs, outputs, parameters), count in counts.items()
    )


def graph_nodes(ops: Iterable[GraphOp]) -> tuple[Node, ...]:
    """The ops in the form that `perfsheet stats` counts."""
    counts = Counter((op.op, op.input_operands, op.output_operands) for op in ops)
    return tuple(Node(op, count, inputs, outputs) for (op, inputs, outputs), count in counts.items())


Status = Literal["covered", "missing", "layout only", "no op", "no TTNN op known", "not compared"]
_ORDER: tuple[Status, ...] = ("missing", "no TTNN op known", "covered", "not compared", "layout only", "no op")


@dataclass(frozen=True)
class Coverage:
    """One type of torch op: its count, its TTNN function, and the device ops (code, count) that may be it.

    "covered": the capture has such device ops, though it does not say that they are these torch ops. "missing": it has
    none. "layout only": the port may need no op. "no op": it never needs one. "not compared": there is no capture.
    """

    op: str
    count: int
    ttnn: str
    status: Status
    device_ops: tuple[tuple[str, int], ...] = ()


def find_coverage(ops: Iterable[GraphOp], analysis: Analysis | None) -> tuple[Coverage, ...]:
    """The coverage of every type of op, missing ones first, then by count."""
    counts = Counter(op.base for op in ops)
    device_ops = None if analysis is None else _device_ops(analysis)
    kinds = [_coverage(op, count, device_ops) for op, count in counts.items()]
    return tuple(sorted(kinds, key=lambda kind: (_ORDER.index(kind.status), -kind.count, kind.op)))


def _device_ops(analysis: Analysis) -> list[tuple[str, str, int]]:
    """Op code, attributes and count of every configuration in the capture."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    return [(variant.op_code, variant.attributes, count) for variant, count in zip(variants.all, counts, strict=True)]


def _coverage(op: str, count: int, device_ops: list[tuple[str, str, int]] | None) -> Coverage:
    equivalent = find_equivalent(op)
    if equivalent is None:
        return Coverage(op, count, "", "no TTNN op known")
    if equivalent.kind == NONE:
        return Coverage(op, count, "", "no op")
    if device_ops is None:
        return Coverage(op, count, equivalent.ttnn, "layout only" if equivalent.kind == LAYOUT else "not compared")
    matches: Counter[str] = Counter()
    for op_code, attributes, number in device_ops:
        if _matches(equivalent, op_code, attributes):
            matches[op_code] += number
    status: Status = "covered" if matches else "layout only" if equivalent.kind == LAYOUT else "missing"
    return Coverage(op, count, equivalent.ttnn, status, tuple(matches.most_common()))


def _matches(equivalent: Equivalent, op_code: str, attributes: str) -> bool:
    if not equivalent.codes.search(op_code.rsplit("::", 1)[-1]):
        return False
    if equivalent.attributes is None or not attributes.strip():  # without attributes only the op code can decide
        return True
    return bool(equivalent.attributes.search(op_code) or equivalent.attributes.search(attributes))
