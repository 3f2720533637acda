"""The tables that reports of a bring-up are made of: measured ops, host time, matmuls, attention, norms, collectives,
layers: `perfsheet table`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.breakdown import CollectiveGroup, HostScope, LayerClass, collectives, host_scopes, layer_classes
from perfsheet.analysis.breakdown.layers import Split
from perfsheet.analysis.ops.attributes import attribute, flatten, is_set, key_numbers, list_numbers
from perfsheet.analysis.ops.categories import ATTENTION, MATMUL, category, short_code
from perfsheet.analysis.ops.shape import MatmulSizes, matmul_sizes
from perfsheet.analysis.ops.signature import of_variants
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.results import OpGroup
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.groups import GROUPS, GroupRows
from perfsheet.tables.kinds import BYTES, CORES, COUNT, DECIMAL, ID, LABEL, NS, PERCENT, ROW, TEXT
from perfsheet.tables.op_rows import OpRows, all_ops
from perfsheet.tables.ops import OPS, short_type

_NORMALISATION = "normalisation"
_SHOWN = In.JSON | In.CSV | In.MARKDOWN | In.FRAME
_PAGE = "docs/breakdown.md"


def of_category(analysis: Analysis, *names: str) -> GroupRows:
    """The groups of identical ops of these categories, most kernel time first."""
    return Rows(analysis, [group for group in analysis.groups if category(group.signature.op_code) in names])


def _variant(rows: GroupRows, group: OpGroup) -> Variant:
    return rows.source.facts.variant(int(group.positions[0]))


def _of_variant(value: Callable[[Variant], Any]) -> Callable[[GroupRows], list[Any]]:
    return lambda rows: [value(_variant(rows, group)) for group in rows]


def _of_times(value: Callable[[Any], Any]) -> Callable[[GroupRows], list[float | None]]:
    """A figure of the known kernel durations of each group."""

    def figures(rows: GroupRows) -> list[float | None]:
        found = []
        for group in rows:
            kernel = rows.source.ops.kernel_ns[group.positions]
            known = kernel[np.isfinite(kernel)]
            found.append(float(value(known)) if known.size else None)
        return found

    return figures


def _tensor(variant: Variant, side: str, number: int) -> Tensor | None:
    tensors: Sequence[Tensor] = getattr(variant, side)
    return tensors[number] if len(tensors) > number else None


def _memory(side: str, number: int) -> Callable[[Variant], str]:
    return lambda variant: tensor.memory if (tensor := _tensor(variant, side, number)) else ""


def _type(side: str, number: int) -> Callable[[Variant], str]:
    return lambda variant: short_type(tensor) if (tensor := _tensor(variant, side, number)) else ""


def _size(name: str) -> Callable[[Variant], int | None]:
    def size(variant: Variant) -> int | None:
        sizes = matmul_sizes(variant)
        return getattr(sizes, name) if isinstance(sizes, MatmulSizes) else None

    return size


def _extent(side: str, number: int, axis: int) -> Callable[[Variant], int | None]:
    def extent(variant: Variant) -> int | None:
        tensor = _tensor(variant, side, number)
        return tensor.logical[axis] if tensor and tensor.logical else None

    return extent


# Program configs


def _config(variant: Variant) -> dict[str, str]:
    """The members of its program config by name, the config itself at ``; empty where it has none."""
    flat = flatten(variant.attributes)
    name = next((name for name in ("program_config", "config") if flat.get(name)), "")
    if not name:
        return {}
    return {"": flat[name]} | {key[len(name) + 1 :]: value for key, value in flat.items() if key.startswith(f"{name}.")}


def _config_name(variant: Variant) -> str:
    return re.sub(r"^(?:Matmul)|ProgramConfig$|Config$", "", _config(variant).get("", "").partition("(")[0])


def _member(*names: str) -> Callable[[Variant], str]:
    """The first of these members of its program config that is there; several, joined by `x`, for a pair."""

    def member(variant: Variant) -> str:
        config = _config(variant)
        return next((config[name] for name in names if config.get(name)), "")

    return member


def _pair(first: str, second: str) -> Callable[[Variant], str]:
    def pair(variant: Variant) -> str:
        values = [_member(name)(variant) for name in (first, second)]
        return "×".join(values) if all(values) else ""

    return pair


def _grid(variant: Variant) -> str:
    numbers = [abs(number) for number in list_numbers(_config(variant).get("compute_with_storage_grid_size", ""))]
    if len(numbers) != 2:
        numbers = [abs(number) for number in key_numbers(variant.attributes, "compute_with_storage_grid_size")]
    return "×".join(map(str, numbers)) if len(numbers) == 2 else ""


# fmt: off
def _head() -> tuple[Column[GroupRows], ...]:
    return (
        Column("op_code", "Op code", LABEL, each(lambda group: group.signature.op_code), "the device operation",
            text=short_code),
    )


def _figures() -> tuple[Column[GroupRows], ...]:
    """What every table of groups ends with."""
    return (
        GROUPS["count"].changed(outputs=_SHOWN),
        Column("cores", "Cores", CORES, each(lambda group: group.cores), "the distinct core counts of the ops"),
        GROUPS["worker_cores"].changed(outputs=In.JSON | In.CSV | In.FRAME),
        Column("kernel_duration_ns", "Σ kernel duration", NS, each(lambda group: group.kernel_ns),
            "Σ kernel duration of the ops"),
        Column("median_ns", "Median", NS, each(lambda group: group.median_ns), "median kernel duration of one op"),
        Column("min_ns", "Min", NS, _of_times(np.min), "shortest kernel duration of one op"),
        Column("max_ns", "Max", NS, _of_times(np.max), "longest kernel duration of one op"),
        GROUPS["share_pct"].changed(outputs=_SHOWN),
        GROUPS["compute_pct"].changed(outputs=_SHOWN),
        GROUPS["compute_used_cores_pct"].changed(outputs=In.JSON | In.CSV | In.FRAME),
        GROUPS["dram_pct"].changed(outputs=_SHOWN),
        GROUPS["sol_pct"].changed(outputs=_SHOWN),
        Column("row", "First row", ROW, GROUPS["row"].values, "row of the capture with the first of the ops"),
        GROUPS["flags"].changed(outputs=In.JSON | In.CSV | In.FRAME),
    )


MATMULS: Table[GroupRows] = Table(
    "matmul_geometry",
    "Matmul geometry",
    "One line for each geometry and configuration of a matmul: `table matmul-geometry`.",
    (
        *_head(),
        Column("batch", "Batch", COUNT, _of_variant(_size("batch")), "matrix products of one op"),
        Column("m", "M", COUNT, _of_variant(_size("m")), "rows of the first input"),
        Column("k", "K", COUNT, _of_variant(_size("k")), "columns of the first input, rows of the second"),
        Column("n", "N", COUNT, _of_variant(_size("n")), "columns of the second input"),
        Column("input_type", "In0", LABEL, _of_variant(_type("inputs", 0)), "data type of the first input"),
        Column("weight_type", "In1", LABEL, _of_variant(_type("inputs", 1)), "data type of the second input"),
        Column("output_type", "Out", LABEL, _of_variant(_type("outputs", 0)), "data type of the output"),
        GROUPS["math_fidelity"].changed(outputs=_SHOWN),
        Column("input_memory", "In0 memory", LABEL, _of_variant(_memory("inputs", 0)), "where the first input is"),
        Column("weight_memory", "In1 memory", LABEL, _of_variant(_memory("inputs", 1)), "where the second input is"),
        Column("output_memory", "Out memory", LABEL, _of_variant(_memory("outputs", 0)), "where the output is"),
        Column("program_config", "Config", TEXT, _of_variant(_config_name),
            "the kind of its program config; empty = none was given", _PAGE),
        Column("grid", "Grid", TEXT, _of_variant(_grid), "columns × rows of cores that the config allows"),
        Column("in0_block_w", "In0 block w", TEXT, _of_variant(_member("in0_block_w", "K_block_size")),
            "tiles of K in a block"),
        Column("per_core", "Per core", TEXT, _of_variant(_pair("per_core_M", "per_core_N")),
            "per_core_M × per_core_N, in tiles"),
        Column("subblock", "Subblock", TEXT, _of_variant(_pair("out_subblock_h", "out_subblock_w")),
            "out_subblock_h × out_subblock_w, in tiles"),
        Column("fused_activation", "Activation", TEXT, _of_variant(_member("fused_activation")), "fused into it",
            outputs=In.JSON | In.CSV | In.FRAME),
        *_figures(),
    ),
    outputs=_SHOWN,
)


def _query(axis: int, of_decode: int) -> Callable[[Variant], int | None]:
    """An extent of Q, which is [batch, heads, length, size], of a decode step [1, batch, heads, size]."""
    def extent(variant: Variant) -> int | None:
        decode = "decode" in variant.op_code.lower()
        return _extent("inputs", 0, of_decode if decode else axis)(variant) if of_decode >= 0 or not decode else 1

    return extent


def _causal(variant: Variant) -> str:
    if not attribute(variant.attributes, "is_causal"):
        return ""
    return "yes" if is_set(variant.attributes, "is_causal") else "no"


ATTENTIONS: Table[GroupRows] = Table(
    "attention",
    "Attention",
    "One line for each geometry and configuration of attention that runs as one op: `table attention`.",
    (
        *_head(),
        Column("batch", "Batch", COUNT, _of_variant(_query(0, 1)), "sequences, or users of a decode step"),
        Column("heads", "Heads", COUNT, _of_variant(_query(1, 2)), "heads of Q on one device"),
        Column("kv_heads", "KV heads", COUNT, _of_variant(_extent("inputs", 1, 1)), "heads of K on one device"),
        Column("queries", "Queries", COUNT, _of_variant(_query(2, -1)), "length of Q; 1 in a decode step"),
        Column("keys", "Keys", COUNT, _of_variant(_extent("inputs", 1, 2)),
            "length of K; of a paged cache that of a block"),
        Column("head_size", "Head size", COUNT, _of_variant(_extent("inputs", 0, 3)), "size of a head of Q"),
        Column("causal", "Causal", TEXT, _of_variant(_causal), "is_causal in ATTRIBUTES"),
        Column("query_type", "Q", LABEL, _of_variant(_type("inputs", 0)), "data type of Q"),
        Column("key_type", "K", LABEL, _of_variant(_type("inputs", 1)), "data type of K"),
        GROUPS["math_fidelity"].changed(outputs=_SHOWN),
        Column("query_memory", "Q memory", LABEL, _of_variant(_memory("inputs", 0)), "where Q is"),
        Column("output_memory", "Out memory", LABEL, _of_variant(_memory("outputs", 0)), "where the output is"),
        Column("grid", "Grid", TEXT, _of_variant(_grid), "columns × rows of cores that the config allows"),
        Column("chunks", "Chunks", TEXT, _of_variant(_pair("q_chunk_size", "k_chunk_size")),
            "q_chunk_size × k_chunk_size"),
        *_figures(),
    ),
    outputs=_SHOWN,
)


def _kind_of_norm(variant: Variant) -> str:
    return attribute(variant.attributes, "norm_type").rpartition("::")[2].lower() or short_code(variant.op_code).lower()


def _rows_of(variant: Variant) -> int | None:
    tensor = _tensor(variant, "inputs", 0)
    return None if tensor is None or tensor.logical is None else int(np.prod(tensor.logical[:3]))


NORMS: Table[GroupRows] = Table(
    "norms",
    "Norms",
    "One line for each geometry and configuration of a normalisation: `table norms`.",
    (
        *_head(),
        Column("norm", "Norm", LABEL, _of_variant(_kind_of_norm), "norm_type in ATTRIBUTES, else the op"),
        Column("rows_of_input", "Rows", COUNT, _of_variant(_rows_of), "rows that are normalised"),
        Column("width", "Width", COUNT, _of_variant(_extent("inputs", 0, 3)), "length of a row"),
        Column("stage", "Stage", LABEL, _of_variant(
            lambda variant: attribute(variant.attributes, "distributed_norm_stage").rpartition("::")[2].lower()),
            "whether it is a part of a norm over several devices", outputs=In.JSON | In.CSV | In.FRAME),
        Column("input_type", "In", LABEL, _of_variant(_type("inputs", 0)), "data type of the input"),
        Column("output_type", "Out", LABEL, _of_variant(_type("outputs", 0)), "data type of the output"),
        GROUPS["math_fidelity"].changed(outputs=_SHOWN),
        Column("input_memory", "In memory", LABEL, _of_variant(_memory("inputs", 0)), "where the input is"),
        Column("output_memory", "Out memory", LABEL, _of_variant(_memory("outputs", 0)), "where the output is"),
        Column("program_config", "Config", TEXT, _of_variant(_config_name), "the kind of its program config", _PAGE),
        Column("grid", "Grid", TEXT, _of_variant(_grid), "columns × rows of cores that the config allows"),
        Column("block", "Block", TEXT, _of_variant(_pair("block_h", "block_w")), "block_h × block_w, in tiles"),
        *_figures(),
    ),
    outputs=_SHOWN,
)

CollectiveRows = Rows[Analysis, CollectiveGroup]


def _of_group(column: Column[GroupRows]) -> Callable[[CollectiveRows], Any]:
    return lambda rows: column.values(Rows(rows.source, [one.group for one in rows]))


COLLECTIVES: Table[CollectiveRows] = Table(
    "collective_groups",
    "Collectives",
    "One line for each kind of collective, on the slowest device of each step: `table collectives`.",
    (
        Column("op_code", "Op code", LABEL, each(lambda one: one.group.signature.op_code), "the device operation",
            text=short_code),
        Column("shape", "Shape", TEXT, _of_group(GROUPS["shape"]), "of the first input → output, on one device"),
        Column("data_type", "Type", LABEL, lambda rows: [
            _type("inputs", 0)(rows.source.facts.variant(int(one.group.positions[0]))) for one in rows],
            "data type of the input"),
        Column("devices", "Devices", COUNT, each(lambda one: one.ring), "devices that take part; empty = unknown"),
        Column("dim", "Dim", LABEL, each(lambda one: one.dim), "the dimension that is gathered or scattered"),
        Column("cluster_axis", "Axis", LABEL, each(lambda one: one.axis), "cluster_axis in ATTRIBUTES"),
        Column("num_links", "Links", COUNT, each(lambda one: one.links), "num_links in ATTRIBUTES"),
        Column("topology", "Topology", LABEL, each(lambda one: one.topology), "topology in ATTRIBUTES"),
        Column("count", "Count", COUNT, each(lambda one: one.group.count), "how many of them"),
        Column("bytes", "Bytes", BYTES, each(lambda one: one.bytes),
            "what a device must receive at the least, of one of them: all-gather output × (1 − 1 / devices), "
            "reduce-scatter input × that, all-reduce twice as much; empty = unknown", _PAGE),
        Column("kernel_duration_ns", "Σ kernel duration", NS, each(lambda one: one.group.kernel_ns),
            "Σ kernel duration: transfer and waiting"),
        Column("transfer_ns", "Transfer", NS, each(lambda one: one.transfer_ns),
            "Σ over the steps of the fastest device's kernel duration", _PAGE, measured=True),
        Column("waiting_ns", "Waiting", NS, each(lambda one: one.waiting_ns),
            "Σ of what the slowest device takes longer than the fastest", _PAGE, measured=True),
        Column("gb_per_s", "Rate", DECIMAL, each(lambda one: one.bytes_per_ns),
            "bytes × count / transfer: what arrives at a device", _PAGE, unit="GB/s", measured=True),
        Column("median_ns", "Median", NS, each(lambda one: one.group.median_ns), "median kernel duration of one"),
        Column("share_pct", "Share", PERCENT, each(lambda one: one.group.share),
            "Σ kernel duration / Σ kernel duration of the window"),
        Column("row", "First row", ROW, _of_group(GROUPS["row"]), "row of the capture with the first of them"),
    ),
    outputs=_SHOWN,
)


def _ms(ns: float | None) -> float | None:
    return None if ns is None else ns / 1e6


HOST: Table[Rows[Analysis, HostScope]] = Table(
    "host_fallback",
    "Host fallback",
    "Time of the host beside that of the device: `table host-fallback`.",
    (
        Column("scope", "Scope", LABEL, each(lambda one: one.scope), "the window, a region, or a kind of host op"),
        Column("window", "Window", LABEL, each(lambda one: one.window), "its name"),
        Column("op_code", "Host op", TEXT, each(lambda one: one.op_code), "the kind of host op"),
        Column("device_ops", "Device ops", COUNT, each(lambda one: one.device_ops), "device rows of all devices"),
        Column("host_ops", "Host ops", COUNT, each(lambda one: one.host_ops), "host ops and python fallbacks"),
        Column("device_op_time_ms", "Device", DECIMAL, each(lambda one: one.device_ns / 1e6),
            "Σ kernel duration of those device rows", unit="ms", measured=True),
        Column("host_op_time_ms", "Host", DECIMAL, each(lambda one: _ms(one.host_ns)),
            "Σ HOST DURATION of the host ops; it may run beside the device; empty = unknown", unit="ms"),
        Column("total_time_ms", "Total", DECIMAL, each(lambda one: _ms(one.total_ns)),
            "both together", unit="ms", measured=True),
        Column("host_pct_of_total", "Host of total", PERCENT, each(lambda one: one.host_share),
            "host time / both together", measured=True),
    ),
    outputs=_SHOWN,
)


def _raw(name: str) -> Callable[[OpRows], Any]:
    return lambda rows: rows.ops.text(name).take(rows.positions)


def _tensors(side: str) -> Callable[[OpRows], Any]:
    return lambda rows: rows.of_variants(["; ".join(getattr(one, side)) for one in of_variants(rows.ops)])


MEASURED: Table[OpRows] = Table(
    "measured_ops",
    "Measured ops",
    "Every op of the window in execution order: `table ops`.",
    (
        Column("id", "ID", ID, lambda rows: rows.positions + 1, "place in execution order, from 1"),
        Column("op_code", "Op code", LABEL, lambda rows: rows.ops.codes.take(rows.positions), "the device operation"),
        Column("op_type", "Op type", LABEL, lambda rows: rows.ops.codes.mapped(category).take(rows.positions),
            "the kind of op: matmul, attention, data movement, …"),
        OPS["shape"].changed(outputs=_SHOWN),
        Column("inputs", "Inputs", LABEL, _tensors("inputs"), "padded[logical] extents, data type, memory",
            outputs=In.JSON | In.CSV | In.FRAME),
        Column("outputs", "Outputs", LABEL, _tensors("outputs"), "padded[logical] extents, data type, memory",
            outputs=In.JSON | In.CSV | In.FRAME),
        OPS["math_fidelity"].changed(outputs=_SHOWN),
        OPS["core_count"].changed(outputs=_SHOWN),
        Column("kernel_duration_ns", "Kernel duration", NS, OPS["kernel_duration_ns"].values, "DEVICE KERNEL DURATION"),
        Column("gap_ns", "Gap before", NS, OPS["gap_ns"].values, "OP TO OP LATENCY where it is plausible",
            measured=True),
        Column("host_ns", "Host", NS, lambda rows: rows.ops.number("host_duration_ns")[rows.positions],
            "HOST DURATION: the host's time to enqueue it", measured=True),
        Column("row", "Row", ROW, OPS["row"].values, "row of the capture (its header is row 1)"),
        Column("attributes", "Attributes", LABEL, _raw("attributes"), "ATTRIBUTES as the capture has them",
            outputs=In.JSON | In.CSV | In.FRAME),
    ),
    outputs=_SHOWN,
)
# fmt: on


@dataclass(frozen=True, eq=False)
class LayerLine:
    """A line of the table of layers: a class on one device, or the least or most over its devices."""

    of: LayerClass
    over: str
    layer: Split
    total_ns: float | None


LayerLines = Rows[Analysis, LayerLine]
_PARTS = ("compute_ns", "communication_ns", "memory_ns", "idle_ns")


def layer_lines(analysis: Analysis, by_regions: bool | None = None) -> LayerLines:
    """Each class of layers on each device; with several devices also the least and the most of each part."""
    lines = []
    for found in layer_classes(analysis, by_regions):
        lines += [LayerLine(found, str(one.device), one.layer, one.all.total_ns) for one in found.devices]
        if len(found.devices) > 1:
            for name, extreme in (("min", min), ("max", max)):
                split = Split(*(extreme(found.of_devices(part)) for part in _PARTS))
                total = extreme(one.all.total_ns for one in found.devices)
                lines.append(LayerLine(found, name, split, total))
    return Rows(analysis, lines)


def _layer_rows(rows: LayerLines) -> list[Any]:
    every = rows.source.facts.scope.every
    return [None if one.of.first < 0 else rows.source.table_ref(int(every.rows[one.of.first])) for one in rows]


def _whole(rows: LayerLines) -> list[float | None]:
    """The time of one layer; least and most of parts are of different devices, and don't add up."""
    found: list[float | None] = []
    for one in rows:
        totals = [device.layer.total_ns for device in one.of.devices]
        found.append({"min": min(totals), "max": max(totals)}.get(one.over, one.layer.total_ns))
    return found


