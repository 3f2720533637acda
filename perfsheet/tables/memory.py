"""The tables of memory: what is in use while each op runs, and what is held longer than it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.capture.table import FloatArray
from perfsheet.tables.column import Cells, Column, In, Mark, Rows, Table, each
from perfsheet.tables.kinds import BYTES, COUNT, LABEL, ROW, SOURCE, YES_NO
from perfsheet.tables.op_rows import OpRows

if TYPE_CHECKING:
    from perfsheet.analysis.graph.memory import Held, Memory
    from perfsheet.analysis.graph.sources import Source

_GRAPH = "docs/graph-report.md"


def memory_ops(analysis: Analysis, most: int | None = None) -> OpRows:
    """The ops in execution order, at most `most` with the peaks among them (None = every op); none without a graph
    report that tells the memory."""
    graph = analysis.graph
    if graph is None or not graph.memory.known:
        return OpRows(analysis, np.arange(0))
    return OpRows(analysis, np.arange(len(analysis.ops)) if most is None else graph.memory.peaks(most))


def held_buffers(analysis: Analysis, count: int | None = None) -> Rows[Analysis, Held]:
    """The first `count` buffers in L1, what outlives its last use first (None = all)."""
    return Rows(analysis, () if analysis.graph is None else analysis.graph.memory.longest_held[:count])


def _memory(values: Callable[[Memory], FloatArray]) -> Callable[[OpRows], Cells]:
    def of_ops(rows: OpRows) -> Cells:
        graph = rows.analysis.graph
        return np.full(len(rows), np.nan) if graph is None else np.asarray(values(graph.memory)[rows.positions])

    return of_ops


def _beyond_bank(rows: OpRows) -> list[bool]:
    graph = rows.analysis.graph
    return [False] * len(rows) if graph is None else graph.memory.beyond_bank[rows.positions].tolist()


BEYOND_BANK = Mark("impossible", _beyond_bank)
"""On figures of L1 that no bank holds."""


def bank_styles(rows: OpRows) -> list[str]:
    """The styles of these figures in the workbook; none if all are alike."""
    beyond = _beyond_bank(rows)
    return ["impossible_count" if one else "count" for one in beyond] if any(beyond) else []


def _sources(rows: OpRows) -> list[Source | None]:
    graph = rows.analysis.graph
    return [None if graph is None else graph.sources[position] for position in rows.positions.tolist()]


def _call_source(call: Callable[[Held], int]) -> Callable[[Rows[Analysis, Held]], list[Source | None]]:
    def of_buffers(rows: Rows[Analysis, Held]) -> list[Source | None]:
        graph = rows.source.graph
        return [None if graph is None else graph.sources_of.of_call(call(held)) for held in rows]

    return of_buffers


def _call_name(call: Callable[[Held], int]) -> Callable[[Rows[Analysis, Held]], list[str]]:
    def of_buffers(rows: Rows[Analysis, Held]) -> list[str]:
        graph = rows.source.graph
        return ["" if graph is None else graph.joined.report.calls[call(held)].name for held in rows]

    return of_buffers


def _tensor(rows: Rows[Analysis, Held]) -> list[str]:
    """`1×1×384×768 BFLOAT16 L1_BLOCK_SHARDED`."""
    graph = rows.source.graph
    texts = []
    for held in rows:
        known = None if graph is None or held.buffer.tensor is None else graph.joined.report.tensors[held.buffer.tensor]
        texts.append("" if known is None else f"{'×'.join(map(str, known.shape))} {known.dtype} {known.memory}")
    return texts


def _refs(rows: OpRows) -> list[Any]:
    return rows.analysis.row_refs(rows.positions.tolist())


# fmt: off
MEMORY: Table[OpRows] = Table(
    "memory",
    "Memory",
    "L1 and DRAM in use while each op runs, from a graph report: sheet Memory, the page, `report --json`.",
    (
        Column("order", "Order", COUNT, lambda rows: rows.positions + 1, "place in execution order", width=8),
        Column("op_code", "Op code", LABEL, lambda rows: rows.ops.codes.take(rows.positions), "the device operation",
            width=34, code=True),
        Column("source", "Source", SOURCE, _sources, "the line that called it", _GRAPH, code=True),
        Column("l1_tensors_bytes", "L1 tensors", BYTES, _memory(lambda memory: memory.l1_bank),
            "tensors in L1 per bank, at the peak within the op", _GRAPH),
        Column("l1_circular_bytes", "L1 circular", BYTES, _memory(lambda memory: memory.circular),
            "circular buffers of the op per core; empty = the report lacks them", _GRAPH),
        Column("l1_used_bytes", "L1 used", BYTES, _memory(lambda memory: memory.l1_used),
            "tensors and circular buffers together; at least that, where the latter are unknown", _GRAPH, bar=True,
            mark=BEYOND_BANK, cell_style=bank_styles),
        Column("l1_headroom_bytes", "L1 headroom", BYTES, _memory(lambda memory: memory.headroom),
            "L1 bank less what is used; at most that, where circular buffers are unknown", _GRAPH,
            mark=BEYOND_BANK, cell_style=bank_styles),
        Column("l1_total_bytes", "L1 tensors, all banks", BYTES, _memory(lambda memory: memory.l1_total),
            "tensors in L1 over all banks; empty = the size of one is unknown", _GRAPH),
        Column("dram_bank_bytes", "DRAM per bank", BYTES, _memory(lambda memory: memory.dram_bank),
            "tensors in DRAM per bank", _GRAPH),
        Column("dram_total_bytes", "DRAM", BYTES, _memory(lambda memory: memory.dram_total),
            "tensors in DRAM over all banks; empty = the size of one is unknown", _GRAPH),
        Column("impossible", "Impossible", YES_NO, _beyond_bank,
            "more in use than an L1 bank holds: the report is wrong there", _GRAPH, outputs=In.JSON),
        Column("row", "File row", ROW, _refs, "row of the capture", outputs=In.JSON | In.SHEET | In.PAGE),
    ),
    outputs=In.JSON | In.PAGE | In.SHEET,
)

HELD: Table[Rows[Analysis, Held]] = Table(
    "held",
    "Held in L1",
    "What lives in L1 for how long, what outlives its last use first, from a graph report: sheet Memory, the page.",
    (
        Column("tensor", "Tensor", LABEL, _tensor, "shape, data type and memory", _GRAPH, width=50, code=True),
        Column("count", "Buffers", COUNT, each(lambda held: held.count), "equal ones, made and used by the same lines",
            _GRAPH, width=9),
        Column("bank_bytes", "Per bank", BYTES, each(lambda held: held.buffer.bank), "bytes per L1 bank", _GRAPH),
        Column("made_by", "Made by", LABEL, _call_name(lambda held: held.made), "the call that made it", _GRAPH,
            width=34, code=True),
        Column("made_at", "Made at", SOURCE, _call_source(lambda held: held.made), "the line of that call", _GRAPH,
            code=True),
        Column("last_used_by", "Last used by", LABEL, _call_name(lambda held: held.last_use), "the last call with it",
            _GRAPH, width=34, code=True),
        Column("last_used_at", "Last used at", SOURCE, _call_source(lambda held: held.last_use),
            "the line of that call: it could be freed after it", _GRAPH, code=True),
        Column("calls", "Calls", COUNT, each(lambda held: held.calls),
            "calls with device ops from its first to its last", _GRAPH, width=9),
        Column("idle_calls", "Calls after", COUNT, each(lambda held: held.idle_calls),
            "calls with device ops between its last use and its end", _GRAPH),
    ),
    outputs=In.JSON | In.PAGE | In.SHEET,
)
