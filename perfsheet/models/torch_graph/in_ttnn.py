"""Whether TTNN has a torch op: asked of its registry first, then of what the registry cannot tell."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Literal

from perfsheet.light_dataclass import dataclass
from perfsheet.models.torch_graph.equivalents import LAYOUT, NO_OP, equivalent, kind_of_convolution, of_overload
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.trials.registry import Registry

Verdict = Literal["exists", "another name", "composite", "missing", "not needed"]
_NEAR = 5


@dataclass(frozen=True)
class InTtnn:
    """Whether TTNN has an op, and as which `functions` (`ttnn.conv2d`), several together if it is a composite.

    `how` it was found, in a few words. `layout`: a port may need no op for it.
    """

    verdict: Verdict
    functions: tuple[str, ...] = ()
    how: str = ""
    layout: bool = False


def in_ttnn(op: GraphOp, registry: Registry) -> InTtnn:
    """Whether TTNN has an op.

    It is looked up in the registry, then in the table of equivalents, whose functions must be registered, then in other
    namespaces of TTNN, then among the golden functions that compute just this op.
    """
    if op.name in NO_OP:
        return InTtnn("not needed", how="a port needs no op for it")
    layout = op.name in LAYOUT
    if more := tuple(filter(None, map(registry.named, of_overload(op)))):
        return InTtnn("composite", more, "by the table of equivalents", layout)
    for name in names_of(op):
        if found := registry.named(name):
            return InTtnn("exists" if name == op.name else "another name", (found,), "registered", layout)
    known = equivalent(op)
    functions = tuple(filter(None, map(registry.named, known)))
    if functions and len(functions) == len(known):
        verdict: Verdict = "another name" if len(functions) == 1 else "composite"
        return InTtnn(verdict, functions, "by the table of equivalents", layout)
    for name in further_names_of(op):
        if found := registry.named(name):
            return InTtnn("another name", (found,), "registered", layout)
    if by_golden := _by_golden(op, registry):
        return InTtnn("another name", (by_golden,), f"its golden function is torch's {_plain(op)}", layout)
    return InTtnn("missing")


def names_of(op: GraphOp) -> tuple[str, ...]:
    """The names under which an op is looked for in the registry first: its own, then `softmax` for `_softmax`,
    `gelu_bw` for `gelu_backward`, `conv_transpose2d` for a convolution of that kind."""
    return tuple(dict.fromkeys((op.name, _plain(op))))


def further_names_of(op: GraphOp) -> tuple[str, ...]:
    """The names under which it is looked for last: `experimental.conv3d`."""
    return tuple(f"{namespace}.{_plain(op)}" for namespace in _NAMESPACES)


_NAMESPACES = ("transformer", "experimental")


def _plain(op: GraphOp) -> str:
    plain = kind_of_convolution(op) or op.name.strip("_").removesuffix("_forward")
    return f"{plain.removesuffix('_backward')}_bw" if plain.endswith("_backward") else plain


def _by_golden(op: GraphOp, registry: Registry) -> str | None:
    """The operation whose golden function calls this op alone; they must share a word, as helpers call ops, too."""
    words = set(_plain(op).split("_"))
    found = [name for name in registry.by_golden.get(_plain(op), ()) if words & set(_last(name).split("_"))]
    return found[0] if found else None


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def near(op: GraphOp, registry: Registry) -> tuple[str, ...]:
    """Registered operations whose names are like that of an op, or whose golden functions call it."""
    by_last = {_last(name): name for name in registry.operations if not name.endswith("_bw")}
    alike: Sequence[str] = difflib.get_close_matches(_plain(op), by_last, _NEAR, 0.7)
    calling = (
        name
        for name, called in registry.operations.items()
        if called and any(_last(one) == _plain(op) for one in called)
    )
    return tuple(dict.fromkeys([*(by_last[name] for name in alike), *calling]))[:_NEAR]
