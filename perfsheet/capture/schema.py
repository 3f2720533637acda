"""Which generation of the ops CSV writer made a file, told by its headers (docs/ops-csv.md)."""

from __future__ import annotations

from perfsheet.capture.columns import normalise_header

# Newest first: a generation is recognised by the first header that it brought.
_TELL_TALES: tuple[tuple[str, tuple[str, ...]], ...] = (
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


def generation(headers: list[str]) -> str:
    """S0 (2023) … S10 (2026-H2)."""
    present = {normalise_header(header) for header in headers}
    for name, tell_tales in _TELL_TALES:
        if present.intersection(tell_tales):
            return name
    return "S0"
