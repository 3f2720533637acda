"""Leaves what a profiled run leaves behind, for the real post-processing: `emit()` in a target is its "device run".

Formats (as the profiler of ttnn 0.81.1 reads them): messages `MessageName;total_ns` quoted by back ticks, zones with
`id:N` as text, the device log with one line per marker, and the device report that the C++ side writes.
"""

from __future__ import annotations

import csv
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

MHZ = 1000  # one cycle is one nanosecond
GRID = (8, 8)
FIRMWARE = 40  # cycles around a kernel
RISCS = {"BRISC": "BRISC", "NCRISC": "NCRISC", "TRISC_0": "TRISC", "TRISC_1": "TRISC", "TRISC_2": "TRISC"}
BUFFERS_FULL = (
    "2026-01-01 00:00:00.000 | warning  |           Metal | Profiler DRAM buffers were full, markers were dropped! "
    "device 0, worker core 1, 2, Risc BRISC,  bufferEndIndex = 12000. Please either decrease the number of ops being "
    "profiled or run read device profiler more often"
)
DEVICE_COLUMNS = (
    "PCIe slot, core_x, core_y, RISC processor type, timer_id, time[cycles since reset], data, run host ID, "
    "trace id, trace id counter, zone name, type, source line, source file, meta data"
)
ZONE_COLUMNS = "name,src_file,src_line,zone_name,zone_text,ns_since_start,exec_time_ns,thread,special_parent_text"


@dataclass(frozen=True)
class Op:
    code: str
    cores: int
    duration: int
    ideal: int = 1


BLOCK = (
    Op("MatmulDeviceOperation", 64, 9000, ideal=900),
    Op("InterleavedToShardedDeviceOperation", 8, 700),
    Op("UnaryDeviceOperation", 32, 3000),
)


def emit(ops: tuple[Op, ...] = BLOCK) -> Path:
    """Act as a profiled process that ran `ops`; durations vary by ±STANDIN_SPREAD (a fraction), default not at all.

    STANDIN_LOGS lets something go wrong: `full` (markers dropped, with the runtime's own words), `missing` (the last op
    is in no device report), `mismatch` (as in a build without that report: the last op is in no device log), `no-times`
    (the last op has no host time: post-processing raises).
    """
    fault = os.environ.get("STANDIN_LOGS", "")
    if fault == "full":
        print(BUFFERS_FULL, flush=True)
    logs = _root() / ".logs"
    logs.mkdir(parents=True, exist_ok=True)
    spread = float(os.environ.get("STANDIN_SPREAD", "0"))
    timed = [(op, 1_000_000 + 20_000 * i, round(op.duration * random.uniform(1 - spread, 1 + spread)))
             for i, op in enumerate(ops)]  # fmt: skip
    messages, zones = ["MessageName;total_ns"], [ZONE_COLUMNS]
    device = [f"ARCH: wormhole_b0, CHIP_FREQ[MHz]: {MHZ}, Max Compute Cores: {GRID[0] * GRID[1]}", DEVICE_COLUMNS]
    for number, (op, start, duration) in enumerate(timed, 1):
        call = 1024 * number
        messages.append(f"{_message(op, call)};{1000 * number}")
        zone = "TT_DNN_DEVICE_OP"
        last = number == len(timed)
        if not (last and fault == "no-times"):
            zones.append(f"{zone},device_operation.hpp,400,{zone},id:{call},{1000 * number},300,0,")
        if not (last and fault == "mismatch"):
            device += _markers(op, call, start, duration)
    (logs / "profile_log_device.csv").write_text("\n".join(device) + "\n")
    if fault != "mismatch":
        reported = timed[:-1] if fault == "missing" else timed
        _write_device_report(logs / "cpp_device_perf_report.csv", reported)
    (logs / "sent_zones.csv").write_text("\n".join(zones) + "\n")
    (logs / "sent_messages.csv").write_text("\n".join(messages) + "\n")
    return _connect(logs)


def emit_nothing() -> Path:
    """Act as a profiled process that ran no op."""
    logs = _root() / ".logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "sent_zones.csv").write_text(ZONE_COLUMNS + "\n")
    (logs / "sent_messages.csv").write_text("MessageName;total_ns\n")
    return _connect(logs)


