"""Op statistics in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.capture.notes import rows
from perfsheet.models.op_stats import FormatCount, OpCount, OpStatistics, SizeDistribution
from perfsheet.models.outputs.op_stats_plot import in_bytes
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import Field, print_table

_MOST = 20


def render(found: OpStatistics, out: TextIO) -> None:
    """The most frequent ops with the sizes of their tensors, the formats, and what moves between host and device."""
    console = console_for(out)
    console.print(line(f"{found.total:,} ops of {len(found.counts)} types in {', '.join(found.sources)}", "bold"))
    console.print()
    fields: list[Field[OpCount]] = [
        Field("OP", lambda one: one.op, number=False, flexible=True),
        Field("COUNT", lambda one: f"{one.count:,}"),
        Field("INPUTS", lambda one: _sizes(found.inputs.get(one.op)), optional=2),
        Field("INPUT BYTES", lambda one: _bytes(found.inputs.get(one.op)), optional=1),
        Field("OUTPUTS", lambda one: _sizes(found.outputs.get(one.op)), optional=4),
        Field("OUTPUT BYTES", lambda one: _bytes(found.outputs.get(one.op)), optional=3),
    ]
    print_table(console, fields, found.counts[:_MOST])
    if len(found.counts) > _MOST:
        console.print(line(f"… and {len(found.counts) - _MOST} more types in node_count.csv", "dim"))
    console.print()
    if found.formats:
        print_table(console, _FORMATS, found.formats[:_MOST])
        console.print()
    for name, one in found.transfers.items():
        moved = "unknown (no host row in it)" if one.to_from_device is None else f"{one.to_from_device:,}"
        console.print(
            line(
                f"{name}: to/from device {moved}, host fallbacks {one.fallbacks:,}, host ops {one.host_ops:,}, "
                f"reshards {one.reshards:,}"
            )
        )


_FORMATS: tuple[Field[FormatCount], ...] = (
    Field("SIDE", lambda one: one.side, number=False),
    Field("LAYOUT", lambda one: one.layout or "–", number=False),
    Field("DATA TYPE", lambda one: one.datatype or "–", number=False),
    Field("MEMORY", lambda one: one.memory or "–", number=False, flexible=True),
    Field("TENSORS", lambda one: f"{one.count:,}"),
    Field("BYTES", lambda one: _known(one.total_bytes), optional=1),
)


def _sizes(found: SizeDistribution | None) -> str:
    """`48 of 3 sizes`."""
    return "–" if found is None else f"{found.tensors:,} of {rows(len(found.sizes), 'size')}"


def _bytes(found: SizeDistribution | None) -> str:
    return "–" if found is None else _known(found.total_bytes)


def _known(size: int | None) -> str:
    return "unknown" if size is None else in_bytes(size)
