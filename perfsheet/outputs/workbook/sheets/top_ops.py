"""Sheet Top Ops: the ranking by device kernel duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.signature import signatures
from perfsheet.analysis.results import RankedOp
from perfsheet.analysis.rules import low_core_count
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.marks import data_bar, mark_flagged, mark_impossible
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Top Ops"
SHOWN = 200
"""Ops on this sheet; All Ops has all of them, with their rank."""

NAMES: tuple[Field[RankedOp], ...] = (
    Field("RANK", lambda op: op.rank, "count", 7),
    Field("OP CODE", lambda op: op.op_code, width=34),
    Field("SHAPE", lambda op: op.shape, width=32),
    Field("LAYOUT IN → OUT", lambda op: op.layout, width=38),
)
FIGURES: tuple[Field[RankedOp], ...] = (
    Field("CORE COUNT", lambda op: op.core_count, "count", 8),
    Field("WORKER CORES", lambda op: op.worker_cores, "count", 9),
    Field("DEVICE KERNEL DURATION [ns]", lambda op: op.kernel_ns, "ns", 18),
    Field("SHARE", lambda op: op.share, "percent", 9),
    Field("CUMULATIVE", lambda op: op.cumulative, "percent", 12),
    Field("PM IDEAL [ns]", lambda op: op.pm_ideal_ns, "ns", 12),
)
"""What every ranking shows of an op, behind its names."""
_CORES, _GRID, _KERNEL, _IDEAL, _UTILIZATION, _BY_GRID = 4, 5, 6, 9, 10, 11

_LIGHT: tuple[Field[RankedOp], ...] = (
    Field("UTILIZATION CORRECTED", lambda op: op.utilization_corrected, "percent", 13),
    Field("SPEED OF LIGHT", lambda op: op.sol, "percent", 10),
    Field("BOUND", lambda op: None if op.bound == "unknown" else op.bound, width=10),
)
_PEAKS: tuple[Field[RankedOp], ...] = (
    Field("COMPUTE, GRID", lambda op: op.compute, "percent", 11),
    Field("COMPUTE, USED CORES", lambda op: op.compute_used_cores, "percent", 11),
    Field("DRAM", lambda op: op.dram, "percent", 9),
    Field("GFLOP", lambda op: None if op.flops is None else op.flops / 1e9, "decimal", 11),
    Field("DRAM [MB]", lambda op: None if op.dram_bytes is None else op.dram_bytes / 1e6, "decimal", 11),
    Field("WHY UNKNOWN", lambda op: op.sol_unknown_reason, width=30),
)
"""How far an op is from the peaks of its chip, and the work behind that."""


def write(sheet: Worksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write the first ops of the ranking, and beside them how few configurations make up the time."""
    ops = analysis.top(SHOWN)
    fields = _fields(analysis, ops)
    after = write_table_sheet(sheet, styles, fields, ops, freeze=2)
    headers = [field.header for field in fields]
    flags = headers.index("FLAGS")
    data_bar(sheet, _KERNEL, 1, after - 1)
    mark_impossible(sheet, styles, (_UTILIZATION, _BY_GRID), after - 1)
    mark_flagged(sheet, styles, _CORES, flags, low_core_count.RULE.id, after - 1)
    # On paper the tensors would shrink the rest beyond reading.
    sheet.print_area(0, 0, after + 1, headers.index("FILE ROW"))
    left_out = analysis.summary.timed_rows - len(ops)
    if left_out:
        note = f"{left_out:,} shorter ops are not listed here; sheet All Ops has every op with its rank."
        sheet.write_string(after + 1, 1, note, styles["quiet"])
    charts.pareto(sheet, 1, len(fields) + 1)


def _fields(analysis: Analysis, ops: list[RankedOp]) -> list[Field[RankedOp]]:
    found = signatures(analysis.ops, [op.position for op in ops])
    tensors = {op.position: signature.tensors for op, signature in zip(ops, found, strict=True)}
    known_cores = np.isfinite(analysis.ops.cores) & np.isfinite(analysis.ops.worker_cores)

    def utilization(op: RankedOp) -> Cell:
        return live.utilization(op.rank, (_IDEAL, _KERNEL, _CORES, _GRID), op.utilization)

    def flags(op: RankedOp) -> Cell:
        columns = (_CORES, _GRID, _UTILIZATION, _BY_GRID)
        return live.flags(op.rank, columns, op.flags, bool(known_cores[op.position]))

    impossible = any(op.not_physical_reason for op in ops)
    why = [Field[RankedOp]("WHY NOT PHYSICAL", lambda op: op.not_physical_reason, width=30)] if impossible else []
    return [
        *NAMES,
        *FIGURES,
        Field("UTILIZATION", utilization, "percent", 12),
        Field("UTILIZATION BY GRID", lambda op: op.utilization_grid, "percent", 12),
        *_LIGHT,
        Field("FLAGS", flags, width=30),
        Field("FILE ROW", lambda op: all_ops.link_to(analysis, op.position), "link_number", 9),
        *all_ops.file_fields(analysis, lambda op: op.position),
        Field("DEVICE ID", lambda op: op.device, "plain_number", 8),
        Field("GLOBAL CALL COUNT", lambda op: op.row.global_call_count, "plain_number", 12),
        *_PEAKS,
        *why,
        Field("INPUTS → OUTPUTS", lambda op: tensors[op.position], width=90),
    ]