def _times_count(rows: LayerLines) -> list[float | None]:
    return [one.of.count * (time or 0.0) for one, time in zip(rows, _whole(rows), strict=True)]


# fmt: off
LAYERS: Table[LayerLines] = Table(
    "layer_classes",
    "Layers",
    "For each kind of layer and device one real layer, that of median time, and the sum over all: `table layers`.",
    (
        Column("id", "Layer", LABEL, each(lambda one: one.of.id), "L1, L2, …; `outside`: ops in no layer"),
        Column("name", "What", LABEL, each(lambda one: one.of.name), "its first ops, or the name of its region", _PAGE),
        Column("device", "Device", LABEL, each(lambda one: one.over), "device id; `min`, `max`: over the devices"),
        Column("count", "Count", COUNT, each(lambda one: one.of.count), "layers of this kind"),
        Column("ops", "Ops", COUNT, each(lambda one: one.of.ops), "ops of one layer"),
        Column("compute_ns", "Compute", NS, each(lambda one: one.layer.compute_ns),
            "kernel time of ops that compute, of the layer of median time", _PAGE),
        Column("communication_ns", "Communication", NS, each(lambda one: one.layer.communication_ns),
            "kernel time of collectives, waiting included", _PAGE),
        Column("memory_ns", "Memory", NS, each(lambda one: one.layer.memory_ns),
            "kernel time of data movement, layout conversions and reshards", _PAGE),
        Column("idle_ns", "Idle", NS, each(lambda one: one.layer.idle_ns), "time before its ops in which none runs",
            _PAGE, measured=True),
        Column("layer_ns", "One layer", NS, _whole, "the four together: the layer of median time"),
        Column("layers_ns", "Count × layer", NS, _times_count, "what all would take if each took as long"),
        Column("all_ns", "All layers", NS, each(lambda one: one.total_ns), "what all of them take together"),
        Column("share_pct", "Share", PERCENT, each(lambda one: one.of.share),
            "of the time of the window, over all devices", outputs=In.JSON | In.CSV | In.FRAME),
        Column("row", "First row", ROW, _layer_rows, "row of the capture where that layer begins"),
    ),
    outputs=_SHOWN,
)
# fmt: on


@dataclass(frozen=True)
class Breakdown:
    """A kind of table: its name on the command line, its declaration, and its rows of an analysis."""

    name: str
    table: Table[Any]
    rows: Callable[[Analysis], Any]


BREAKDOWNS: tuple[Breakdown, ...] = (
    Breakdown("ops", MEASURED, all_ops),
    Breakdown("host-fallback", HOST, lambda analysis: Rows(analysis, host_scopes(analysis))),
    Breakdown("matmul-geometry", MATMULS, lambda analysis: of_category(analysis, MATMUL)),
    Breakdown("attention", ATTENTIONS, lambda analysis: of_category(analysis, ATTENTION)),
    Breakdown("norms", NORMS, lambda analysis: of_category(analysis, _NORMALISATION)),
    Breakdown("collectives", COLLECTIVES, lambda analysis: Rows(analysis, collectives(analysis))),
    Breakdown("layers", LAYERS, layer_lines),
)
