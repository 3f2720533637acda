"""The table of op groups: identical ops together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.shape import Shape, shape_of
from perfsheet.analysis.results import OpGroup
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.speed_of_light.bounds import SpeedOfLight
from perfsheet.analysis.statistics import known_int
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import CORES, COUNT, LABEL, LIST, NS, PERCENT, ROW, ROWS, TEXT
from perfsheet.text import ops as words_of_ops

GroupRows = Rows[Analysis, OpGroup]
_FORMULAS, _SPEED_OF_LIGHT = "docs/formulas.md", "docs/speed-of-light.md"


def op_groups(analysis: Analysis, count: int | None = None) -> GroupRows:
    """The first `count` groups, most kernel time first (None = all)."""
    return Rows(analysis, analysis.groups[:count])


def _shapes(value: Callable[[Shape], str]) -> Callable[[GroupRows], list[str]]:
    return lambda rows: [value(shape_of(rows.source.ops, int(group.positions[0]))) for group in rows]


def _first_rows(rows: GroupRows) -> list[Any]:
    return rows.source.row_refs(int(group.positions[0]) for group in rows)


def _all_rows(rows: GroupRows) -> list[list[Any]]:
    return [rows.source.row_refs(group.positions.tolist()) for group in rows]


def _members(rows: GroupRows) -> tuple[IntArray, IntArray]:
    """The positions of all ops of the groups, and the place of each one's group among them."""
    positions = [group.positions for group in rows]
    sizes = [len(own) for own in positions]
    return np.concatenate(positions) if positions else _NONE, np.repeat(np.arange(len(sizes)), sizes)


_NONE = np.empty(0, dtype=np.int64)


def _mean(of: Callable[[SpeedOfLight], FloatArray]) -> Callable[[GroupRows], FloatArray]:
    """The mean over the ops of each group where it is known, weighted by kernel time; NaN where it never is."""

    def means(rows: GroupRows) -> FloatArray:
        positions, at = _members(rows)
        values, kernel = of(rows.source.facts.speed_of_light)[positions], rows.source.ops.kernel_ns[positions]
        there = np.isfinite(values) & np.isfinite(kernel)
        weighted = np.bincount(at[there], (values * kernel)[there], len(rows))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(weighted / np.bincount(at[there], kernel[there], len(rows)))

    return means


def _flags(rows: GroupRows) -> list[list[str]]:
    positions, at = _members(rows)
    flags: list[list[str]] = [[] for _ in rows]
    for flag, mask in rows.source.flag_masks.items():
        for place in distinct(at[mask[positions]]).tolist():
            flags[place].append(flag)
    return flags


def _grids(rows: GroupRows) -> list[int | None]:
    positions, at = _members(rows)
    grids = rows.source.ops.worker_cores[positions]
    least = np.full(len(rows), np.inf)
    np.minimum.at(least, at, np.where(np.isfinite(grids), grids, np.inf))
    return list(map(known_int, least.tolist()))


_compute, _dram = _mean(lambda light: light.compute), _mean(lambda light: light.dram)
_of_used_cores = _mean(lambda light: light.compute_used_cores)


def _says(rows: GroupRows) -> list[str]:
    shares = (column(rows).tolist() for column in (_compute, _of_used_cores, _dram))
    figures = zip(rows, _grids(rows), _flags(rows), *shares, strict=True)
    return [
        words_of_ops.limits(group.cores, grid, low_core_count.RULE.id in flags, compute, used, dram)
        for group, grid, flags, compute, used, dram in figures
    ]


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
            outputs=In.DATA | In.PAGE | In.SHEET, width=32, code=True),
        Column("layout", "Layout in → out", TEXT, _shapes(lambda shape: shape.layout), "as in table `ops`",
            outputs=In.PAGE | In.SHEET, width=38, wrap=True),
        Column("count", "Count", COUNT, each(lambda group: group.count), "ops in the group", width=8),
        Column("cores", "Cores", CORES, each(lambda group: group.cores), "the distinct core counts of the ops"),
        Column("worker_cores", "Worker cores", COUNT, _grids, "worker grid of the ops' device, the smallest",
            "docs/hardware.md", outputs=In.DATA),
        Column("kernel_duration_ns", "Σ kernel duration", NS, each(lambda group: group.kernel_ns),
            "Σ kernel duration of the ops", _FORMULAS, short="Σ kernel", bar=True),
        Column("median_ns", "Median", NS, each(lambda group: group.median_ns), "median kernel duration of one op",
            drop=2, width=13),
        Column("share_pct", "Share", PERCENT, each(lambda group: group.share),
            "Σ kernel duration / Σ kernel duration of the window", _FORMULAS, width=9),
        Column("cumulative_pct", "Cumulative", PERCENT, each(lambda group: group.cumulative),
            "share of this and all higher ranks together", _FORMULAS, short="Cum.", drop=3, width=12),
        Column("math_fidelity", "Math fidelity", LABEL, each(lambda group: group.signature.math_fidelity),
            "passes over the matrix engine: LoFi 1, HiFi2 2, HiFi3 3, HiFi4 4", _SPEED_OF_LIGHT,
            outputs=In.DATA | In.PAGE | In.SHEET, width=10),
        Column("compute_pct", "Compute, grid", PERCENT, _compute, "as in table `ops`, weighted by kernel time",
            _SPEED_OF_LIGHT, outputs=In.DATA, measured=True),
        Column("compute_used_cores_pct", "Compute, used cores", PERCENT, _of_used_cores,
            "as in table `ops`, weighted by kernel time", _SPEED_OF_LIGHT, outputs=In.DATA, measured=True),
        Column("dram_pct", "DRAM", PERCENT, _dram, "as in table `ops`, weighted by kernel time", _SPEED_OF_LIGHT,
            outputs=In.DATA, measured=True),
        Column("sol_pct", "Speed of light", PERCENT, _mean(lambda light: light.sol),
            "as in table `ops`, weighted by kernel time", _SPEED_OF_LIGHT, outputs=In.DATA, measured=True),
        Column("flags", "Flags", LIST, _flags, "the flags of its ops", "docs/rules.md", outputs=In.DATA),
        Column("says", "Says", LABEL, _says, "what its cores and the two peaks say of it", _SPEED_OF_LIGHT,
            outputs=In.DATA, measured=True),
        Column("first_row", "First file row", ROW, _first_rows, "row of the capture with the first of the ops",
            outputs=In.SHEET),
        Column("row", "First row", ROW, _first_rows, "row of the capture with the first of the ops",
            outputs=In.JSON | In.CSV),
        Column("tensors", "Inputs → outputs", LABEL, each(lambda group: group.signature.tensors),
            "all tensors: padded[logical] extents, data type, memory", outputs=In.TERMINAL | In.SHEET, flexible=True,
            drop=1, width=90),
        Column("program_config", "Program config", LABEL, each(lambda group: group.signature.program_config),
            "the op's program config in ATTRIBUTES", outputs=In.SHEET, width=60),
        Column("rows", "Rows", ROWS, _all_rows, "the rows of the capture", outputs=In.JSON | In.CSV),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.PAGE | In.SHEET,
)
