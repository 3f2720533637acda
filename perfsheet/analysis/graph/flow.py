"""The data flow between the ops of a window, and how much room L1 has along it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.join import Joined
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.graph_report.model import DeviceOp, GraphReport, Tensor
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Step:
    """A tensor on its way: `producer` made it and `consumer` reads it, both indices of `report.device_ops`.

    None = made before the report began, or read by no op in it.
    """

    tensor: Tensor
    producer: int | None
    consumer: int | None


@dataclass(frozen=True, eq=False)
class Flow:
    """Which ops made what an op reads, from the tensors of the report; `partner` gives for each op its device op."""

    report: GraphReport
    partner: IntArray

    def op(self, position: int) -> DeviceOp | None:
        """The device op behind an op of the window."""
        index = int(self.partner[position])
        return None if index < 0 else self.report.device_ops[index]

    def read(self, position: int, place: int = 0) -> Step | None:
        """What an op reads as its input at this place; None = unknown."""
        index, op = int(self.partner[position]), self.op(position)
        if op is None or place >= len(op.inputs):
            return None
        tensor = op.inputs[place]
        return Step(self.report.tensors[tensor], self._producer(tensor, index), index)

    def written(self, position: int) -> tuple[Step, ...]:
        """What an op writes, a step for each op that reads it."""
        index, op = int(self.partner[position]), self.op(position)
        if op is None:
            return ()
        return tuple(
            Step(self.report.tensors[tensor], index, reader)
            for tensor in op.outputs
            for reader in self.report.consumers.get(tensor, ())
            if reader > index
        )

    def feeds(self, before: int, after: int) -> bool | None:
        """Whether one op of the window reads what another one wrote; None where the report does not tell.

        It does not if either op is not in it, or if an input that looks like the other's output comes from nowhere.
        """
        writer, reader = self.op(before), self.op(after)
        if writer is None or reader is None or not (writer.outputs and reader.inputs):
            return None
        at, producer = int(self.partner[after]), int(self.partner[before])
        made = {tensor: self._producer(tensor, at) for tensor in reader.inputs}
        if producer in made.values():
            return True
        shapes = {self.report.tensors[tensor].shape for tensor in writer.outputs}
        alike = (
            maker is None and self.report.tensors[tensor].shape in shapes and not self._read_by(tensor, producer)
            for tensor, maker in made.items()
        )
        return None if any(alike) else False

    def _read_by(self, tensor: int, index: int) -> bool:
        """Whether a tensor was read by the time that a device op ran, so that this one did not make it."""
        return any(reader <= index for reader in self.report.consumers.get(tensor, ()))

    def makers(self, position: int) -> set[int]:
        """The device ops of the report that made what an op reads, as far as they are known."""
        op, at = self.op(position), int(self.partner[position])
        found = (self._producer(tensor, at) for tensor in (() if op is None else op.inputs))
        return {maker for maker in found if maker is not None}

    def first_input(self, position: int) -> int | None:
        """The tensor that an op reads first (index of `report.tensors`; of a view what it shows); None = unknown."""
        op = self.op(position)
        return None if op is None or not op.inputs else self.report.views.get(op.inputs[0], op.inputs[0])

    def _producer(self, tensor: int, before: int) -> int | None:
        made = [index for index in self._makers.get(self.report.views.get(tensor, tensor), ()) if index < before]
        return made[-1] if made else None

    @cached_property
    def _makers(self) -> dict[int, list[int]]:
        """The device ops that write each tensor; what an op writes in place it has not made."""
        makers: dict[int, list[int]] = {}
        for index, op in enumerate(self.report.device_ops):
            for tensor in op.outputs:
                if tensor not in op.inputs:
                    makers.setdefault(tensor, []).append(index)
        return makers

    @cached_property
    def free(self) -> FloatArray:
        """Bytes of a bank that are free while each device op of the report runs, NaN = unknown; at most that, where its
        circular buffers are not in the report."""
        bank = self.report.l1_bank_bytes
        values = np.full(len(self.report.device_ops), np.nan)
        if bank is not None:
            for index, op in enumerate(self.report.device_ops):
                if op.use is not None:
                    values[index] = bank - op.use.l1_bank - (op.circular_bytes or 0)
        return values

    def room(self, step: Step) -> float | None:
        """Bytes of a bank that are free from the op that makes a tensor to the one that reads it; None = unknown."""
        if step.consumer is None:
            return None
        first = step.consumer if step.producer is None else step.producer
        least = self.free[first : step.consumer + 1]
        return None if not len(least) or np.isnan(least).any() else float(least.min())

    @cached_property
    def input_rooms(self) -> FloatArray:
        """The same for what each op reads from DRAM as its first input; NaN = unknown, or not from DRAM."""
        steps = map(self.read, range(len(self.partner)))
        rooms = (None if step is None or not step.tensor.in_dram else self.room(step) for step in steps)
        return np.array([np.nan if room is None else room for room in rooms], dtype=np.float64)

    def rooms_known(self, positions: IntArray) -> bool:
        """Whether the circular buffers of these ops are known, so that what is free is."""
        ops = map(self.op, positions.tolist())
        return all(op is not None and op.circular_bytes is not None for op in ops)


def flow(joined: Joined, rows: IntArray) -> Flow:
    """The data flow of the ops in these rows of the table."""
    return Flow(joined.report, joined.partner[rows])
