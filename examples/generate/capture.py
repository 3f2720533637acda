"""Assembles a capture, row by row, in the columns and the dialect of the newest profiler reports."""

from __future__ import annotations

import csv
import io

from examples.encoder_block.config import WORKER_GRID, BlockConfig, Variant
from examples.generate.encoder import block_ops, embedding_ops
from examples.generate.ops import Op
from examples.generate.tensors import DEVICE_ID
from examples.generate.timeline import Clock, DeviceTimes

PASSES = ("pass 1: cold", "pass 2: warm")
SEEDS = {"before": 31, "after": 32}
HOST_OPS_FIRST = (
    ("(torch) from_numpy", "python_fallback"),
    ("(torch) __getitem__", "python_fallback"),
    ("(torch) contiguous", "python_fallback"),
    ("to_layout", "tt_dnn_cpu"),
)
HOST_OPS_LAST = (("to_layout", "tt_dnn_cpu"), ("(torch) reshape", "python_fallback"), ("(torch) to", "python_fallback"))

Row = dict[str, str]


def _tensor_columns(kind: str, count: int) -> list[str]:
    fields = [*(f"{axis}_PAD[LOGICAL]" for axis in "WZYX"), "LAYOUT", "DATATYPE", "MEMORY"]
    return [f"{kind}_{index}_{field}" for index in range(count) for field in fields]


_DURATIONS = [
    "KERNEL DURATION",
    "KERNEL DURATION DM START",
    *(f"KERNEL DURATION PER CORE {statistic}" for statistic in ("MIN", "MAX", "AVG")),
    "KERNEL FIRST TO LAST START",
    *(f"{risc} KERNEL DURATION" for risc in ("BRISC", "NCRISC", "TRISC0", "TRISC1", "TRISC2", "ERISC")),
    "COMPUTE CB WAIT FRONT",
    "COMPUTE CB RESERVE BACK",
]

# fmt: off
COLUMNS = [
    "OP CODE", "OP TYPE", "GLOBAL CALL COUNT", "DEVICE ID", "DEVICE ARCH", "ATTRIBUTES", "MATH FIDELITY", "CORE COUNT",
    "AVAILABLE WORKER CORE COUNT", "SUB DEVICE ID", "PARALLELIZATION STRATEGY", "HOST START TS", "HOST END TS",
    "HOST DURATION [ns]", "DEVICE FW START CYCLE", "DEVICE FW END CYCLE", "OP TO OP LATENCY [ns]",
    "OP TO OP LATENCY BR/NRISC START [ns]", "DEVICE FW DURATION [ns]",
    *(f"DEVICE {duration} [ns]" for duration in _DURATIONS),
    "DISPATCH TOTAL CQ CMD OP TIME [ns]", "DISPATCH GO SEND WAIT TIME [ns]",
    *_tensor_columns("INPUT", 3), *_tensor_columns("OUTPUT", 3),
    "METAL TRACE ID", "METAL TRACE REPLAY SESSION ID",
    "COMPUTE KERNEL SOURCE", "COMPUTE KERNEL HASH", "DATA MOVEMENT KERNEL SOURCE", "DATA MOVEMENT KERNEL HASH",
    "PROGRAM HASH", "PROGRAM CACHE HIT",
    *(f"TENSIX DM {index} MAX KERNEL SIZE [B]" for index in range(2)),
    *(f"TENSIX COMPUTE {index} MAX KERNEL SIZE [B]" for index in range(3)),
    *(f"{kind} ETH DM {index} MAX KERNEL SIZE [B]" for kind in ("ACTIVE", "IDLE") for index in range(2)),
    "PM IDEAL [ns]", "PM COMPUTE [ns]", "PM BANDWIDTH [ns]", "PM REQ I BW", "PM REQ O BW", "PM FPU UTIL (%)",
    "NOC UTIL (%)", "MULTICAST NOC UTIL (%)", "DRAM BW UTIL (%)", "DRAM BW UTIL PER CTRL (%)", "ETH BW UTIL (%)",
    "NPE CONG IMPACT (%)",
]
# fmt: on


