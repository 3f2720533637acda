"""Other kinds of files that users pass by mistake: what each one is, and what to give instead."""

from __future__ import annotations

import re

from perfsheet.capture.columns import normalise_header
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.light_dataclass import dataclass

_GIVE_OPS_CSV = "give the ops_perf_results_*.csv from the reports folder of the same run"
_OTHER_UNIT = re.compile(r"DEVICE KERNEL DURATION ?[\[(](?!NS)")
_GIVE_SOURCE = "give perfsheet the ops CSV that the table was made from"
_GIVE_RUN = "give the ops CSV of a profiler run"


@dataclass(frozen=True)
class _Kind:
    """A kind of file, recognised by its headers or by the start of its first line; `instead` says what to give."""

    description: str
    instead: str
    headers: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    contains: str = ""

    def matches(self, present: set[str], first_line: str) -> bool:
        if self.headers and present.issuperset(self.headers):
            return True
        return bool(self.starts) and first_line.startswith(self.starts) and self.contains in first_line


_REALTIME = (
    *("OP NAME", "GLOBAL CALL COUNT", "DEVICE ID"),
    *("DEVICE KERNEL DURATION [NS]", "DEVICE KERNEL START CYCLE", "DEVICE KERNEL END CYCLE"),
)

# The first that matches counts: narrower kinds stand first.
_KINDS: tuple[_Kind, ...] = (
    _Kind("the profiler's raw device log (profile_log_device.csv)", _GIVE_OPS_CSV, starts=("ARCH:",)),
    _Kind("Tracy's raw op messages (tracy_ops_data.csv)", _GIVE_OPS_CSV, starts=("MessageName;",)),
    _Kind(
        "Tracy's raw zone times (tracy_ops_times.csv)", _GIVE_OPS_CSV, headers=("SRC_FILE", "ZONE_NAME", "EXEC_TIME_NS")
    ),
    _Kind(
        "a CSV of the real-time profiler",
        "profile with `python -m tracy -r`, or with perfsheet run, to get an ops CSV",
        headers=("OP NAME", "START CYCLE", "END CYCLE"),
    ),
    _Kind(
        "the device-side half of a report (cpp_device_perf_report.csv), which lacks op types, shapes and PM columns",
        _GIVE_OPS_CSV,
        headers=("OP NAME", "DEVICE KERNEL DURATION [NS]"),
    ),
    _Kind("tt-perf-report's stacked table", _GIVE_SOURCE, headers=("OP CODE JOINED",)),
    _Kind("tt-perf-report's own output table", _GIVE_SOURCE, headers=("TOTAL %", "DEVICE TIME", "OP-TO-OP GAP")),
    _Kind("a table printed by perfsheet", _GIVE_SOURCE, headers=("RANK", "SHARE_PCT", "KERNEL_DURATION_NS")),
    _Kind("a table printed by perfsheet", _GIVE_SOURCE, headers=("RULE", "SIGNATURE", "SAVING_NS")),
    _Kind(
        "a hand-kept op sheet (MEASURED_NANO_SEC), without core counts",
        "give the ops CSV that the profiler wrote",
        headers=("MEASURED_NANO_SEC",),
    ),
    _Kind(
        "an end-to-end perf file of a model, which has no ops",
        _GIVE_RUN,
        headers=("MODEL", "SETTING", "BATCH"),
        starts=("branch:", "hash:"),
    ),
    _Kind("a results table over models (pytorch2.0_ttnn)", _GIVE_RUN, starts=("|",), contains="Torch Ops"),
    _Kind("a Markdown table", _GIVE_RUN, starts=("|",)),
    _Kind(
        "a device-only report without OP CODE",
        "post-process with the host log (python -m tracy -r without --device-only)",
        headers=("GLOBAL CALL COUNT", "DEVICE KERNEL DURATION [NS]"),
    ),
)


def other_file_error(label: str, headers: list[str], first_line: str) -> PerfsheetError:
    """The error for a readable file that is not an ops CSV; it names the kind of file where that is known."""
    present = {normalise_header(header) for header in headers}
    for kind in _KINDS:
        if kind.matches(present, first_line):
            return unusable(f"{label} is {kind.description}, not an ops CSV", kind.instead)
    wrong_unit = next((header for header in headers if _OTHER_UNIT.match(normalise_header(header))), None)
    if "OP CODE" in present and wrong_unit is not None:
        return unusable(
            f"{label}, row 1: {wrong_unit.strip()!r} is not in ns",
            "give the CSV as the profiler wrote it, with durations in ns",
        )
    if not present - {""}:
        return unusable(f"{label} has a byte-order mark but no text", "run the profiler again and look at its log")
    if "OP CODE" in present:
        return unusable(
            f"{label}: row 1 has no column DEVICE KERNEL DURATION [ns]",
            "give the whole CSV as the profiler wrote it",
        )
    start = ", ".join(repr(header[:30]) for header in headers[:4] if header.strip()) or "nothing"
    return unusable(f"{label} is not an ops CSV: row 1 has no column OP CODE (it starts with {start})", _GIVE_OPS_CSV)


def is_realtime_header(headers: list[str]) -> bool:
    """Whether a row is the header of the real-time profiler's report: a few columns of the device report."""
    present = {normalise_header(header) for header in headers}
    return present.issuperset(_REALTIME) and "DEVICE FW DURATION [NS]" not in present


def is_ops_header(headers: list[str]) -> bool:
    """Whether a row is the header of an ops CSV of any generation."""
    present = {normalise_header(header) for header in headers}
    return "OP CODE" in present and not present.isdisjoint(("DEVICE KERNEL DURATION [NS]", "DEVICE KERNEL DURATION NS"))
