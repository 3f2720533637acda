"""Every column of the ops CSV that perfsheet knows, declared once.

A column has one canonical name (used in code), the header that today's profiler writes, the headers of earlier ones, a
type, a unit and the schema generation that brought it (docs/ops-csv.md lists the generations). Columns that are not
declared here are kept as text under their own header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from perfsheet.light_dataclass import dataclass


class Type(Enum):
    """How the cells of a column are read."""

    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True)
class CsvColumn:
    """One declared column: `header` as today's profiler writes it, `aliases` as earlier ones did."""

    name: str
    header: str
    type: Type
    unit: str = ""
    since: str = "S0"
    aliases: tuple[str, ...] = ()
    meaning: str = ""
    curated: bool = True
    """Whether sheet All Ops shows it, if the capture has a value in it."""
    core: bool = False
    """Whether every analysis reads it: the ranking, speed of light, passes, the verdict on the capture."""


def _text(
    name: str, header: str, meaning: str, since: str = "S0", *aliases: str, curated: bool = True, core: bool = False
) -> CsvColumn:
    return CsvColumn(name, header, Type.TEXT, "", since, aliases, meaning, curated, core)


def _number(
    name: str,
    header: str,
    unit: str,
    meaning: str,
    since: str = "S0",
    *aliases: str,
    curated: bool = True,
    core: bool = False,
) -> CsvColumn:
    return CsvColumn(name, header, Type.NUMBER, unit, since, aliases, meaning, curated, core)


