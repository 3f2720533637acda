"""The tables of op counts (`stats`), torch ops (`graph`, `card`) and benches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from perfsheet.accuracy import MARKED
from perfsheet.analysis.ops.transfers import Transfers
from perfsheet.analysis.results import OpType
from perfsheet.capture.notes import rows as counted
from perfsheet.models.bench import Bench, Measurement
from perfsheet.models.bench.model import INTERRUPTED, TimedRun
from perfsheet.models.op_stats import FormatCount, OpCount, OpStatistics, SizeCount, SizeDistribution
from perfsheet.models.tables import MILLISECONDS, TEXT, field_of, same
from perfsheet.models.torch_graph import Coverage, Module, NeededOp
from perfsheet.models.torch_graph.trying import TriedType
from perfsheet.tables import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, LIST, NS, PERCENT, Kind

_STATS, _BENCH = "docs/stats.md", "docs/bench.md"
_DATA, _CSV, _JSON = In.JSON | In.CSV, In.CSV, In.JSON
_COUNTED = _DATA | In.TERMINAL


def byte_size(size: int | None) -> str:
    """`2 MiB`, `1.5 KiB`, `unknown`."""
    if size is None:
        return "unknown"
    value, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.4g} {units[0]}"


def latency_text(row: Measurement) -> str:
    """`66.322 ± 0.927`, `0.0006123 ± 0.0000120`; an unknown deviation is `–`, an impossible latency is marked."""
    if row.mean_ms is None:
        return "not measured" if row.problem == INTERRUPTED else "failed"
    digits = 3 - math.floor(math.log10(row.mean_ms)) if 0 < row.mean_ms < 1 else 3
    deviation = "–" if row.std_ms is None else f"{row.std_ms:.{digits}f}"
    return f"{row.mean_ms:.{digits}f} ± {deviation}{MARKED if row.impossible else ''}"


def speed_up_text(bench: Bench, row: Measurement) -> str:
    """`1.97×`, `baseline`; unknown is `–`."""
    if row is bench.baseline_row:
        return "baseline"
    value = bench.speed_up(row)
    return "–" if value is None else f"{value:.2f}×" if value >= 0.1 else f"{value:.3g}×"


_OR_NULL = replace(TEXT, data=lambda text: text or None)
_BYTES = Kind("bytes", byte_size, same, "count")

OpCountRows = Rows[OpStatistics, OpCount]


def _tensors(distribution: SizeDistribution | None) -> str:
    """`48 of 3 sizes`."""
    return "–" if distribution is None else f"{distribution.tensors:,} of {counted(len(distribution.sizes), 'size')}"


def _total_bytes(distribution: SizeDistribution | None) -> str:
    return "–" if distribution is None else byte_size(distribution.total_bytes)


def _distributions(side: str) -> Any:
    return lambda rows: [getattr(rows.source, f"{side}s").get(op.op) for op in rows]


def _item(name: str, index: int) -> Any:
    return lambda rows: [getattr(row, name)[index] for row in rows]


def _parameter(name: str) -> Any:
    return lambda rows: [row.variant.value(name) for row in rows]


# fmt: off
def op_count_table(sources: Sequence[str]) -> Table[OpCountRows]:
    """Ops by frequency; with several sources a CSV column for each."""
    per_source: tuple[Column[OpCountRows], ...] = tuple(
        Column(source, source, COUNT, _item("by_source", index), outputs=_CSV)
        for index, source in enumerate(sources)
    )
    return Table(
        "op-counts", "Op counts", "How often each op occurs: `stats`, node_count.csv.",
        (
            Column("op_type", "Op", TEXT, field_of("op"), "op code", _STATS, outputs=_COUNTED, flexible=True),
            Column("count", "Count", COUNT, field_of("count"), "ops in all sources", _STATS, outputs=_COUNTED),
            Column("by_source", "By source", LIST,
                lambda rows: [dict(zip(rows.source.sources, op.by_source, strict=True)) for op in rows],
                "ops in each source", _STATS, outputs=_JSON, data=same),
            *(per_source if len(sources) > 1 else ()),
            Column("inputs", "Inputs", TEXT, _distributions("input"), "input tensors", _STATS, outputs=In.TERMINAL,
                text=_tensors, drop=2, right=True),
            Column("input_bytes", "Input bytes", TEXT, _distributions("input"), "bytes of all input tensors", _STATS,
                outputs=In.TERMINAL, text=_total_bytes, drop=1, right=True),
            Column("outputs", "Outputs", TEXT, _distributions("output"), "output tensors", _STATS,
                outputs=In.TERMINAL, text=_tensors, drop=4, right=True),
            Column("output_bytes", "Output bytes", TEXT, _distributions("output"), "bytes of all output tensors",
                _STATS, outputs=In.TERMINAL, text=_total_bytes, drop=3, right=True),
        ),
    )


def size_table(side: str = "input", operands: int = 0) -> Table[Sequence[SizeCount]]:
    """The tensor sizes of an op, with a CSV column for each of its operands."""
    per_operand: tuple[Column[Sequence[SizeCount]], ...] = tuple(
        Column(f"{side}_{index}", f"{side} {index}", COUNT, _item("by_operand", index),
            outputs=_CSV)
        for index in range(operands)
    )
    return Table(
        "tensor-sizes", "Tensor sizes", "The sizes of an op's tensors: `stats`, total_input_size_dist/.",
        (
            Column("bytes", "Bytes", _BYTES, field_of("size"), "bytes of a tensor", _STATS, outputs=_DATA),
            Column("count", "Count", COUNT, field_of("count"), "tensors of this size", _STATS, outputs=_DATA),
            *per_operand,
        ),
    )


FORMATS: Table[Sequence[FormatCount]] = Table(
    "tensor-formats", "Tensor formats", "Tensors by layout, data type and memory: `stats`, layout_and_data_type.csv.",
    (
        Column("side", "Side", TEXT, field_of("side"), "input or output", _STATS, outputs=_COUNTED),
        Column("layout", "Layout", _OR_NULL, field_of("layout"), "TILE or ROW_MAJOR", _STATS, outputs=_COUNTED),
        Column("data_type", "Data type", _OR_NULL, field_of("datatype"), "data type", _STATS, outputs=_COUNTED),
        Column("memory", "Memory", _OR_NULL, field_of("memory"), "buffer type and sharding", _STATS,
            outputs=_COUNTED, flexible=True),
        Column("count", "Tensors", COUNT, field_of("count"), "tensors", _STATS, outputs=_COUNTED),
        Column("total_bytes", "Bytes", _BYTES, field_of("total_bytes"), "bytes of all of them", _STATS,
            outputs=_COUNTED, drop=1),
    ),
)
TransferRows = Mapping[str, Transfers]


def _of_transfers(name: str) -> Any:
    return lambda rows: [getattr(transfers, name) for transfers in rows.values()]


TRANSFERS: Table[TransferRows] = Table(
    "transfers", "Transfers", "Ops that move data, per capture: `stats`, transfers.csv.",
    (
        Column("source", "Capture", TEXT, list, "the capture", _STATS, outputs=_CSV),
        Column("to_device", "To device", COUNT, _of_transfers("to_device"), "host to device", _STATS, outputs=_DATA),
        Column("from_device", "From device", COUNT, _of_transfers("from_device"), "device to host", _STATS,
            outputs=_DATA),
        Column("fallback_ops", "Host fallbacks", COUNT, _of_transfers("fallbacks"), "rows of the type python_fallback",
            _STATS, outputs=_DATA),
        Column("host_ops", "Host ops", COUNT, _of_transfers("host_ops"), "rows of the host", _STATS, outputs=_DATA),
        Column("reshards", "Reshards", COUNT, _of_transfers("reshards"), "ops of the category reshard", _STATS,
            outputs=_DATA),
    ),
)

CoverageRows = Rows[Mapping[str, TriedType], Coverage]
"""The types of ops; the source is what was tried of them."""
_TONES = {"missing": "bad", "no TTNN op": "bad", "covered": "good"}
def _tried(rows: CoverageRows) -> list[str]:
    """`3 of 4 as ttnn.linear`: configurations that TTNN accepts, of those that were tried, and as what."""
    return [_accepted(one, rows.source.get(one.op)) for one in rows]


def _accepted(one: Coverage, tried: TriedType | None) -> str:
    if tried is None:
        return ""
    if not tried.tried:
        return "not tried" if one.ttnn.functions else ""
    other = [name for name in tried.functions if name not in one.ttnn.functions]
    return f"{tried.accepted} of {tried.tried}{f' as {other[0]}' if other else ''}"


COVERAGE: Table[CoverageRows] = Table(
    "torch-ops", "Torch ops", "Torch ops and the device ops that may be them: `graph`, `card`, coverage.csv.",
    (
        Column("op_type", "Torch op", TEXT, field_of("op"), "aten op without overload", _STATS, code=True),
        Column("count", "Count", COUNT, field_of("count"), "how often it runs", _STATS),
        Column("verdict", "In TTNN", TEXT, field_of("verdict"),
            "exists, another name, composite, missing or not needed, by the registry of ttnn", _STATS,
            tone=each(lambda op: "bad" if op.verdict == "missing" else "quiet")),
        Column("ttnn", "TTNN", _OR_NULL, field_of("functions"), "its TTNN function, several of a composite", _STATS,
            flexible=True),
        Column("accepted", "Accepted", _OR_NULL, _tried,
            "with `--try`: configurations that TTNN accepts on a mock board, of those that were tried", _STATS,
            when=lambda rows: bool(rows.source), right=True),
        Column("how", "How known", _OR_NULL, each(lambda op: op.ttnn.how), "how that is known", _STATS,
            outputs=In.JSON | In.CSV),
        Column("status", "In the port", TEXT, field_of("status"),
            "covered, missing, unclear, layout only, no op, …", _STATS,
            text=lambda status: "–" if status == "not compared" else status,
            when=lambda rows: any(op.status != "not compared" for op in rows),
            tone=each(lambda op: _TONES.get(op.status, "quiet"))),
        Column("device_ops", "Device ops", TEXT, field_of("device_ops"), "device ops of the capture that may be it",
            _STATS, data=dict, text=lambda ops: ", ".join(f"{code} ×{count:,}" for code, count in ops) or "–",
            when=lambda rows: any(op.device_ops for op in rows), flexible=True),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.MARKDOWN,
)
NEEDED_OPS: Table[Sequence[NeededOp]] = Table(
    "needed-ops", "Ops needed", "Torch ops by configuration: `graph`, ops_needed.csv.",
    (
        Column("op_type", "Torch op", TEXT, field_of("op"), "aten op", _STATS, outputs=_DATA),
        Column("count", "Count", COUNT, field_of("count"), "how often it runs", _STATS, outputs=_DATA),
        Column("inputs", "Inputs", LIST, field_of("inputs"), "shapes and data types", _STATS, outputs=_DATA),
        Column("outputs", "Outputs", LIST, field_of("outputs"), "shapes and data types", _STATS, outputs=_DATA),
        Column("parameters", "Parameters", TEXT, field_of("parameters"), "other arguments", _STATS, outputs=_DATA),
    ),
)
ModuleRows = Rows[Mapping[str, int], Module]
"""The modules of a torch module; the source is how many ops run in each, by its name."""
MODULES: Table[ModuleRows] = Table(
    "modules", "Modules", "The modules of a torch module at every level: `graph`, modules.csv.",
    (
        Column("module", "Module", replace(TEXT, data=lambda name: name or "(the whole)"), field_of("name"),
            "its dotted name", _STATS, outputs=_CSV),
        Column("level", "Level", COUNT, field_of("level"), "0 is the whole, 1 its parts", _STATS, outputs=_CSV),
        Column("type", "Type", TEXT, field_of("type"), "its class", _STATS, outputs=_CSV),
        Column("calls", "Calls", COUNT, field_of("calls"), "how often it ran", _STATS, outputs=_CSV),
        Column("ops", "Ops", COUNT, lambda rows: [rows.source.get(module.name, 0) for module in rows],
            "forward ops that run in it, those of its inner modules included", _STATS, outputs=_CSV),
        Column("parameters", "Own parameters", COUNT, field_of("parameters"),
            "parameters of its own; shared ones count at the first module that has them", _STATS, outputs=_CSV),
        Column("all_parameters", "Parameters", COUNT, field_of("all_parameters"),
            "parameters of it and its inner modules, each counted once", _STATS, outputs=_CSV),
        Column("settings", "Settings", TEXT, field_of("settings"), "its arguments", _STATS, outputs=_CSV),
        Column("input", "Input", TEXT, field_of("input_shape"), "shape in its first call", _STATS, outputs=_CSV),
        Column("output", "Output", TEXT, field_of("output_shape"), "shape in its first call", _STATS, outputs=_CSV),
    ),
)
KERNEL_TIME_BY_OP: Table[Sequence[OpType]] = Table(
    "kernel-time-by-op", "Kernel time by op", "Kernel time by op code: `card`.",
    (
        Column("op_code", "Op", TEXT, field_of("op_code"), "op code", outputs=In.MARKDOWN, code=True),
        Column("count", "Count", COUNT, field_of("count"), "ops", outputs=In.MARKDOWN),
        Column("kernel_ns", "Kernel time", NS, field_of("kernel_ns"), "Σ kernel duration", outputs=In.MARKDOWN),
        Column("share_pct", "Share", PERCENT, field_of("share"), "share of all kernel time", outputs=In.MARKDOWN),
    ),
)

BenchRows = Rows[Bench, Measurement]
def runs_of(row: Measurement, name: str) -> list[TimedRun]:
    """All runs of a row of this name, warm-up runs first."""
    times = [(time_ms, True) for time_ms in row.warmup_ms] + [(time_ms, False) for time_ms in row.runs_ms]
    return [TimedRun(name, number, time_ms, warmup) for number, (time_ms, warmup) in enumerate(times, 1)]


_MS = replace(MILLISECONDS, style="decimal")
_FIGURES = _DATA | In.SHEET
_TABLES = In.MARKDOWN | In.TERMINAL
_BENCH_COLUMNS: tuple[Column[BenchRows], ...] = (
    Column("latency", "Latency", TEXT, list, "mean ± standard deviation", _BENCH,
        outputs=_TABLES, unit="ms", text=latency_text),
    Column("kind_of_deviation", "Deviation", TEXT, list, "sample (n − 1) or population (n)", _BENCH, outputs=_TABLES,
        text=lambda row: "–" if row.std_ms is None else row.deviation or "not said", drop=3,
        when=lambda rows: rows.source.deviations_differ),
    Column("runs_of_mean", "Runs", TEXT, field_of("runs"), "runs that the mean is of", _BENCH, outputs=_TABLES,
        right=True, text=lambda runs: f"{runs:,}" if runs else "–", when=lambda rows: rows.source.runs_differ, drop=2),
    Column("max_memory", "Max memory", TEXT, field_of("peak_bytes"), "peak memory on the host", _BENCH,
        outputs=_TABLES, unit="MB", right=True, text=lambda size: "–" if size is None else f"{size / 1e6:,.1f}", drop=1,
        when=lambda rows: any(row.peak_bytes is not None for row in rows)),
    Column("device_memory", "Device memory", TEXT, field_of("device_bytes"), "peak memory on the device", _BENCH,
        outputs=_TABLES, unit="MB", right=True, text=lambda size: "–" if size is None else f"{size / 1e6:,.1f}", drop=1,
        when=lambda rows: any(row.device_bytes is not None for row in rows)),
    Column("throughput", "Tokens/s", TEXT, field_of("tokens_per_s"), "tokens of a run / mean latency", _BENCH,
        outputs=_TABLES, right=True, text=lambda rate: "–" if rate is None else f"{rate:,.1f}",
        when=lambda rows: any(row.tokens for row in rows)),
    Column("relative", "Speed-up", TEXT, lambda rows: [speed_up_text(rows.source, row) for row in rows],
        "mean latency of the baseline / that of the row", _BENCH, outputs=_TABLES, right=True,
        when=lambda rows: len(rows.source.rows) > 1),
    Column("latency_mean_ms", "Latency", _MS, field_of("mean_ms"), "arithmetic mean", _BENCH, outputs=_FIGURES,
        bar=True, width=14),
    Column("latency_std_ms", "Std dev", _MS, field_of("std_ms"), "standard deviation, of the kind of `deviation`",
        _BENCH, outputs=_FIGURES),
    Column("deviation", "Deviation", _OR_NULL, each(lambda row: row.deviation or ""),
        "sample (n − 1) or population (n); blank if who printed it did not say", _BENCH, outputs=_FIGURES, width=12),
    Column("latency_min_ms", "Min", _MS, field_of("min_ms"), "shortest run", _BENCH, outputs=_FIGURES),
    Column("latency_median_ms", "Median", _MS, field_of("median_ms"), "median run", _BENCH, outputs=_FIGURES),
    Column("latency_max_ms", "Max", _MS, field_of("max_ms"), "longest run", _BENCH, outputs=_FIGURES),
    Column("runs", "Runs", COUNT, field_of("runs"), "runs that the mean is of", _BENCH, outputs=_FIGURES, width=8),
    Column("kind", "Measured as", TEXT, field_of("kind"),
        "function or command: timed here; printed by the command; recorded in a file", _BENCH, outputs=_FIGURES),
    Column("peak_memory_bytes", "Max host memory", COUNT, field_of("peak_bytes"), "peak memory of its process", _BENCH,
        outputs=_FIGURES, unit="bytes", width=18),
    Column("device_memory_bytes", "Max device memory", COUNT, field_of("device_bytes"), "peak memory of the device",
        _BENCH, outputs=_FIGURES, unit="bytes", width=18,
        when=lambda rows: any(row.device_bytes is not None for row in rows)),
    Column("device_memory_of", "Of", _OR_NULL, field_of("device_memory"),
        "CUDA: its own peak; TTNN: the most that was allocated after a run", _BENCH, outputs=_DATA),
    Column("tokens", "Tokens", COUNT, field_of("tokens"), "tokens of a run", _BENCH, outputs=_FIGURES, width=10,
        when=lambda rows: any(row.tokens for row in rows)),
    Column("tokens_per_s", "Tokens/s", replace(DECIMAL, data=same), field_of("tokens_per_s"),
        "tokens of a run / mean latency", _BENCH, outputs=_FIGURES, width=12,
        when=lambda rows: any(row.tokens for row in rows)),
    Column("speed_up", "Speed-up", replace(DECIMAL, data=same), lambda rows: list(map(rows.source.speed_up, rows)),
        "mean latency of the baseline / that of the row", _BENCH, outputs=_FIGURES, width=10),
    Column("problem", "Problem", _OR_NULL, field_of("failed"), "why it could not be measured", _BENCH,
        outputs=_FIGURES, cell=lambda problem: problem or None, wrap=True, width=60),
    Column("impossible", "Impossible", _OR_NULL, field_of("impossible"), "why its runs cannot be right", _BENCH,
        outputs=_DATA),
    Column("runs_ms", "Runs", LIST, field_of("runs_ms"), "every measured run", _BENCH, outputs=_JSON),
    Column("warmup_ms", "Warm-up", LIST, field_of("warmup_ms"), "every run before them", _BENCH, outputs=_JSON),
    Column("measured", "Measured", _OR_NULL, field_of("what"), "the function, command or file", _BENCH, outputs=_DATA),
)


_GROUP: Column[BenchRows] = Column("group", "Table", TEXT,
    lambda rows: [rows.source.groups[row.group].title or f"table {row.group + 1}" for row in rows],
    "the name or caption of the row's table", _BENCH, outputs=In.CSV | In.SHEET, width=24)


def bench_table(parameters: Sequence[str], grouped: bool = False) -> Table[BenchRows]:
    """The variants of a bench: their table if there are several (`grouped`), a column for each parameter, figures."""
    keys = {column.key for column in (_GROUP, *_BENCH_COLUMNS)}
    own: tuple[Column[BenchRows], ...] = tuple(
        Column(f"{name} (parameter)" if name in keys else name, name, TEXT,
            _parameter(name), "parameter", _BENCH,
            outputs=_CSV | _TABLES | In.SHEET, text=str, width=18, flexible=True)
        for name in parameters
    )
    return Table("bench", "Bench", "Latency and memory of the variants: `bench`, bench.xlsx, .csv and .md.",
        (*([_GROUP] if grouped else []), *own, *_BENCH_COLUMNS))


RUNS: Table[Sequence[TimedRun]] = Table(
    "bench-runs", "Runs", "Every run, warm-up runs first: sheet Runs of bench.xlsx, runs.csv.",
    (
        Column("variant", "Variant", TEXT, field_of("row"), "the variant", _BENCH,
            outputs=_CSV | In.SHEET, width=40),
        Column("run", "Run", COUNT, field_of("number"), "its number, from 1, warm-up runs included", _BENCH,
            outputs=_CSV | In.SHEET, width=8),
        Column("warmup", "Warm-up", TEXT, each(lambda run: "warm-up" if run.warmup else ""),
            "whether it counts as warm-up only", _BENCH, outputs=_CSV | In.SHEET, width=10,
            cell=lambda text: text or None),
        Column("latency_ms", "Latency", _MS, field_of("time_ms"), "its time", _BENCH, outputs=_CSV | In.SHEET,
            width=14),
    ),
)
# fmt: on
