"""The schema generation of a file by its headers (docs/ops-csv.md), and the columns that it lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from perfsheet.capture.columns import BY_NAME, TENSOR_FIELDS, normalise_header, resolve, tensor_field
from perfsheet.capture.notes import Note
from perfsheet.capture.other_files import is_realtime_header

# Newest first. A generation is recognised by the first headers that it brought.
_NEW_HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("S10", ("SUB DEVICE ID", "DRAM BW UTIL PER CTRL (%)")),
    ("S9", ("PROGRAM HASH", "PROGRAM CACHE HIT")),
    ("S8", ("DEVICE ARCH", "AVAILABLE WORKER CORE COUNT")),
    ("S7", ("INPUT_0_W_PAD[LOGICAL]", "OUTPUT_0_W_PAD[LOGICAL]")),
    ("S6", ("BRISC MAX KERNEL SIZE [B]", "NOC UTIL (%)")),
    ("S5", ("DEVICE KERNEL DURATION PER CORE MIN [NS]", "DEVICE KERNEL FIRST TO LAST START [NS]")),
    ("S4", ("METAL TRACE ID", "TRACE ID", "METAL TRACE REPLAY SESSION ID", "TRACE RUNTIME ID")),
    ("S3", ("OP TO OP LATENCY [NS]",)),
    ("S2", ("DEVICE ID",)),
    ("S1", ("PM IDEAL NS", "PM IDEAL [NS]")),
)
# What most figures need; every capture of its generation has them, whichever compiler it comes from.
_EXPECTED = (
    "global_call_count",
    "device_id",
    "device_arch",
    "attributes",
    "math_fidelity",
    "core_count",
    "available_worker_cores",
    "fw_start_cycle",
    "fw_end_cycle",
    "fw_duration_ns",
    "op_to_op_latency_ns",
    "pm_ideal_ns",
)


REALTIME = "RT"
"""The report of the real-time profiler."""


def generation(headers: list[str]) -> str:
    """S0 (2023) … S10 (2026-H2), or RT."""
    if is_realtime_header(headers):
        return REALTIME
    present = {normalise_header(header) for header in headers}
    return next((name for name, brought in _NEW_HEADERS if present.intersection(brought)), "S0")


def missing_columns(label: str, headers: list[str]) -> Iterator[Note]:
    """A note about the columns that this generation writes, but that the file lacks: somebody removed them."""
    name = generation(headers)
    if name == REALTIME:
        return
    number = int(name[1:])
    present = {column.name for _, column in resolve(headers)}
    expected = (BY_NAME[name] for name in _EXPECTED)
    names = [column.header for column in expected if int(column.since[1:]) <= number and column.name not in present]
    names += _incomplete_tensors(present)
    if names:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        text = f"{label} lacks {shown}: figures that need it are unknown or not checked"
        yield Note("missing-columns", text, len(names))


def _incomplete_tensors(present: set[str]) -> list[str]:
    """The missing columns of tensors of which other columns are present."""
    tensors: dict[str, set[str]] = defaultdict(set)
    for name in present:
        if field := tensor_field(name):
            tensors[name.removesuffix(f"_{field}")].add(field)
    return [
        f"{tensor}_{field}".upper()
        for tensor, fields in sorted(tensors.items())
        for field in TENSOR_FIELDS
        if field not in fields
    ]
