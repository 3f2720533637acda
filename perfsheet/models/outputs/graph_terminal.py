"""The ops of a torch module in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from perfsheet.models.torch_graph import Coverage, Graph
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import Field, print_table

_STYLES = {"missing": "red", "no TTNN op known": "red", "covered": "green"}

_FIELDS: tuple[Field[Coverage], ...] = (
    Field("TORCH OP", lambda one: one.op, number=False),
    Field("COUNT", lambda one: f"{one.count:,}"),
    Field("TTNN", lambda one: one.ttnn or "–", number=False, flexible=True),
    Field("STATUS", lambda one: one.status, number=False, style=lambda one: _STYLES.get(one.status, "dim")),
    Field(
        "DEVICE OPS",
        lambda one: ", ".join(f"{code} ×{count:,}" for code, count in one.device_ops) or "–",
        number=False,
        flexible=True,
    ),
)


def render(graph: Graph, covered: Sequence[Coverage], out: TextIO) -> None:
    """A line per kind of op, those that are missing first."""
    console = console_for(out)
    parts = [f"{graph.name}: {len(graph.forward):,} forward ops of {len({op.op for op in graph.forward})} types"]
    if graph.backward:
        parts.append(f"{len(graph.backward):,} backward ops of {len({op.op for op in graph.backward})} types")
    parts.append(f"inputs {', '.join(graph.inputs) or 'without tensors'}")
    console.print(line("; ".join(parts), "bold"))
    console.print()
    fields = _FIELDS if any(one.device_ops for one in covered) else _FIELDS[:-1]
    print_table(console, fields, covered)
    console.print()
    counts = Counter(one.status for one in covered)
    console.print(line(", ".join(f"{count} {status}" for status, count in counts.items()) + " (types of ops)"))
