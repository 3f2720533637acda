"""The traced ops of a torch module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from perfsheet.light_dataclass import dataclass
from perfsheet.models.op_stats import Node, Operand


@dataclass(frozen=True)
class TensorShape:
    """A tensor that an op was given: its shape, its data type as torch has it (`float32`), and its size in bytes."""

    shape: tuple[int, ...]
    dtype: str
    size: int = 0


@dataclass(frozen=True)
class TorchName:
    """An argument that is an object of torch, as Python writes it: `torch.float32`; blank if it cannot be written."""

    python: str


Value: TypeAlias = "TensorShape | TorchName | bool | int | float | str | list[Value] | None"


@dataclass(frozen=True)
class Argument:
    """An argument that an op was given, by the name that its schema has; `keyword`: only by name."""

    name: str
    value: Value
    keyword: bool = False


@dataclass(frozen=True)
class GraphOp:
    """One op of a graph. `inputs` and `outputs` read like `1×3×224×224 float32`, `parameters` like `stride=[2, 2]`.

    `results` are its output tensors, `module` the innermost module that it ran in (blank = outside of all), `sources`
    the places in the graph of the ops whose outputs it reads.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str
    input_operands: tuple[Operand, ...]
    output_operands: tuple[Operand, ...]
    arguments: tuple[Argument, ...] = ()
    results: tuple[TensorShape, ...] = ()
    module: str = ""
    sources: tuple[int, ...] = ()

    @property
    def base(self) -> str:
        """`aten.addmm` for `aten.addmm.default`."""
        return ".".join(self.op.split(".")[:2])

    @property
    def name(self) -> str:
        """`addmm` for `aten.addmm.default`; `relu` also for the op in place, `aten.relu_.default`."""
        name = self.op.split(".")[1]
        return name if name.endswith("__") else name.removesuffix("_")

    def argument(self, name: str) -> Value:
        """The argument of this name; None where it was not given."""
        return next((one.value for one in self.arguments if one.name == name), None)


@dataclass(frozen=True)
class Module:
    """A module at any level: its dotted name (blank = the whole), its class, and how often it was called.

    `of_torch`: its class is one of torch's own. `parameters` are its own, those that several modules share counted at
    the first of them only; `all_parameters` those of its inner modules, too, each counted once. `settings` are its
    arguments; the shapes are those of its first call, blank if it was never called.
    """

    name: str
    type: str
    of_torch: bool
    leaf: bool
    calls: int
    parameters: int
    all_parameters: int
    settings: str
    input_shape: str
    output_shape: str

    @property
    def level(self) -> int:
        """0 for the whole, 1 for its parts."""
        return self.name.count(".") + 1 if self.name else 0

    def contains(self, module: str) -> bool:
        """Whether a module, by its name, is this one or inside it."""
        return not self.name or module == self.name or module.startswith(f"{self.name}.")


@dataclass(frozen=True)
class Graph:
    """The ops of one run of a module in order; `backward` is empty unless it was traced too."""

    name: str
    forward: tuple[GraphOp, ...]
    backward: tuple[GraphOp, ...]
    modules: tuple[Module, ...]
    inputs: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """The parameters of the whole module, each counted once."""
        return sum(module.parameters for module in self.modules)


@dataclass(frozen=True)
class NeededOp:
    """An op in one configuration, and how often it occurs; `first`: its first call."""

    op: str
    count: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str
    first: GraphOp


def needed_ops(ops: Iterable[GraphOp]) -> tuple[NeededOp, ...]:
    """Group ops by configuration, in the order of their first occurrence."""
    groups: dict[tuple[object, ...], list[GraphOp]] = {}
    for op in ops:
        groups.setdefault((op.op, op.inputs, op.outputs, op.parameters), []).append(op)
    return tuple(
        NeededOp(some[0].op, len(some), some[0].inputs, some[0].outputs, some[0].parameters, some[0])
        for some in groups.values()
    )


def graph_nodes(ops: Iterable[GraphOp]) -> tuple[Node, ...]:
    """The ops in the form that `perfsheet stats` counts."""
    counts = Counter((op.op, op.input_operands, op.output_operands) for op in ops)
    return tuple(Node(op, count, inputs, outputs) for (op, inputs, outputs), count in counts.items())
