"""The table of ops: every figure that perfsheet knows about a device op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perfsheet.analysis.analyze import NOT_PHYSICAL
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.shape import shapes
from perfsheet.analysis.ops.signature import of_variants
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ranking import Ranking, why_not_physical
from perfsheet.analysis.rules import RULES, low_core_count
from perfsheet.analysis.speed_of_light.profiler_model import corrected_utilization
from perfsheet.analysis.statistics import known_int
from perfsheet.analysis.windows.devices import StepTimes
from perfsheet.capture.columns import core_columns
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts
from perfsheet.tables.column import Cells, Column, In, Mark, Table
from perfsheet.tables.kinds import BYTES, COUNT, DECIMAL, ID, LABEL, LIST, NS, PCC, PERCENT, ROW, SOURCE, TEXT
from perfsheet.tables.memory import BEYOND_BANK, bank_styles
from perfsheet.tables.op_rows import FoldedOps, OpRows
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.analysis.graph.sources import Source

_FORMULAS, _SPEED_OF_LIGHT, _RULES = "docs/formulas.md", "docs/speed-of-light.md", "docs/rules.md"
_WINDOWS, _GRAPH = "docs/windows.md", "docs/graph-report.md"


def columns_to_read() -> frozenset[str]:
    """The columns of the capture behind this table: what every analysis and every rule reads, and the columns' own."""
    own = (column.capture for column in OPS.columns if column.capture)
    return core_columns().union(own, *(rule.columns for rule in RULES))


def _number(values: Callable[[OpRows], FloatArray | IntArray]) -> Callable[[OpRows], Cells]:
    return lambda rows: values(rows)[rows.positions]


def _captured(name: str) -> Callable[[OpRows], Cells]:
    return lambda rows: rows.ops.number(name)[rows.positions]


def _refs(rows: OpRows) -> list[Any]:
    return rows.analysis.row_refs(rows.positions.tolist())


def _ranked(values: Callable[[Ranking], FloatArray | IntArray]) -> Callable[[OpRows], Cells]:
    def by_op(rows: OpRows) -> Cells:
        ranking = rows.counted.ranking
        figures = np.full(len(rows.counted.ops), np.nan)
        figures[ranking.order] = values(ranking)
        return rows.of_counted(figures)

    return by_op


def _share(rows: OpRows) -> Cells:
    return rows.shares if isinstance(rows, FoldedOps) else _ranked(lambda ranking: ranking.share)(rows)


def _cumulative(rows: OpRows) -> Cells:
    return rows.cumulative if isinstance(rows, FoldedOps) else _ranked(lambda ranking: ranking.cumulative)(rows)


def _folded(rows: OpRows) -> Cells:
    return rows.counts if isinstance(rows, FoldedOps) else np.ones(len(rows), dtype=np.int64)


def _per_ns(amounts: Callable[[OpRows], FloatArray], scale: float) -> Callable[[OpRows], Cells]:
    """An amount / kernel duration: bytes per ns are 10⁹ bytes per second."""

    def rate(rows: OpRows) -> Cells:
        with np.errstate(divide="ignore", invalid="ignore"):
            each = amounts(rows)[rows.positions] / rows.ops.kernel_ns[rows.positions] / scale
        return np.where(np.isfinite(each), each, np.nan)

    return rate


_SHORT_TYPES = {"BFLOAT16": "BF16", "BFLOAT8_B": "BFP8", "BFLOAT4_B": "BFP4", "FLOAT32": "FP32"}


def short_type(tensor: Tensor) -> str:
    """`BF16`."""
    return _SHORT_TYPES.get(tensor.datatype, tensor.datatype)


def _data_types(rows: OpRows) -> Texts:
    """`BF16 × BFP8 → BF16`: the first two inputs and the first output."""
    texts = []
    for variant in rows.ops.variants.all:
        given, put = ([short_type(tensor) for tensor in side] for side in (variant.inputs[:2], variant.outputs[:1]))
        texts.append(" → ".join(filter(None, (" × ".join(given), "".join(put)))))
    return rows.of_variants(texts)


def _of_step(values: Callable[[StepTimes], FloatArray | IntArray]) -> Callable[[OpRows], Cells]:
    return lambda rows: rows.of_counted(values(rows.counted.facts.steps).astype(np.float64))


def _spread_over_devices(rows: OpRows) -> Cells:
    steps, kernel = rows.counted.facts.steps, rows.counted.ops.kernel_ns
    with np.errstate(divide="ignore", invalid="ignore"):
        return rows.of_counted(np.where(steps.devices > 1, 1 - steps.shortest_ns / kernel, np.nan))


