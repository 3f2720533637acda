"""What a graph report adds to the ops of a window."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.accuracy import OpAccuracy, accuracy
from perfsheet.analysis.graph.flow import Flow, flow
from perfsheet.analysis.graph.groups import GroupBy, Module, SourceGroup, group_by, module_tree
from perfsheet.analysis.graph.join import Joined
from perfsheet.analysis.graph.memory import Memory, memory
from perfsheet.analysis.graph.sources import Source, Sources
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.capture.table import IntArray
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Graph:
    """The graph report beside these ops; `sources_of` is shared by all windows of a capture."""

    joined: Joined
    sources_of: Sources
    ops: Ops

    def beside(self, ops: Ops) -> Graph:
        """The same report beside other ops of the capture."""
        return Graph(self.joined, self.sources_of, ops)

    @cached_property
    def sources(self) -> tuple[Source | None, ...]:
        """For each op where it comes from; None = unknown."""
        partner = self.joined.partner[self.ops.rows].tolist()
        known = self.sources_of.all
        return tuple(None if index < 0 else known[index] for index in partner)

    @cached_property
    def sources_of_joined(self) -> tuple[Source | None, ...]:
        """The same for the ops that the report has."""
        partner = self.joined.partner[self.ops.rows].tolist()
        return tuple(source for source, index in zip(self.sources, partner, strict=True) if index >= 0)

    def places(self, positions: IntArray) -> tuple[tuple[Source, int], ...]:
        """The lines that some of the ops come from, each with how many, most kernel time first.

        A line with several calls names them all.
        """
        times = np.nan_to_num(self.ops.kernel_ns)
        found: dict[tuple[str, int], tuple[Source, int, float]] = {}
        calls: dict[tuple[str, int], dict[str, None]] = {}
        for position in positions.tolist():
            source = self.sources[position]
            if source is not None:
                key = (source.file, source.line)
                first, count, time = found.get(key, (source, 0, 0.0))
                found[key] = (first, count + 1, time + float(times[position]))
                calls.setdefault(key, {})[source.call] = None
        ranked = sorted(found, key=lambda key: -found[key][2])
        named = ((replace(found[key][0], call=", ".join(calls[key])), found[key][1]) for key in ranked)
        return tuple(named)

    @cached_property
    def modules(self) -> Module:
        """The module tree."""
        return module_tree(self.ops, self.sources)

    def by(self, key: GroupBy) -> tuple[SourceGroup, ...]:
        """The ops by module, line or call, most kernel time first."""
        return group_by(self.ops, self.sources, key)

    @cached_property
    def memory(self) -> Memory:
        """L1 and DRAM in use while each op runs."""
        return memory(self.joined, self.ops.rows)

    @cached_property
    def flow(self) -> Flow:
        """Which ops made what each op reads."""
        return flow(self.joined, self.ops.rows)

    @cached_property
    def position_of(self) -> dict[int, int]:
        """The position of each device op of the report among the ops; the last one where several rows are of it."""
        partner = self.joined.partner[self.ops.rows]
        return {int(index): position for position, index in enumerate(partner.tolist()) if index >= 0}

    def named(self, index: int) -> str:
        """A device op of the report with its line: `Matmul at ttnn_block.py:151`."""
        source = self.sources_of.of_device_op(index)
        name = short_code(self.joined.report.device_ops[index].name)
        return name if source is None else f"{name} at {source.place}"

    @cached_property
    def accuracy(self) -> OpAccuracy:
        """The PCC of each op."""
        return accuracy(self.joined, self.ops.rows)
