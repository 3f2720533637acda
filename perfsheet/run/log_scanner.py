"""What the output of a run says, gathered line by line: why there is no report, or what is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

from perfsheet.errors import ExitStatus
from perfsheet.light_dataclass import dataclass
from perfsheet.run.artifacts import announced_csv, without_colours
from perfsheet.run.toolchain import REPLAY_HINT, TargetPython

NO_CAPTURE = ("Tracy capture did not finish", "No profiling data could be captured")
"""The profiler gave up waiting for its capture tool: 0.81 after two minutes, 0.70 after 15 seconds."""

_DROPPED = "device markers were dropped"
_KEEP_MARKERS = "{markers}, or run fewer layers"


@dataclass(frozen=True)
class Symptom:
    """A text in the output that explains by itself why there is no report.

    `{markers}` in `hint` stands for the options of this profiler that keep more markers.
    """

    text: str
    status: ExitStatus
    message: str
    hint: str


SYMPTOMS = (
    Symptom(
        "requires a Tracy-enabled build",
        ExitStatus.NO_PROFILER,
        "this ttnn is built without the profiler, as the wheels on PyPI are",
        f"use a source build of tt-metal with Tracy enabled; or {REPLAY_HINT}",
    ),
    Symptom(
        "Tracy tools were not found",
        ExitStatus.NO_PROFILER,
        "the profiler did not find its capture tools",
        f"name a tt-metal build that has them with --tt-metal-home; or {REPLAY_HINT}",
    ),
    Symptom(
        "No available port found",
        ExitStatus.PROFILER_FAILED,
        "all ports of the profiler, 8086 to 8499, are taken",
        "end the profilers that hang: perfsheet doctor names them",
    ),
    Symptom(
        "No space left on device",
        ExitStatus.OUTPUT_NOT_WRITTEN,
        "the disk ran full under the profiler",
        "make room, or give a folder on another disk with -o",
    ),
    *(
        Symptom(
            text,
            ExitStatus.PROFILER_FAILED,
            "the profiler gave up waiting for its capture tool, which was still busy after the target had ended",
            "run fewer layers or iterations, so that the trace is smaller; perfsheet doctor checks the tools",
        )
        for text in NO_CAPTURE
    ),
    Symptom(
        "was not generated. Run in verbose",
        ExitStatus.PROFILER_FAILED,
        "the capture tool left no trace",
        "run it once more; if it happens again, with fewer layers or iterations",
    ),
    Symptom("Device data missing", ExitStatus.PROFILER_FAILED, _DROPPED, _KEEP_MARKERS),
    Symptom("Device data mismatch", ExitStatus.PROFILER_FAILED, _DROPPED, _KEEP_MARKERS),
)

_NEVER_REPLAYED = re.compile(r"Device data missing: .*\(trace_id=(\d+)\)(?!.*the host replayed this trace)")
"""The assert of profilers before ttnn 0.81.1; later ones leave such a trace out and say so."""
_SUB_DEVICE = "Inconsistent sub_device_id"
_FULL = re.compile(r"buffers were full.*?(?:device (\d+)|$)")
_REPORTED_LOSS = re.compile(
    r"(Device data (?:missing|mismatch).*|Device \d+: trace \d+ was captured but never replayed.*|"
    r"Skipping \d+ device op\(s\) with no matching host data.*|Skipping op with malformed JSON.*|"
    r"Skipping cached op reference with no prior data.*)"
)
_LOCK = re.compile(r"Waiting for lock '([^']+)' which is currently held by thread TID: \d+, PID: (\d+)")
_COMPLAINT = re.compile(r"(?:ERROR: (?!usage:)|.*: error: |ImportError while loading conftest )(.*)")
_COPIED = re.compile(r"Copied .+ to (.+\.tracy)\s*$")
_MAX_QUOTE = 240
_MOST_QUOTED = 10_000
"""Distinct lines of one kind that are kept and counted."""


@dataclass(frozen=True)
class Lock:
    """A device lock that the run is waiting for, and the process that holds it."""

    name: str
    holder: int

    @property
    def sentence(self) -> str:
        """What the run is waiting for."""
        gone = "" if self._holder_is_alive else ", which is gone"
        return f"waiting for the device lock {self.name}, held by process {self.holder}{gone}"

    @property
    def fix(self) -> str:
        """What to do about it."""
        if self._holder_is_alive:
            return f"wait for process {self.holder}, or end it"
        return "free the lock by resetting the device: tt-smi -r"

    @property
    def _holder_is_alive(self) -> bool:
        from perfsheet.machine.processes import is_alive

        return is_alive(self.holder)


def _never_replayed(trace: str) -> Symptom:
    return Symptom(
        f"(trace_id={trace})",
        ExitStatus.PROFILER_FAILED,
        f"trace {trace} was captured but never replayed, and this profiler writes no report then",
        "replay it in the target or leave its capture out; ttnn 0.81.1 and later write the report without it",
    )


class LogScanner:
    """Reads the output of one run, line by line."""

    def __init__(self, python: TargetPython | None = None) -> None:
        self._python = python
        self._in_traceback = False
        self._full_buffers: dict[str, str] = {}  # each distinct line, and its device
        self._losses: dict[str, None] = {}
        self._sub_devices: dict[str, None] = {}
        self.announced: Path | None = None
        self.trace_copy: Path | None = None
        self.symptoms: list[Symptom] = []
        self.exception = ""
        self.complaint = ""
        self.lock: Lock | None = None

    def read(self, line: str) -> None:
        """Read one line of output."""
        line = without_colours(line)
        self.announced = announced_csv(line) or self.announced
        if trace := _NEVER_REPLAYED.search(line):
            self.symptoms.append(_never_replayed(trace[1]))
        if _SUB_DEVICE in line and len(self._sub_devices) < _MOST_QUOTED:
            self._sub_devices[line[line.index(_SUB_DEVICE) :].strip()[:_MAX_QUOTE]] = None
        self.symptoms += [symptom for symptom in SYMPTOMS if symptom.text in line and symptom not in self.symptoms]
        if copied := _COPIED.search(line):
            self.trace_copy = Path(copied[1])
        if (full := _FULL.search(line)) and len(self._full_buffers) < _MOST_QUOTED:
            self._full_buffers[line.strip()] = full[1] or "?"
        if (reported := _REPORTED_LOSS.search(line)) and len(self._losses) < _MOST_QUOTED:
            self._losses[reported[1].strip()[:_MAX_QUOTE]] = None
        if waiting := _LOCK.search(line):
            self.lock = Lock(waiting[1], int(waiting[2]))
        if complaint := _COMPLAINT.match(line):
            self.complaint = line.strip() if "conftest" in line else complaint[1].strip()
        elif self.complaint.startswith("ImportError while loading") and line.startswith("E   "):
            self.complaint += f" {line[4:].strip()}"
        if line.startswith("Traceback (most recent call last)"):
            self._in_traceback = True
        elif self._in_traceback and re.match(r"[\w.]+", line):  # frames and source lines are indented
            self.exception, self._in_traceback = line.strip(), False

    def symptom(self, status: ExitStatus) -> Symptom | None:
        """The first symptom of that status; None if there was none."""
        return next((symptom for symptom in self.symptoms if symptom.status == status), None)

    def hint(self, symptom: Symptom) -> str:
        """What to do about a symptom, with options that this profiler has."""
        return symptom.hint.format(markers=self._markers())

    @property
    def buffers_full(self) -> str:
        """Which devices dropped markers because the profiler's buffers were full; blank if none did."""
        if not self._full_buffers:
            return ""
        count, devices = len(self._full_buffers), ", ".join(sorted(set(self._full_buffers.values())))
        return f"the profiler's buffers were full {count:,}× (device {devices}) and markers were dropped"

    @property
    def losses(self) -> tuple[str, ...]:
        """What is missing from the report, although it was written."""
        full = self.buffers_full
        dropped = [f"{full}: ops can be missing or have wrong durations; {self._markers()}"] if full else []
        first, more = next(iter(self._sub_devices), ""), len(self._sub_devices) - 1
        several = [f"{first} (and {more:,} more)" if more else first] if first else []
        return (*dropped, *(f"the profiler reported: {text}" for text in (*self._losses, *several)))

    def _markers(self) -> str:
        has = self._python.has_option if self._python else lambda _option: True
        candidates = ["--op-support-count 10000", "--dump-device-data-mid-run"]
        if self._python and self._python.options is not None:
            candidates.append("--push-device-data-mid-run")  # its name before 0.63
        options = [f"'-- {option}'" for option in candidates if has(option.partition(" ")[0])]
        if not options:
            return "call ttnn.ReadDeviceProfiler(device) after every few hundred ops"
        return f"end the command with {' or '.join(options)}"
