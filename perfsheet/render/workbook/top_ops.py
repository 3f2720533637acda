"""Sheet Top Ops: the ranking by device kernel duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.result import RankedOp
from perfsheet.analysis.signature import signatures
from perfsheet.render.workbook import all_ops, utilization
from perfsheet.render.workbook.marks import data_bar, mark_impossible, strike_stale_flags
from perfsheet.render.workbook.sheet import Cell, Field, Link, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Top Ops"
SHOWN = 200
"""Ops on this sheet; All Ops has all of them, with their rank."""

FIGURES: tuple[Field[RankedOp], ...] = (
    Field("CORE COUNT", lambda op: op.core_count, "count", 8),
    Field("WORKER CORES", lambda op: op.worker_cores, "count", 9),
    Field("DEVICE KERNEL DURATION [ns]", lambda op: op.kernel_ns, "ns", 18),
    Field("SHARE", lambda op: op.share, "percent", 9),
    Field("CUMULATIVE", lambda op: op.cumulative, "percent", 12),
    Field("PM IDEAL [ns]", lambda op: op.pm_ideal_ns, "ns", 12),
)
"""What every ranking shows of an op, behind its rank and its code."""


LIGHT: tuple[Field[RankedOp], ...] = (
    Field("UTILIZATION CORRECTED", lambda op: op.utilization_corrected, "percent", 13),
    Field("COMPUTE, GRID", lambda op: op.compute, "percent", 11),
    Field("COMPUTE, USED CORES", lambda op: op.compute_used_cores, "percent", 11),
    Field("DRAM", lambda op: op.dram, "percent", 9),
    Field("SPEED OF LIGHT", lambda op: op.sol, "percent", 10),
    Field("BOUND", lambda op: None if op.bound == "unknown" else op.bound, width=10),
    Field("WHY UNKNOWN", lambda op: op.sol_unknown_reason, width=18),
)
"""How far an op is from the peaks of its chip."""


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the first ops of the ranking."""
    ops = analysis.top(SHOWN)
    fields = _fields(analysis, ops)
    after = write_table_sheet(sheet, styles, fields, ops)
    data_bar(sheet, 4, 1, after - 1)
    mark_impossible(sheet, styles, (8, 9), after - 1)
    flags = [field.header for field in fields].index("FLAGS")
    strike_stale_flags(sheet, styles, flags, (8, 9), after - 1)
    # On paper the shapes would shrink the rest beyond reading.
    sheet.print_area(0, 0, after + 1, len(fields) - 2)
    left_out = analysis.summary.timed_rows - len(ops)
    if left_out:
        note = f"{left_out:,} shorter ops are not listed here; sheet All Ops has every op with its rank."
        sheet.write_string(after + 1, 1, note, styles["quiet"])


def _fields(analysis: Analysis, ops: list[RankedOp]) -> list[Field[RankedOp]]:
    found = signatures(analysis.ops, [op.position for op in ops])
    tensors = {op.position: signature.tensors for op, signature in zip(ops, found, strict=True)}

    def live(op: RankedOp) -> Cell:
        return utilization.formula(op.rank, (7, 4, 2, 3), op.utilization)

    impossible = any(op.not_physical_reason for op in ops)
    why = [Field[RankedOp]("WHY NOT PHYSICAL", lambda op: op.not_physical_reason, width=30)] if impossible else []
    return [
        Field("RANK", lambda op: op.rank, "count", 7),
        Field("OP CODE", lambda op: Link(all_ops.location(op.position), op.op_code, "Go to All Ops"), width=34),
        *FIGURES,
        Field("UTILIZATION", live, "percent", 12),
        Field("UTILIZATION BY GRID", lambda op: op.utilization_grid, "percent", 12),
        *LIGHT,
        Field("FLAGS", lambda op: ", ".join(op.flags), width=26),
        *why,
        Field("DEVICE ID", lambda op: op.device, "plain_number", 8),
        Field("GLOBAL CALL COUNT", lambda op: op.row.global_call_count, "plain_number", 12),
        Field("FILE ROW", lambda op: op.row.row, "plain_number", 9),
        *all_ops.file_fields(analysis, lambda op: op.position),
        Field("INPUTS → OUTPUTS", lambda op: tensors[op.position], width=90),
    ]