def _connect(logs: Path) -> Path:
    (logs / "client.pid").write_text(str(os.getpid()))
    return logs


def _root() -> Path:
    home = Path(os.environ.get("TT_METAL_HOME") or Path.cwd())
    return Path(os.environ.get("TT_METAL_PROFILER_DIR") or home / "generated" / "profiler")


def _message(op: Op, call: int) -> str:
    tensor = {
        "storage_type": {"device_id": 0, "memory_config": {"buffer_type": "DRAM", "memory_layout": "INTERLEAVED"}},
        "shape": {"W": "1[1]", "Z": "1[1]", "Y": "128[128]", "X": "1024[1024]"},
        "layout": "TILE",
        "dtype": "BFLOAT16",
    }
    kernel = {"math_fidelity": "HiFi2", "name": "compute/1", "source": "compute.cpp"}
    body = {
        "attributes": {},
        "device_id": 0,
        "global_call_count": call,
        "input_tensors": [tensor],
        "optional_input_tensors": [],
        "output_tensors": [tensor],
        "kernel_info": {"compute_kernels": [kernel], "datamovement_kernels": [], "kernel_sizes": {}},
        "op_code": op.code,
        "op_hash": call,
        "op_type": "tt_dnn_device",
        "performance_model": {
            "ideal_ns": op.ideal, "compute_ns": op.ideal, "bandwidth_ns": 1, "input_bws": [], "output_bws": [],
        },
        "program_cache_hit": False,
    }  # fmt: skip
    return f'`TT_DNN_DEVICE_OP: "{op.code}", {call}, 0, 0, {call} ->\n{json.dumps(body, indent=4)}`'


def _markers(op: Op, call: int, start: int, duration: int) -> list[str]:
    lines = []
    for core in range(op.cores):
        x, y = 1 + core % GRID[0], 1 + core // GRID[0]
        for timer, (risc, zone) in enumerate(RISCS.items()):
            end = start + duration
            for at, part, kind in (
                (start - FIRMWARE, "FW", "ZONE_START"),
                (start, "KERNEL", "ZONE_START"),
                (end, "KERNEL", "ZONE_END"),
                (end + FIRMWARE if risc == "BRISC" else end + 2, "FW", "ZONE_END"),
            ):
                number = timer + (100 if part == "FW" else 200)
                lines.append(f"0,{x},{y},{risc},{number},{at},0,{call},,,{zone}-{part},{kind},500,{zone.lower()}.cc,")
    return lines


def _write_device_report(path: Path, timed: list[tuple[Op, int, int]]) -> None:
    rows = []
    for number, (op, start, duration) in enumerate(timed, 1):
        end = start + duration
        row = {
            "GLOBAL CALL COUNT": 1024 * number,
            "METAL TRACE ID": "",
            "METAL TRACE REPLAY SESSION ID": "",
            "DEVICE ID": 0,
            "DEVICE ARCH": "wormhole_b0",
            "OP NAME": op.code,
            "CORE COUNT": op.cores,
            "AVAILABLE WORKER CORE COUNT": GRID[0] * GRID[1],
            "DEVICE KERNEL FIRST TO LAST START [ns]": 0,
            "DEVICE FW DURATION [ns]": duration + 2 * FIRMWARE,
            "DEVICE FW START CYCLE": start - FIRMWARE,
            "DEVICE FW END CYCLE": end + FIRMWARE,
            "DEVICE KERNEL DURATION [ns]": duration,
            "DEVICE KERNEL START CYCLE": start,
            "DEVICE KERNEL END CYCLE": end,
            "DEVICE KERNEL DURATION DM START [ns]": duration,
            "DEVICE KERNEL DM START CYCLE": start,
            "DEVICE KERNEL DM END CYCLE": end,
        }
        row |= {f"DEVICE KERNEL DURATION PER CORE {which} [ns]": duration for which in ("MIN", "MAX", "AVG")}
        row |= {f"DEVICE {risc.replace('_', '')} KERNEL DURATION [ns]": duration for risc in RISCS}
        rows.append(row | {"DEVICE ERISC KERNEL DURATION [ns]": ""})
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
