"""Files that users hand over by mistake: what each one is, and what to give instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perfsheet.capture.columns import normalise_header
from perfsheet.errors import PerfsheetError, unusable

Headers = list[str]
_GIVE_OPS_CSV = "give the ops_perf_results_*.csv from the reports folder of the same run"


@dataclass(frozen=True)
class _Kind:
    matches: Callable[[set[str], str], bool]
    what: str
    instead: str


# Tried in order, on the set of normalised headers and the first line of the file.
_KINDS: tuple[_Kind, ...] = (
    _Kind(
        lambda headers, line: line.startswith("ARCH:") and "CHIP_FREQ" in line,
        "the profiler's raw device log (profile_log_device.csv)",
        _GIVE_OPS_CSV,
    ),
    _Kind(
        lambda headers, line: line.startswith("MessageName;"),
        "Tracy's raw op messages (tracy_ops_data.csv)",
        _GIVE_OPS_CSV,
    ),
    _Kind(
        lambda headers, line: {"SRC_FILE", "ZONE_NAME", "EXEC_TIME_NS"} <= headers,
        "Tracy's raw zone times (tracy_ops_times.csv)",
        _GIVE_OPS_CSV,
    ),
    _Kind(
        lambda headers, line: "OP NAME" in headers and {"START CYCLE", "END CYCLE"} <= headers,
        "a CSV of the real-time profiler",
        "profile with `python -m tracy -r`, or with perfsheet run, to get an ops CSV",
    ),
    _Kind(
        lambda headers, line: "OP NAME" in headers and "DEVICE KERNEL DURATION [NS]" in headers,
        "the device-side half of a report (cpp_device_perf_report.csv), which lacks op types, shapes and PM columns",
        _GIVE_OPS_CSV,
    ),
    _Kind(
        lambda headers, line: "OP CODE JOINED" in headers,
        "tt-perf-report's stacked table",
        "give perfsheet the ops CSV that the table was made from",
    ),
    _Kind(
        lambda headers, line: {"TOTAL %", "DEVICE TIME", "OP-TO-OP GAP"} <= headers,
        "tt-perf-report's own output table",
        "give perfsheet the ops CSV that the table was made from",
    ),
    _Kind(
        lambda headers, line: {"RANK", "SHARE_PCT", "KERNEL_DURATION_NS"} <= headers,
        "a table printed by perfsheet",
        "give perfsheet the ops CSV that the table was made from",
    ),
    _Kind(
        lambda headers, line: "MEASURED_NANO_SEC" in headers,
        "a hand-kept op sheet (MEASURED_NANO_SEC), without core counts",
        "give the ops CSV that the profiler wrote",
    ),
    _Kind(
        lambda headers, line: {"MODEL", "SETTING", "BATCH"} <= headers or line.startswith(("branch:", "hash:")),
        "an end-to-end perf file of a model, which has no ops",
        "give the ops CSV of a profiler run of that model",
    ),
    _Kind(
        lambda headers, line: "Torch Ops" in line and "Model" in line,
        "a results table over models (pytorch2.0_ttnn)",
        "give the ops CSV of a profiler run of one of them",
    ),
    _Kind(
        lambda headers, line: line.startswith("|"),
        "a Markdown table",
        "give the ops CSV of a profiler run",
    ),
    _Kind(
        lambda headers, line: "DEVICE KERNEL DURATION [NS]" in headers and "GLOBAL CALL COUNT" in headers,
        "a device-only report without OP CODE",
        "post-process with the host log (python -m tracy -r without --device-only)",
    ),
)


def refuse(label: str, headers: Headers, first_line: str) -> PerfsheetError:
    """The error for a readable file that is not an ops CSV, naming what it is where that is known."""
    present = {normalise_header(header) for header in headers}
    for kind in _KINDS:
        if kind.matches(present, first_line):
            return unusable(f"{label} is {kind.what}, not an ops CSV", kind.instead)
    if "OP CODE" in present:
        return unusable(
            f"{label}: row 1 has no column DEVICE KERNEL DURATION [ns], so there is nothing to rank",
            "give the whole CSV as the profiler wrote it",
        )
    seen = ", ".join(repr(header[:30]) for header in headers[:4] if header.strip()) or "nothing"
    return unusable(
        f"{label} is not an ops CSV: row 1 has no column OP CODE (it starts with {seen})", _GIVE_OPS_CSV
    )


def is_ops_header(headers: Headers) -> bool:
    """Whether a row of headers is that of an ops CSV of any generation."""
    present = {normalise_header(header) for header in headers}
    return "OP CODE" in present and not present.isdisjoint(
        ("DEVICE KERNEL DURATION [NS]", "DEVICE KERNEL DURATION NS")
    )
