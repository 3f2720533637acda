"""What tracing finds: ops with shapes and parameters, and the modules that they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from perfsheet.models.op_stats import Node, Operand


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
class ModuleLine:
    """One submodule: its name, type, own parameters (numbers), settings, and the shapes of its input and output."""

    name: str
    kind: str
    parameters: int
    settings: str
    input_shape: str
    output_shape: str


@dataclass(frozen=True)
class Graph:
    """The ops of one run of a module in their order; `backward` is empty unless asked for."""

    name: str
    forward: tuple[GraphOp, ...]
    backward: tuple[GraphOp, ...]
    modules: tuple[ModuleLine, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class NeededOp:
    """An op in one configuration, and how often it occurs in it."""

    op: str
    count: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str


def needed(ops: Iterable[GraphOp]) -> tuple[NeededOp, ...]:
    """The ops by configuration, in the order in which they first occur."""
    counts = Counter((one.op, one.inputs, one.outputs, one.parameters) for one in ops)
    return tuple(
        NeededOp(op, count, inputs, outputs, parameters) for (op, inputs, outputs, parameters), count in counts.items()
    )


def nodes(ops: Iterable[GraphOp]) -> tuple[Node, ...]:
    """The ops as the tables of `perfsheet stats` count them."""
    counts = Counter((one.op, one.input_operands, one.output_operands) for one in ops)
    return tuple(Node(op, count, inputs, outputs) for (op, inputs, outputs), count in counts.items())
