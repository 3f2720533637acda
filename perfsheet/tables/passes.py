"""The tables of passes and layers, and of how ops vary between passes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.statistics import Spreads
from perfsheet.analysis.windows.layers import Layer
from perfsheet.analysis.windows.passes import Pass
from perfsheet.analysis.windows.variation import Variation
from perfsheet.capture.table import IntArray
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, NS, PERCENT, RATE, ROW, YES_NO
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS
from perfsheet.tables.spreads import spread_columns, spreads_at

LayerRows = Rows[Analysis, Layer]
_WINDOWS = "docs/windows.md"


@dataclass(frozen=True, eq=False)
class PassOpRows(OpRows):
    """Ops of one pass, each with its column in the variation over all passes."""

    variation: Variation
    columns: IntArray


def pass_ops(analysis: Analysis, variation: Variation) -> PassOpRows:
    """Every op of a pass, in execution order."""
    return _pass_ops(analysis, variation, np.arange(variation.durations.shape[1]))


def most_variable(analysis: Analysis, variation: Variation, count: int) -> PassOpRows:
    """The ops that vary most; those of less than 0.1 % of a pass come last."""
    spreads = variation.spreads
    matters = spreads.median_ns >= 0.001 * np.nansum(spreads.median_ns)
    order = np.lexsort((-np.nan_to_num(spreads.cv), ~matters))
    return _pass_ops(analysis, variation, order[:count])


def _pass_ops(analysis: Analysis, variation: Variation, columns: IntArray) -> PassOpRows:
    return PassOpRows(analysis, analysis.facts.last_pass[columns], variation, columns)


def _spreads(rows: PassOpRows) -> Spreads:
    return spreads_at(rows.variation.spreads, rows.columns)


# fmt: off
PASSES: Table[Sequence[Pass]] = Table(
    "pass_totals",
    "Passes",
    "Each run of the model in the window: every JSON's `capture`, sheet Passes, the page.",
    (
        Column("pass", "Pass", COUNT, each(lambda run: run.number), "counts from 1", _WINDOWS),
        Column("ops", "Ops", COUNT, each(lambda run: len(run.positions)), "its device ops"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda run: run.kernel_ns),
            "Σ kernel duration of its ops; of a mesh on its critical path, with --per-device over all devices",
            _WINDOWS, bar=True),
        Column("gap_ns", "Gaps", NS, each(lambda run: run.gap_ns), "Σ op-to-op gaps before its ops"),
        Column("fps", "FPS", RATE, each(lambda run: run.fps), "1e9 × batch / the kernel time of one inference",
            unit=""),
        Column("cold", "Cold", YES_NO, each(lambda run: run.cold), "whether it is the first pass and slower", _WINDOWS),
    ),
    outputs=In.JSON | In.PAGE | In.SHEET,
)

LAYERS: Table[LayerRows] = Table(
    "layers",
    "Layers",
    "Ops that repeat in a row inside the last pass: every JSON's `capture`, sheet Passes.",
    (
        Column("first_op", "First op", LABEL, each(lambda layer: layer.codes[0]), "its first op code",
            outputs=In.SHEET),
        Column("op_count", "Ops in it", COUNT, each(lambda layer: len(layer.codes)), "ops of one layer",
            outputs=In.SHEET),
        Column("count", "Times", COUNT, each(lambda layer: layer.count), "how often it repeats",
            outputs=In.JSON | In.SHEET),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda layer: layer.kernel_ns),
            "Σ kernel duration of all of them", outputs=In.JSON | In.SHEET),
        Column("share_pct", "Of a pass", PERCENT, each(lambda layer: layer.share), "kernel duration / that of the pass",
            outputs=In.JSON | In.SHEET),
        Column("first_row", "First file row", ROW, lambda rows: rows.source.row_refs(layer.first for layer in rows),
            "row of the capture with the first of the ops", outputs=In.SHEET),
        Column("ops", "Its ops", LABEL, each(lambda layer: list(layer.codes)), "op codes of one layer, in order",
            outputs=In.JSON | In.SHEET, cell=" → ".join, wrap=True, width=70),
    ),
    outputs=In.JSON | In.SHEET,
)

PASS_OPS: Table[PassOpRows] = Table(
    "pass_ops",
    "How ops vary between passes",
    "Every op of the pass over all passes: `report --json`, sheet Passes.",
    (
        OPS["op_code"],
        *spread_columns(_spreads),
        OPS["row"],
    ),
    outputs=In.JSON | In.SHEET,
)