def capture_rows(variant: Variant, config: BlockConfig, clock: Clock | None = None) -> list[Row]:
    """Run the example in the model: embedding, then the whole encoder once cold and once warm."""
    clock = clock or Clock(SEEDS[variant.name])
    rows = [_host_row(clock, code, kind) for code, kind in HOST_OPS_FIRST]
    rows += [_device_row(op, clock.dispatch(op)) for op in embedding_ops(config, variant)]
    block = block_ops(config, variant)
    for name in PASSES:
        rows.append(_signpost_row(clock, "start", name))
        rows += [_device_row(op, clock.dispatch(op)) for _ in range(config.layers) for op in block]
        clock.wait_for_device()
        rows.append(_signpost_row(clock, "stop", name))
    rows += [_host_row(clock, code, kind) for code, kind in HOST_OPS_LAST]
    return rows


def capture_text(variant: Variant, config: BlockConfig | None = None, clock: Clock | None = None) -> str:
    """Return the capture as the profiler writes it: CRLF, and semicolons for the commas within cells."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in capture_rows(variant, config or BlockConfig(), clock):
        writer.writerow({column: cell.replace(",", ";") for column, cell in row.items()})
    return buffer.getvalue()


def _host_row(clock: Clock, code: str, kind: str) -> Row:
    call = clock.next_call()
    span = clock.host_call(15_000, 60_000)
    return {
        "OP CODE": code,
        "OP TYPE": kind,
        "GLOBAL CALL COUNT": str(call),
        "HOST START TS": str(span.start),
        "HOST END TS": str(span.end),
        "HOST DURATION [ns]": str(span.end - span.start),
    }


def _signpost_row(clock: Clock, header: str, message: str) -> Row:
    return {"OP CODE": header, "OP TYPE": "signpost", "ATTRIBUTES": message, "HOST START TS": str(clock.signpost())}


def _device_row(op: Op, times: DeviceTimes) -> Row:
    row = {
        "OP CODE": op.code,
        "OP TYPE": "tt_dnn_device",
        "GLOBAL CALL COUNT": str(times.call + DEVICE_ID),
        "DEVICE ID": str(DEVICE_ID),
        "DEVICE ARCH": "wormhole_b0",
        "ATTRIBUTES": op.attributes_text(),
        "MATH FIDELITY": op.fidelity,
        "CORE COUNT": str(op.cores),
        "AVAILABLE WORKER CORE COUNT": str(WORKER_GRID.cores),
        "PROGRAM HASH": str(op.program_hash()),
        "PROGRAM CACHE HIT": str(times.cache_hit),
    }
    row |= _time_cells(times, has_compute=bool(op.kernels.compute), readers=len(op.kernels.dataflow))
    for kind, tensors in (("INPUT", op.inputs), ("OUTPUT", op.outputs)):
        for index, tensor in enumerate(tensors):
            row |= tensor.cells(f"{kind}_{index}")
    return row | op.kernels.cells(str(op.program_hash())) | op.pm.cells(times.kernel_ns)


def _time_cells(times: DeviceTimes, has_compute: bool, readers: int) -> Row:
    dm_ns = times.kernel_ns - times.dm_delay
    cells = {
        "HOST START TS": times.host.start,
        "HOST END TS": times.host.end,
        "HOST DURATION [ns]": times.host.end - times.host.start,
        "DEVICE FW START CYCLE": times.fw_start,
        "DEVICE FW END CYCLE": times.fw_end,
        "OP TO OP LATENCY [ns]": times.gap_ns,
        "OP TO OP LATENCY BR/NRISC START [ns]": times.dm_gap_ns,
        "DEVICE FW DURATION [ns]": times.fw_end - times.fw_start,
        "DEVICE KERNEL DURATION [ns]": times.kernel_ns,
        "DEVICE KERNEL DURATION DM START [ns]": dm_ns,
        "DEVICE KERNEL FIRST TO LAST START [ns]": times.launch_skew,
        # The writer (BRISC) drains what the reader (NCRISC) brought in, so it ends last.
        "DEVICE BRISC KERNEL DURATION [ns]": dm_ns if readers > 1 else "",
        "DEVICE NCRISC KERNEL DURATION [ns]": round(dm_ns * 0.93),
    }
    if has_compute:
        shares = {"TRISC0": 0.965, "TRISC1": 0.97, "TRISC2": 0.98}
        cells |= {f"DEVICE {risc} KERNEL DURATION [ns]": round(dm_ns * share) for risc, share in shares.items()}
    return {column: str(value) for column, value in cells.items()}
