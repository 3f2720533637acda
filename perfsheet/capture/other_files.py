"""Files that users hand over by mistake: what each one is, and what to give instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perfsheet.capture.columns import normalise_header
from perfsheet.errors import PerfsheetError, unusable

Headers = list[str]
_GIVE_OPS_CSV = "give the ops_perf_results_*.csv from the reports folder of the same run"


_OTHER_UNIT = re.compile(r"DEVICE KERNEL DURATION ?[\[(](?!NS)")
_GIVE_SOURCE = "give perfsheet the ops CSV that the table was made from"
_GIVE_RUN = "give the ops CSV of a profiler run"


@dataclass(frozen=True)
class _Kind:
    """A kind of file, told by headers that it has or by how its first line starts; `instead` says what to give."""

    what: str
    instead: str
    headers: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    contains: str = ""

    def matches(self, present: set[str], first_line: str) -> bool:
        if self.headers and present.issuperset(self.headers):
            return True
        return bool(self.starts) and first_line.startswith(self.starts) and self.contains in first_line


# Tried in order, so that the narrower kind stands first.
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


def refuse(label: str, headers: Headers, first_line: str) -> PerfsheetError:
    """The error for a readable file that is not an ops CSV, naming what it is where that is known."""
    present = {normalise_header(header) for header in headers}
    for kind in _KINDS:
        if kind.matches(present, first_line):
            return unusable(f"{label} is {kind.what}, not an ops CSV", kind.instead)
    other = next((header for header in headers if _OTHER_UNIT.match(normalise_header(header))), None)
    if "OP CODE" in present and other is not None:
        return unusable(
            f"{label}, row 1: {other.strip()!r} is not in ns", "give the CSV as the profiler wrote it, durations in ns"
        )
    if not present - {""}:
        return unusable(f"{label} is empty but for its first bytes", "run the profiler again, and look at its log")
    if "OP CODE" in present:
        return unusable(
            f"{label}: row 1 has no column DEVICE KERNEL DURATION [ns], so there is nothing to rank",
            "give the whole CSV as the profiler wrote it",
        )
    seen = ", ".join(repr(header[:30]) for header in headers[:4] if header.strip()) or "nothing"
    return unusable(f"{label} is not an ops CSV: row 1 has no column OP CODE (it starts with {seen})", _GIVE_OPS_CSV)


def is_ops_header(headers: Headers) -> bool:
    """Whether a row of headers is that of an ops CSV of any generation."""
    present = {normalise_header(header) for header in headers}
    return "OP CODE" in present and not present.isdisjoint(("DEVICE KERNEL DURATION [NS]", "DEVICE KERNEL DURATION NS"))