def _mesh(rows: OpRows) -> bool:
    return rows.counted.facts.devices.count > 1


def _files(rows: OpRows) -> Cells:
    table = rows.ops.table
    return Texts(table.file[rows.ops.rows[rows.positions]].astype(np.int32), table.files)


def _cores_of_grid(rows: OpRows) -> list[str]:
    cores, grid = rows.ops.cores[rows.positions].tolist(), rows.ops.worker_cores[rows.positions].tolist()
    return [formats.cores_of_grid(known_int(a), known_int(b)) for a, b in zip(cores, grid, strict=True)]


def _why_not_physical(rows: OpRows) -> list[str | None]:
    impossible = rows.flagged(NOT_PHYSICAL).tolist()
    return [
        why_not_physical(rows.ops, position) if marked else None
        for position, marked in zip(rows.positions.tolist(), impossible, strict=True)
    ]


def _finding_ids(rows: OpRows) -> list[tuple[str, ...]]:
    ids = rows.counted.findings_of
    return [tuple(ids.get(place, ())) for place in rows.places.tolist()]


def _passes(rows: OpRows) -> FloatArray:
    scope = rows.analysis.facts.scope
    numbers = np.full(len(scope.every), np.nan)
    for run in scope.passes.all:
        numbers[run.positions] = run.number
    return numbers[scope.of]


def _several_passes(rows: OpRows) -> bool:
    passes = rows.analysis.facts.passes
    return passes.count > 1 or bool(passes.outside.size)


def _reasons(rows: OpRows) -> list[str]:
    speed = rows.analysis.facts.speed_of_light
    return [speed.reason(position) for position in rows.positions.tolist()]


def _of_graph(values: Callable[[Graph], Sequence[Any] | FloatArray]) -> Callable[[OpRows], Cells]:
    """A value of each op from the graph report; unknown without one."""

    def of_ops(rows: OpRows) -> Cells:
        graph = rows.analysis.graph
        if graph is None:
            return [None] * len(rows)
        found = values(graph)
        if isinstance(found, np.ndarray):
            return np.asarray(found[rows.positions])
        return [found[position] for position in rows.positions.tolist()]

    return of_ops


def _source_text(text: Callable[[Source], str]) -> Callable[[OpRows], Cells]:
    def texts(graph: Graph) -> list[str]:
        return ["" if source is None else text(source) for source in graph.sources]

    return _of_graph(texts)


def _with_graph(rows: OpRows) -> bool:
    return rows.analysis.graph is not None and rows.analysis.graph.joined.report.has_stacks


def _with_memory(rows: OpRows) -> bool:
    return rows.analysis.graph is not None and rows.analysis.graph.memory.known


def _with_accuracy(rows: OpRows) -> bool:
    return rows.analysis.graph is not None and rows.analysis.graph.accuracy.known


def _any(column: Callable[[OpRows], Cells]) -> Callable[[OpRows], bool]:
    """Whether a value is known of any of the ops."""

    def known(rows: OpRows) -> bool:
        cells = column(rows)
        return bool(np.isfinite(cells).any()) if isinstance(cells, np.ndarray) else any(cells)

    return known


def _above_one(values: Callable[[OpRows], Cells]) -> Mark[OpRows]:
    return Mark("not-physical", lambda rows: (np.asarray(values(rows)) > 1).tolist())


def _one_decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


_few_cores = Mark[OpRows]("few-cores", lambda rows: rows.flagged(low_core_count.RULE.id).tolist())
_utilization = _number(lambda rows: rows.ops.utilization)
_by_grid = _number(lambda rows: rows.ops.utilization_grid)
_corrected = _number(lambda rows: corrected_utilization(rows.ops))
_IN_SHEETS = In.SHEET | In.ALL_OPS