# fmt: off
OP_COLUMNS: tuple[CsvColumn, ...] = (
    _text("op_code", "OP CODE", "device operation, python fallback or signpost name", "S0", "OP NAME", core=True),
    _text("op_type", "OP TYPE", "row kind: tt_dnn_device, tt_dnn_cpu, python_fallback, signpost", core=True),
    _number("global_call_count", "GLOBAL CALL COUNT", "", "id of the dispatch, issued by the host", core=True),
    _number("host_id", "HOST ID", "", "host of the row, in a file merged from several hosts", "S10", core=True),
    _number("device_id", "DEVICE ID", "", "chip index in the run", "S2", core=True),
    _text("device_arch", "DEVICE ARCH", "wormhole_b0, blackhole, …", "S8", core=True),
    _text("attributes", "ATTRIBUTES", "op attributes: program config, memory config, compute kernel config, …",
        core=True),
    _text("math_fidelity", "MATH FIDELITY", "LoFi, HiFi2, HiFi3, HiFi4; blank for pure data movement", core=True),
    _number("core_count", "CORE COUNT", "cores", "cores that ran this program", core=True),
    _number("available_worker_cores", "AVAILABLE WORKER CORE COUNT", "cores", "worker grid of the device", "S8",
        core=True),
    _number("sub_device_id", "SUB DEVICE ID", "", "sub-device of the dispatch; blank = whole grid", "S10",
        core=True),
    _text("parallelization_strategy", "PARALLELIZATION STRATEGY", "legacy hint, usually blank", curated=False),
    _number("host_start_ns", "HOST START TS", "ns", "host enqueue begin on the Tracy clock", curated=False, core=True),
    _number("host_end_ns", "HOST END TS", "ns", "host enqueue end on the Tracy clock", curated=False),
    _number("host_duration_ns", "HOST DURATION [ns]", "ns", "enqueue time, with JIT compile on a cache miss",
        core=True),
    _number("fw_start_cycle", "DEVICE FW START CYCLE", "cycles", "first firmware zone start", "S0",
        "DEVICE KERNEL START CYCLE", core=True),
    _number("fw_end_cycle", "DEVICE FW END CYCLE", "cycles", "last firmware zone end", "S0", "DEVICE KERNEL END CYCLE",
        curated=False, core=True),
    _number("op_to_op_latency_ns", "OP TO OP LATENCY [ns]", "ns", "gap since the previous op of the device", "S3",
        core=True),
    _number("op_to_op_latency_dm_ns", "OP TO OP LATENCY BR/NRISC START [ns]", "ns",
        "the same gap, from the data-movement RISCs", "S6", curated=False),
    _number("fw_duration_ns", "DEVICE FW DURATION [ns]", "ns", "firmware zone span over all cores", core=True),
    _number("kernel_duration_ns", "DEVICE KERNEL DURATION [ns]", "ns",
        "first kernel start to last kernel end over all cores: the ranking key", "S0", "DEVICE KERNEL DURATION NS",
        core=True),
    _number("kernel_dm_start_ns", "DEVICE KERNEL DURATION DM START [ns]", "ns",
        "kernel duration from the first data-movement start", "S6", curated=False),
    _number("per_core_min_ns", "DEVICE KERNEL DURATION PER CORE MIN [ns]", "ns", "fastest core", "S5"),
    _number("per_core_max_ns", "DEVICE KERNEL DURATION PER CORE MAX [ns]", "ns", "slowest core", "S5"),
    _number("per_core_avg_ns", "DEVICE KERNEL DURATION PER CORE AVG [ns]", "ns", "mean over the cores", "S5"),
    _number("launch_skew_ns", "DEVICE KERNEL FIRST TO LAST START [ns]", "ns", "latest − earliest core start", "S5"),
    _number("brisc_ns", "DEVICE BRISC KERNEL DURATION [ns]", "ns", "data movement (writer)"),
    _number("ncrisc_ns", "DEVICE NCRISC KERNEL DURATION [ns]", "ns", "data movement (reader)"),
    _number("trisc0_ns", "DEVICE TRISC0 KERNEL DURATION [ns]", "ns", "unpack"),
    _number("trisc1_ns", "DEVICE TRISC1 KERNEL DURATION [ns]", "ns", "math"),
    _number("trisc2_ns", "DEVICE TRISC2 KERNEL DURATION [ns]", "ns", "pack"),
    _number("erisc_ns", "DEVICE ERISC KERNEL DURATION [ns]", "ns", "Ethernet RISC"),
    _number("cb_wait_front_ns", "DEVICE COMPUTE CB WAIT FRONT [ns]", "ns", "wait for input circular buffers"),
    _number("cb_reserve_back_ns", "DEVICE COMPUTE CB RESERVE BACK [ns]", "ns", "wait for output space"),
    _number("dispatch_total_ns", "DISPATCH TOTAL CQ CMD OP TIME [ns]", "ns",
        "time of the command on the dispatch cores", "S6", curated=False),
    _number("dispatch_go_wait_ns", "DISPATCH GO SEND WAIT TIME [ns]", "ns", "wait of the dispatch before its go signal",
        "S6", curated=False),
    _number("trace_id", "METAL TRACE ID", "", "captured metal trace; blank = not replayed", "S4", "TRACE ID",
        core=True),
    _number("replay_session", "METAL TRACE REPLAY SESSION ID", "", "replay counter of the trace, from 1", "S4",
        "TRACE RUNTIME ID", "METAL TRACE RUNTIME ID", core=True),
    _text("compute_kernels", "COMPUTE KERNEL SOURCE", "compute kernels of the program", "S0", "COMPUTE KERNEL PATH",
        curated=False),
    _text("compute_kernel_hashes", "COMPUTE KERNEL HASH", "hashes of their binaries", curated=False),
    _text("dm_kernels", "DATA MOVEMENT KERNEL SOURCE", "readers and writers of the program", "S0",
        "DATA MOVEMENT KERNEL PATH", curated=False),
    _text("dm_kernel_hashes", "DATA MOVEMENT KERNEL HASH", "hashes of their binaries", curated=False),
    _text("program_hash", "PROGRAM HASH", "program-cache key", "S9"),
    _text("program_cache_hit", "PROGRAM CACHE HIT",
        "stale: the profiler keeps the flag of the first call of each program hash", "S9"),
    _text("const_eval_op", "CONST_EVAL_OP", "true = a compiler's constant evaluation, no part of an inference", "S4",
        core=True),
    _number("pm_ideal_ns", "PM IDEAL [ns]", "ns", "modelled time; ≤ 1 = no model", "S1", "PM IDEAL NS", core=True),
    _number("pm_compute_ns", "PM COMPUTE [ns]", "ns", "modelled math time", "S1", "PM COMPUTE NS", core=True),
    _number("pm_bandwidth_ns", "PM BANDWIDTH [ns]", "ns", "modelled DRAM time", "S1", "PM BANDWIDTH NS", core=True),
    _text("pm_req_input_bw", "PM REQ I BW", "bytes per ns needed at the ideal", "S1", curated=False),
    _text("pm_req_output_bw", "PM REQ O BW", "bytes per ns needed at the ideal", "S1", curated=False),
    _number("pm_fpu_util_pct", "PM FPU UTIL (%)", "%", "100 × PM COMPUTE / kernel duration", "S5"),
    _number("noc_util_pct", "NOC UTIL (%)", "%", "from NoC traces", "S6"),
    _number("multicast_noc_util_pct", "MULTICAST NOC UTIL (%)", "%", "from NoC traces", "S9"),
    _number("dram_bw_util_pct", "DRAM BW UTIL (%)", "%", "from NoC traces", "S6"),
    _text("dram_bw_util_per_ctrl", "DRAM BW UTIL PER CTRL (%)", "from NoC traces, a share per controller", "S10"),
    _text("eth_bw_util_pct", "ETH BW UTIL (%)", "from NoC traces, a share per Ethernet core", "S9"),
    _number("npe_cong_impact_pct", "NPE CONG IMPACT (%)", "%", "from NoC traces", "S6"),
)
# fmt: on

