"""The table of op groups: identical ops together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.shape import Shape, shape_of
from perfsheet.analysis.results import OpGroup
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import CORES, COUNT, LABEL, NS, PERCENT, ROW, ROWS, TEXT

GroupRows = Rows[Analysis, OpGroup]
_FORMULAS = "docs/formulas.md"


def op_groups(analysis: Analysis, count: int | None = None) -> GroupRows:
    """The first `count` groups, most kernel time first (None = all)."""
    return Rows(analysis, analysis.groups[:count])


def _shapes(value: Callable[[Shape], str]) -> Callable[[GroupRows], list[str]]:
    return lambda rows: [value(shape_of(rows.source.ops, int(group.positions[0]))) for group in rows]


def _first_rows(rows: GroupRows) -> list[Any]:
    return rows.source.row_refs(int(group.positions[0]) for group in rows)


def _all_rows(rows: GroupRows) -> list[list[Any]]:
    return [rows.source.row_refs(group.positions.tolist()) for group in rows]


# fmt: off
GROUPS: Table[GroupRows] = Table(
    "groups",
    "Op groups",
    "Identical ops together (same op, shapes, data types, memory, math fidelity and program config): "
    "`top-ops --group`, sheet Op Groups, the page.",
    (
        Column("rank", "Rank", COUNT, each(lambda group: group.rank), "place by Σ kernel duration, 1 = most", _FORMULAS,
            short="#", width=7),
        Column("op_code", "Op code", LABEL, each(lambda group: group.signature.op_code), "the device operation",
            flexible=True, narrow=short_code, width=34, code=True),
        Column("signature", "Signature", LABEL, each(lambda group: group.signature.text),
            "op code, tensors, math fidelity and program config: what the ops have in common", outputs=In.DATA),
        Column("shape", "Shape", TEXT, _shapes(lambda shape: shape.shape), "as in table `ops`",
            outputs=In.PAGE | In.SHEET, width=32, code=True),
        Column("layout", "Layout in → out", TEXT, _shapes(lambda shape: shape.layout), "as in table `ops`",
            outputs=In.PAGE | In.SHEET, width=38, wrap=True),
        Column("count", "Count", COUNT, each(lambda group: group.count), "ops in the group", width=8),
        Column("cores", "Cores", CORES, each(lambda group: group.cores), "the distinct core counts of the ops"),
        Column("kernel_duration_ns", "Σ kernel duration", NS, each(lambda group: group.kernel_ns),
            "Σ kernel duration of the ops", _FORMULAS, short="Σ kernel", bar=True),
        Column("median_ns", "Median", NS, each(lambda group: group.median_ns), "median kernel duration of one op",
            drop=2, width=13),
        Column("share_pct", "Share", PERCENT, each(lambda group: group.share),
            "Σ kernel duration / Σ kernel duration of the window", _FORMULAS, width=9),
        Column("cumulative_pct", "Cumulative", PERCENT, each(lambda group: group.cumulative),
            "share of this and all higher ranks together", _FORMULAS, short="Cum.", drop=3, width=12),
        Column("math_fidelity", "Math fidelity", LABEL, each(lambda group: group.signature.math_fidelity),
            "passes over the matrix engine: LoFi 1, HiFi2 2, HiFi3 3, HiFi4 4", "docs/speed-of-light.md",
            outputs=In.PAGE | In.SHEET, width=10),
        Column("first_row", "First file row", ROW, _first_rows, "row of the capture with the first of the ops",
            outputs=In.SHEET),
        Column("tensors", "Inputs → outputs", LABEL, each(lambda group: group.signature.tensors),
            "all tensors: padded[logical] extents, data type, memory", outputs=In.TERMINAL | In.SHEET, flexible=True,
            drop=1, width=90),
        Column("program_config", "Program config", LABEL, each(lambda group: group.signature.program_config),
            "the op's program config in ATTRIBUTES", outputs=In.SHEET, width=60),
        Column("rows", "Rows", ROWS, _all_rows, "the rows of the capture", outputs=In.JSON | In.CSV),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.PAGE | In.SHEET,
)
