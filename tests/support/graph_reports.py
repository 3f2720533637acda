"""A small graph report of the device rows of a made capture: a Python call per op, joined by GLOBAL CALL COUNT."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perfsheet.graph_report.model import (
    Accuracy,
    Buffer,
    Call,
    Chip,
    DeviceOp,
    Execution,
    Frame,
    GraphReport,
    MemoryUse,
    Tensor,
)
from support.captures import Row

BANK = 1_000_000
_FILE, _LINES, _IDLE = "/w/model.py", 3, 2


def graph_report(
    rows: Sequence[Row],
    *,
    text: Callable[[int], str] = lambda place: "",
    stacks: bool = True,
    memory: bool = True,
    accuracy: bool = True,
) -> GraphReport:
    """The report of these device rows, as figures that tell the ops apart.

    Op `i` comes from line 10 + i % 3 of /w/model.py, in `Model.block<i % 2>`. Every third op has no circular buffers,
    every second one no PCC. Its output is held for two calls after the next op has used it. `text(i)`, where it is not
    blank, stands for each name of op `i`: file, functions, call, code, data type.
    """
    ops, calls, tensors, buffers = [], [], [], []
    for i, row in enumerate(rows):
        own = text(i)
        made = (i,)
        use = MemoryUse(1000 * (i + 1), 64_000 * (i + 1), 2_000_000 - 1000 * i, 24_000_000 - 1000 * i)
        execution = Execution(int(row["GLOBAL CALL COUNT"]), int(row["DEVICE ID"]))
        circular = None if i % 3 == 2 or not memory else 500 * (len(rows) - i)
        ops.append(DeviceOp(row["OP CODE"], i, (execution,), (), made, None, None, circular, use if memory else None))
        frames = (
            Frame(own or _FILE, 10 + i % _LINES, own or f"block{i % 2}", own),
            Frame(own or _FILE, 50, own or "__call__", own),
            Frame("/w/test_model.py", 5, "test_model", own or "self.Model(x)"),
        )
        used = (i - 1,) if i else ()
        calls.append(
            Call(i, 0, own or f"ttnn.call{i % 4}", frames if stacks else (), used, made, range(i, i + 1), None, "")
        )
        tensors.append(Tensor(i, (1, 1, 32, 64), own or "BFLOAT16", "TILE", "L1_INTERLEAVED", "", 4096, 4096 * i))
        last = min(i + 1 + _IDLE, len(rows) - 1)
        buffers.append(Buffer(0, 0, "INTERLEAVED", 100 * (i + 1), 4096, i, last, i, 4096 * i))
    compared = {i: Accuracy(1 - i / 1234, 1 - i / 567, 0.99) for i in range(0, len(rows), 2)} if accuracy else {}
    chips = (Chip(0, 0, BANK, 64),) if memory else ()
    return GraphReport(
        "/w/db.sqlite", "1", tuple(calls), tuple(ops), tuple(tensors), tuple(buffers), chips, compared, {}, {}
    )