TENSOR_DIMS = ("w", "z", "y", "x")
TENSOR_FIELDS = (*TENSOR_DIMS, "layout", "datatype", "memory")

_TENSOR_HEADER = re.compile(r"(INPUT|OUTPUT)_(\d+)_(?:([WZYX])(?:_PAD\[LOGICAL\])?|(LAYOUT)|(DATA ?TYPE)|(MEMORY))")
_METRIC_HEADER = re.compile(r".* \((?:%|RATIO)\)|.* MAX KERNEL SIZE \[B\]|.*_TT_HOST_FUNC \[NS\]")
"""Hardware counters (ninety, and more with every profiler), kernel sizes per processor, times of child functions."""
_SPACES = re.compile(r"\s+")
_BLANKS = " \t\r\n\xa0\ufeff"
"""Blanks, and the byte-order mark of a file that was appended to another."""


@lru_cache(maxsize=4096)
def normalise_header(header: str) -> str:
    """A header as headers are compared: upper case, single blanks."""
    return _SPACES.sub(" ", header.strip(_BLANKS)).upper()


_BY_HEADER = {normalise_header(column.header): column for column in OP_COLUMNS}
_BY_ALIAS = {normalise_header(alias): column for column in OP_COLUMNS for alias in column.aliases}
BY_NAME = {column.name: column for column in OP_COLUMNS}


_MOST_TENSORS = 64


def core_columns() -> frozenset[str]:
    """The names of the columns that every analysis reads, those of tensors included."""
    tensors = (
        f"{side}_{number}_{field}"
        for side in ("input", "output")
        for number in range(_MOST_TENSORS)
        for field in TENSOR_FIELDS
    )
    return frozenset(column.name for column in OP_COLUMNS if column.core).union(tensors)


def is_whole(name: str) -> bool:
    """Whether the profiler writes whole numbers into that column: times, cycles, counts, ids; no means or models."""
    column = BY_NAME.get(name)
    modelled = name.startswith("pm_") or name == "per_core_avg_ns"
    return column is not None and column.unit in ("ns", "cycles", "cores", "") and not modelled


def tensor_column(header: str) -> CsvColumn | None:
    """The column of a header of the INPUT_n and OUTPUT_n families, in any of its spellings; None for other headers."""
    match = _TENSOR_HEADER.fullmatch(normalise_header(header))
    if match is None:
        return None
    side, index, dim, layout, datatype, _memory = match.groups()
    field = dim.lower() if dim else "layout" if layout else "datatype" if datatype else "memory"
    return CsvColumn(f"{side.lower()}_{index}_{field}", header.strip(), Type.TEXT)


def tensor_field(name: str) -> str | None:
    """`y` of the canonical name `input_0_y`, `memory` of `output_1_memory`; None for other columns."""
    side, _, rest = name.partition("_")
    index, _, field = rest.partition("_")
    return field if side in ("input", "output") and index.isdigit() and field in TENSOR_FIELDS else None


def metric_column(header: str) -> CsvColumn | None:
    """The column of a header of a family of metrics, which keeps its header as its name; None for other headers."""
    spelling, name = normalise_header(header), header.strip()
    declared = spelling in _BY_HEADER or spelling in _BY_ALIAS
    return None if declared or not _METRIC_HEADER.fullmatch(spelling) else CsvColumn(name, name, Type.NUMBER)


def resolve(headers: list[str]) -> Iterator[tuple[int, CsvColumn]]:
    """The position of each known header and its column. Of several headers of one column the first counts.

    Today's header comes before an alias: files of early 2025 have both COMPUTE KERNEL PATH and … SOURCE.
    """
    taken: set[str] = set()
    spellings = list(map(normalise_header, headers))
    for find_column, names in (
        (_BY_HEADER.get, spellings),
        (_BY_ALIAS.get, spellings),
        (tensor_column, spellings),
        (metric_column, headers),
    ):
        for position, header in enumerate(names):
            column = find_column(header)
            if column is not None and column.name not in taken:
                taken.add(column.name)
                yield position, column