# fmt: off
OPS: Table[OpRows] = Table(
    "ops",
    "Ops",
    "Every device op: `top-ops`, `report --json`, sheets Top Ops and All Ops, the page, `Analysis.ops_frame()`.",
    (
        Column("rank", "Rank", COUNT, _ranked(lambda ranking: np.arange(1, len(ranking.order) + 1)),
            "place by kernel duration, 1 = longest", _FORMULAS, short="#",
            width=7),
        Column("op_code", "Op code", LABEL, lambda rows: rows.ops.codes.take(rows.positions), "the device operation",
            capture="op_code", flexible=True, narrow=short_code, width=34, code=True),
        Column("identical", "Identical", COUNT, _folded, "identical ops that follow each other in the ranking",
            outputs=In.TERMINAL, short="×", text=lambda count: f"×{count:,}" if count > 1 else "",
            when=lambda rows: isinstance(rows, FoldedOps) and bool((rows.counts > 1).any())),
        Column("shape", "Shape", TEXT, lambda rows: rows.of_variants([shape.shape for shape in shapes(rows.ops)]),
            "matmul M × K × N (batch · before it), convolution N×H×W×C → channels and window, else in → out",
            width=32, code=True, drop=2),
        Column("data_types", "Data types", TEXT, _data_types, "of the first two inputs and the first output",
            outputs=In.TERMINAL | In.DATA, short="Dtypes", drop=5),
        Column("math_fidelity", "Math fidelity", LABEL,
            lambda rows: rows.of_variants([variant.math_fidelity for variant in rows.ops.variants.all]),
            "passes over the matrix engine: LoFi 1, HiFi2 2, HiFi3 3, HiFi4 4", _SPEED_OF_LIGHT,
            outputs=In.TERMINAL | In.DATA, short="Fid.", drop=4, capture="math_fidelity"),
        Column("layout", "Layout in → out", TEXT,
            lambda rows: rows.of_variants([shape.layout for shape in shapes(rows.ops)]),
            "memory of the first input and output, and their tile layout where it changes",
            outputs=In.DATA | In.PAGE | _IN_SHEETS, width=38, wrap=True),
        Column("device", "Device", ID, _number(lambda rows: rows.ops.device),
            "the device that ran the op; of a mesh the slowest one", _WINDOWS, outputs=In.TEXT, short="Dev",
            when=_mesh),
        Column("cores_of_grid", "Cores", LABEL, _cores_of_grid, "cores that ran the op / worker grid of its device",
            "docs/hardware.md", outputs=In.TEXT, mark=_few_cores, right=True),
        Column("core_count", "Core count", COUNT, _number(lambda rows: rows.ops.cores), "cores that ran the op",
            outputs=In.DATA | _IN_SHEETS, capture="core_count", mark=_few_cores, width=8),
        Column("worker_cores", "Worker cores", COUNT, _number(lambda rows: rows.ops.worker_cores),
            "worker grid of the op's device", "docs/hardware.md", outputs=In.DATA | _IN_SHEETS),
        Column("kernel_duration_ns", "Device kernel duration", NS, _number(lambda rows: rows.ops.kernel_ns),
            "first kernel start to last kernel end over all cores; the ranking key", capture="kernel_duration_ns",
            short="Kernel", bar=True, width=18),
        Column("devices", "Devices", COUNT, _of_step(lambda steps: steps.devices), "devices that ran the op", _WINDOWS,
            outputs=In.DATA | In.SHEET, when=_mesh),
        Column("fastest_ns", "Fastest device", NS, _of_step(lambda steps: steps.shortest_ns),
            "kernel duration of the op on its fastest device", _WINDOWS, outputs=In.DATA | In.SHEET, when=_mesh,
            measured=True),
        Column("device_spread_pct", "Spread", PERCENT, _spread_over_devices,
            "how much sooner the fastest device is done: 1 − its duration / this one's", _WINDOWS,
            outputs=In.EVERYWHERE & ~In.ALL_OPS, when=_mesh, drop=2, measured=True),
        Column("share_pct", "Share", PERCENT, _share,
            "what the op adds to the kernel time (its duration, less what runs beside a longer op) / kernel time",
            _FORMULAS, width=9),
        Column("cumulative_pct", "Cumulative", PERCENT, _cumulative,
            "share of this and all higher ranks together", _FORMULAS, outputs=In.EVERYWHERE & ~In.ALL_OPS,
            short="Cum.", drop=10),
        Column("pm_ideal_ns", "PM IDEAL", NS, _number(lambda rows: rows.ops.pm_ideal_ns),
            "the profiler's own model of the op; empty = it has none (1 or less in the capture)", _FORMULAS,
            outputs=In.DATA | In.SHEET, width=12, measured=True),
        Column("pm_ideal_captured_ns", "PM IDEAL", NS, _captured("pm_ideal_ns"),
            "the same as the capture has it; 1 or less = no model", _FORMULAS, outputs=In.ALL_OPS,
            capture="pm_ideal_ns", width=12, measured=True),
        Column("utilization_pct", "Utilization", PERCENT, _utilization,
            "(PM IDEAL / kernel duration) × (ref_cores / CORE COUNT); live in the workbook", _FORMULAS, short="Util.",
            drop=1, mark=_above_one(_utilization), measured=True),
        Column("utilization_grid_pct", "Utilization by grid", PERCENT, _by_grid,
            "the same with the op's own worker grid in place of ref_cores", _FORMULAS, short="Grid", drop=1,
            mark=_above_one(_by_grid), measured=True),
        Column("utilization_corrected_pct", "Utilization corrected", PERCENT, _corrected,
            "without the known errors of the PM columns; matmul, conv and attention only", _FORMULAS,
            outputs=In.DATA | In.TERMINAL | In.PAGE | In.SHEET, short="Corr.", drop=12, when=_any(_corrected),
            mark=_above_one(_corrected), width=13, measured=True),
        Column("sol_pct", "Speed of light", PERCENT, _number(lambda rows: rows.analysis.facts.speed_of_light.sol),
            "the larger of COMPUTE, GRID and DRAM: how close the op comes to what limits it", _SPEED_OF_LIGHT,
            short="SOL", drop=3, measured=True),
        Column("bound", "Bound", LABEL, lambda rows: rows.analysis.facts.speed_of_light.bounds.take(rows.positions),
            "compute or dram: which peak is near; neither: none is; empty = unknown", _SPEED_OF_LIGHT,
            text=formats.bound, cell=lambda bound: None if bound == "unknown" else bound, drop=11, width=10),
        Column("dram_gb_per_s", "DRAM rate", DECIMAL,
            _per_ns(lambda rows: rows.analysis.facts.speed_of_light.dram_bytes, 1),
            "DRAM bytes / kernel duration", _SPEED_OF_LIGHT, outputs=In.TERMINAL | In.DATA, short="DRAM", unit="GB/s",
            text=_one_decimal, drop=6, measured=True),
        Column("tflop_per_s", "FLOP rate", DECIMAL, _per_ns(lambda rows: rows.analysis.facts.speed_of_light.flops, 1e3),
            "FLOPs / kernel duration", _SPEED_OF_LIGHT, outputs=In.TERMINAL | In.DATA, short="Rate", unit="TFLOP/s",
            text=_one_decimal, drop=8, measured=True),
        Column("gap_ns", "Gap before", NS, _number(lambda rows: rows.ops.gap_ns),
            "OP TO OP LATENCY where it is plausible", outputs=In.TERMINAL | In.DATA, short="Gap", drop=9,
            measured=True),
        Column("row", "File row", ROW, _refs,
            "row of the capture (its header is row 1); leads to the op on sheet All Ops",
            outputs=In.JSON | In.CSV | In.TERMINAL | In.PAGE | In.SHEET, short="Row", drop=7),
        Column("source", "Source", SOURCE, _of_graph(lambda graph: graph.sources),
            "the line of the user's code that called it, from a graph report", _GRAPH, when=_with_graph, drop=1,
            code=True),
        Column("call", "Call", LABEL, _source_text(lambda source: source.call), "the Python call of TTNN", _GRAPH,
            outputs=In.CSV | In.FRAME | _IN_SHEETS, when=_with_graph, width=34, code=True),
        Column("module", "Module", LABEL, _source_text(lambda source: source.path),
            "the modules and functions that the line is in, outermost first", _GRAPH,
            outputs=In.CSV | In.FRAME | In.PAGE | _IN_SHEETS, when=_with_graph, width=48, code=True),
        Column("l1_used_bytes", "L1 used", BYTES, _of_graph(lambda graph: graph.memory.l1_used),
            "tensors and circular buffers per bank while it runs, from a graph report", _GRAPH,
            outputs=In.DATA | In.PAGE | _IN_SHEETS, when=_with_memory, mark=BEYOND_BANK,
            cell_style=bank_styles),
        Column("pcc", "PCC", PCC, _of_graph(lambda graph: graph.accuracy.alone),
            "of its output against the golden function, with the device's own inputs", _GRAPH, when=_with_accuracy,
            drop=6),
        Column("pcc_accumulated", "PCC accumulated", PCC, _of_graph(lambda graph: graph.accuracy.accumulated),
            "the same with errors from the start of the model", _GRAPH, outputs=In.DATA | In.PAGE | _IN_SHEETS,
            when=_with_accuracy, width=14),
        Column("flags", "Flags", LIST, lambda rows: rows.flags,
            "rules that hit the op; no-model, not-physical (utilization above 100 %), noisy (varies), hidden (beside a "
            "longer op), invalid-duration (gaps contradict it)", _RULES,
            text=formats.flags, flexible=True),
        Column("finding_ids", "Findings", LIST, _finding_ids, "the findings on sheet Hotspots that the op belongs to",
            _RULES, outputs=In.PAGE | In.ALL_OPS, width=11),
        Column("run_order", "Run order", COUNT, lambda rows: rows.analysis.facts.scope.of[rows.positions] + 1,
            "place in execution order: sort by it to get the order of the run back", _WINDOWS, outputs=In.ALL_OPS),
        Column("file", "File", LABEL, _files, "the capture that the row is in, where there are several",
            outputs=In.FRAME | _IN_SHEETS, cell=lambda path: Path(path).name, when=lambda rows: rows.several_files,
            width=30),
        Column("file_row", "File row", ID, lambda rows: rows.ops.table.row[rows.ops.rows[rows.positions]],
            "row of the capture (its header is row 1)", outputs=In.ALL_OPS | In.FRAME, frame="row"),
        Column("device_id", "Device ID", ID, _number(lambda rows: rows.ops.device),
            "the device that ran the op; with several hosts raised so that ids stay distinct",
            outputs=In.DATA | _IN_SHEETS, capture="device_id", width=8),
        Column("global_call_count", "Global call count", ID, _captured("global_call_count"),
            "the profiler's id of the dispatch", capture="global_call_count", outputs=In.DATA | In.SHEET, width=12),
        Column("pass", "Pass", ID, _number(_passes),
            "the pass that the op is in, from 1; empty = in none", _WINDOWS, outputs=In.FRAME | In.ALL_OPS,
            when=_several_passes),
        Column("compute_pct", "Compute, grid", PERCENT,
            _number(lambda rows: rows.analysis.facts.speed_of_light.compute),
            "FLOPs / (kernel duration × peak of the whole worker grid at the op's math fidelity)", _SPEED_OF_LIGHT,
            outputs=In.DATA | In.SHEET, measured=True),
        Column("compute_used_cores_pct", "Compute, used cores", PERCENT,
            _number(lambda rows: rows.analysis.facts.speed_of_light.compute_used_cores),
            "the same over the peak of the working cores", _SPEED_OF_LIGHT, outputs=In.DATA | In.SHEET,
            measured=True),
        Column("working_cores", "Working cores", COUNT,
            _number(lambda rows: rows.analysis.facts.speed_of_light.working_cores),
            "CORE COUNT; of a DRAM-sharded matmul, which counts every core with a shard, DRAM banks × readers",
            _SPEED_OF_LIGHT, outputs=In.DATA | In.SHEET),
        Column("dram_pct", "DRAM", PERCENT, _number(lambda rows: rows.analysis.facts.speed_of_light.dram),
            "DRAM bytes that must move / (kernel duration × DRAM peak)", _SPEED_OF_LIGHT, outputs=In.DATA | In.SHEET,
            width=9, measured=True),
        Column("flops", "FLOP", DECIMAL, _number(lambda rows: rows.analysis.facts.speed_of_light.flops),
            "floating point operations by logical shapes", _SPEED_OF_LIGHT, outputs=In.DATA),
        Column("gflop", "GFLOP", DECIMAL, _number(lambda rows: rows.analysis.facts.speed_of_light.flops / 1e9),
            "10⁹ floating point operations by logical shapes", _SPEED_OF_LIGHT, outputs=In.SHEET),
        Column("dram_bytes", "DRAM bytes", COUNT, _number(lambda rows: rows.analysis.facts.speed_of_light.dram_bytes),
            "bytes that must come from or go to DRAM at least", _SPEED_OF_LIGHT, outputs=In.DATA),
        Column("dram_mb", "DRAM", DECIMAL, _number(lambda rows: rows.analysis.facts.speed_of_light.dram_bytes / 1e6),
            "10⁶ bytes that must come from or go to DRAM at least", _SPEED_OF_LIGHT, outputs=In.SHEET, unit="MB"),
        Column("sol_unknown_reason", "Why unknown", TEXT, _reasons, "why the speed of light of the op is unknown",
            _SPEED_OF_LIGHT, outputs=In.DATA | In.SHEET, width=30, frame_data=str),
        Column("not_physical_reason", "Why not physical", TEXT, _why_not_physical, "why a utilization is above 100 %",
            _FORMULAS, outputs=In.DATA | In.SHEET, when=_any(_why_not_physical), width=30),
        Column("signature", "Signature", LABEL,
            lambda rows: rows.of_variants([signature.text for signature in of_variants(rows.ops)]),
            "op code, tensors, math fidelity and program config: identical ops have the same", outputs=In.FRAME),
        Column("tensors", "Inputs → outputs", LABEL,
            lambda rows: rows.of_variants([signature.tensors for signature in of_variants(rows.ops)]),
            "all tensors: padded[logical] extents, data type, memory", outputs=In.SHEET, width=90),
    ),
)
