"""The tables of a run: how a capture was made, its devices, input files and tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from perfsheet.accuracy import MARKED
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Device, InputFile, Provenance, ReportedPcc, RunRecord, TestResult
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, LABEL, LIST, TEXT, YES_NO, Kind
from perfsheet.text import formats

_RUNNING, _ACCURACY = "docs/running.md", "docs/accuracy.md"
_TONES = {"failed": "bad", "passed": "good", "skipped": "warn"}
_AS_IT_IS = Kind("value", lambda value: "" if value is None else str(value), lambda value: value, number=False)


def _pcc_text(reported: ReportedPcc | None) -> str:
    """`0.9998`, `1.2 (impossible)`; blank where none was reported."""
    if reported is None:
        return ""
    return f"{reported.text}{MARKED}" if reported.value is None else formats.pcc(reported.value)


def _pcc_data(reported: ReportedPcc | None) -> float | None:
    return None if reported is None else reported.value


def _pcc_cell(reported: ReportedPcc | None) -> float | str | None:
    known = _pcc_data(reported)
    return known if known is not None else _pcc_text(reported) or None


def pcc_tones(reported: Iterable[ReportedPcc | None]) -> list[str]:
    """Bad for what no PCC can be."""
    return ["bad" if one is not None and one.value is None else "" for one in reported]


REPORTED_PCC = Kind("reported PCC", _pcc_text, _pcc_data, "pcc", _pcc_cell, width=14)


@dataclass(frozen=True)
class ModulePcc:
    """The PCC that a test reported of a module, or of itself."""

    nodeid: str
    reported: ReportedPcc

    @property
    def module(self) -> str:
        """Its name, for people."""
        return self.reported.module or "(whole test)"


def module_pccs(results: Sequence[TestResult]) -> list[ModulePcc]:
    """What the tests reported of modules and of themselves, lowest first; none if they named no module."""
    rows = [ModulePcc(test.nodeid, one) for test in results for one in test.accuracy]
    if not any(row.reported.module for row in rows):
        return []
    return sorted(rows, key=lambda row: -math.inf if row.reported.value is None else row.reported.value)


# fmt: off
ACCURACY: Table[Sequence[ModulePcc]] = Table(
    "run_accuracy",
    "Accuracy of modules",
    "What tests reported of their accuracy: sheet Run, the terminal, `run.tests[].accuracy` in JSON.",
    (
        Column("pcc", "PCC", REPORTED_PCC, each(lambda row: row.reported),
            "the lowest that the test reported of it; null = what it reported cannot be one", _ACCURACY,
            tone=lambda rows: pcc_tones(row.reported for row in rows)),
        Column("module", "Module", TEXT, each(lambda row: row.reported.module),
            "its name in the test; null = the test as a whole", _ACCURACY, outputs=In.JSON),
        Column("reported", "Reported", LABEL, each(lambda row: row.reported.text), "the figure as it was reported",
            _ACCURACY, outputs=In.JSON),
        Column("name", "Module", LABEL, each(lambda row: row.module), "its name in the test", _ACCURACY,
            outputs=In.TERMINAL | In.SHEET, flexible=True),
        Column("nodeid", "Test", LABEL, each(lambda row: row.nodeid), "its pytest node id", _RUNNING,
            outputs=In.TERMINAL | In.SHEET, flexible=True, drop=1),
    ),
    outputs=In.JSON | In.TERMINAL | In.SHEET,
)


def _accuracy_records(tests: Sequence[TestResult]) -> list[list[dict[str, Any]]]:
    return [ACCURACY.records([ModulePcc(test.nodeid, one) for one in test.accuracy]) for test in tests]


TESTS: Table[Sequence[TestResult]] = Table(
    "run_tests",
    "Tests",
    "The tests of the target: sheets Run and Summary, the terminal, `run.tests` in JSON.",
    (
        Column("outcome", "Outcome", LABEL, each(lambda test: test.outcome),
            "passed, failed (an error in collection, setup or teardown too) or skipped (xfail too)", _RUNNING,
            tone=lambda tests: [_TONES[test.outcome] for test in tests]),
        Column("duration_s", "Duration", DECIMAL, each(lambda test: round(test.duration_s, 3)), "what pytest measured",
            _RUNNING, text=lambda seconds: f"{seconds:,.2f}", unit="s", width=14),
        Column("nodeid", "Test", LABEL, each(lambda test: test.nodeid), "its pytest node id", _RUNNING, flexible=True),
        Column("pcc", "PCC", REPORTED_PCC, each(lambda test: test.pcc),
            "the lowest that it reported, of itself or of a module; null = none, or one that cannot be", _ACCURACY,
            tone=lambda tests: pcc_tones(test.pcc for test in tests),
            when=lambda tests: any(test.accuracy for test in tests)),
        Column("accuracy", "Accuracy", _AS_IT_IS, _accuracy_records, "see `run_accuracy`", _ACCURACY, outputs=In.JSON),
        Column("reason", "Reason", TEXT, each(lambda test: test.reason),
            "the error in one line; empty = it did not fail", _RUNNING, outputs=In.JSON | In.TERMINAL, flexible=True,
            drop=1, when=lambda tests: any(test.reason for test in tests)),
    ),
    outputs=In.JSON | In.TERMINAL | In.SHEET,
)

INPUTS: Table[Sequence[InputFile]] = Table(
    "run_inputs",
    "Input files",
    "The files that the figures or the run depend on, as they were when it ended: sheet Run, `run.inputs` in JSON.",
    (
        Column("name", "Input", LABEL, each(lambda file: file.path.rpartition("/")[2]), "the file's name", _RUNNING,
            outputs=In.SHEET),
        Column("size_bytes", "Size", COUNT, each(lambda file: file.size_bytes), "its size", _RUNNING,
            outputs=In.JSON | In.SHEET, unit="B"),
        Column("sha256", "SHA-256", LABEL, each(lambda file: file.sha256), "its hash, hexadecimal", _RUNNING,
            outputs=In.JSON | In.SHEET),
        Column("path", "Path", LABEL, each(lambda file: file.path), "where it was", _RUNNING,
            outputs=In.JSON | In.SHEET),
    ),
)


def _optional(unknown: str) -> Callable[[str | None], str]:
    return lambda value: value or unknown


def _record(name: str) -> Callable[[Iterable[RunRecord]], list[Any]]:
    return each(lambda record: getattr(record, name))


_IN_JSON, _BOTH = In.JSON, In.JSON | In.SHEET
_SECONDS = Kind("seconds", lambda seconds: f"{seconds:,.1f} s", lambda seconds: seconds)
_STATUS = Kind("status", lambda status: "died" if status < 0 else str(status), lambda status: status)

RECORD: Table[Iterable[RunRecord]] = Table(
    "run_record",
    "Run",
    "How a capture was made: sheet Run (a line per fact), `run` in JSON and run.json.",
    (
        Column("command", "Command", LABEL, _record("command"), "the target's command; secrets are masked", _RUNNING,
            outputs=_BOTH),
        Column("argv", "Started", LIST, _record("argv"), "the process that perfsheet started", _RUNNING, outputs=_BOTH,
            text=" ".join),
        Column("folder", "Folder", LABEL, _record("folder"), "where it was started", _RUNNING, outputs=_BOTH),
        Column("started", "From", LABEL, _record("started"), "ISO 8601 with the time zone", _RUNNING, outputs=_BOTH),
        Column("ended", "To", LABEL, _record("ended"), "ISO 8601 with the time zone", _RUNNING, outputs=_BOTH),
        Column("duration_s", "Duration", _SECONDS, _record("duration_s"), "what the run took", _RUNNING, outputs=_BOTH),
        Column("profiler_status", "Exit status of the profiler", _STATUS, _record("profiler_status"),
            "that of `python -m tracy`; in a replay that of the target", _RUNNING, outputs=_BOTH),
        Column("target_status", "Exit status of the target", _STATUS, _record("target_status"),
            "that of pytest or the script; -1 = it died", _RUNNING, outputs=_BOTH),
        Column("host", "Host", LABEL, _record("host"), "the host's name", _RUNNING, outputs=_BOTH),
        Column("system", "System", LABEL, _record("system"), "the operating system", _RUNNING, outputs=_BOTH),
        Column("devices", "Device", _AS_IT_IS, each(lambda record: DEVICES.records(record.devices)),
            "the device nodes, see `run_devices`", _RUNNING, outputs=_BOTH),
        Column("simulator", "Simulator", LABEL, _record("simulator"), "TT_METAL_SIMULATOR; null = silicon", _RUNNING,
            outputs=_BOTH, when=lambda records: any(record.simulator for record in records)),
        Column("interpreter", "Interpreter", LABEL, _record("interpreter"), "the Python of the target", _RUNNING,
            outputs=_BOTH),
        Column("versions", "Version", _AS_IT_IS, _record("versions"),
            "versions of perfsheet, Python and the target's packages by name; null = not installed", _RUNNING,
            outputs=_BOTH),
        Column("tt_metal_home", "TT_METAL_HOME", LABEL, _record("tt_metal_home"), "the tt-metal folder", _RUNNING,
            outputs=_BOTH, text=_optional("not set")),
        Column("tt_metal_commit", "tt-metal commit", LABEL, _record("tt_metal_commit"),
            "its commit; null = no checkout", _RUNNING, outputs=_BOTH, text=_optional("no checkout")),
        Column("environment", "Environment", _AS_IT_IS, _record("environment"),
            "the variables that affect the run, by name; no secrets", _RUNNING, outputs=_BOTH),
        Column("inputs", "Input files", _AS_IT_IS, each(lambda record: INPUTS.records(record.inputs)),
            "see `run_inputs`", _RUNNING, outputs=_IN_JSON),
        Column("log", "Log", LABEL, _record("log"), "the output of the run", _RUNNING, outputs=_BOTH),
        Column("graph_report", "Graph report", LABEL, _record("graph_report"),
            "the folder of TTNN's graph report of a second run, relative to that of run.json", _RUNNING, outputs=_BOTH,
            when=lambda records: any(record.graph_report for record in records)),
    ),
)

DEVICES: Table[Sequence[Device]] = Table(
    "run_devices",
    "Device nodes",
    "The device nodes of the host, and what the kernel driver reports about them: sheet Run, `run.devices` in JSON.",
    (
        Column("node", "Node", LABEL, each(lambda device: device.node), "the device node", _RUNNING, outputs=_IN_JSON),
        Column("arch", "Arch", LABEL, each(lambda device: device.arch), "null = unknown", _RUNNING, outputs=_IN_JSON),
        Column("board", "Board", LABEL, each(lambda device: device.board), "null = unknown", _RUNNING,
            outputs=_IN_JSON),
    ),
)


@dataclass(frozen=True)
class RunOutcome:
    """What came of a run."""

    provenance: Provenance
    summary: CaptureSummary

    def of_devices(self, name: str) -> str | None:
        """What the kernel driver reports about all devices: `n150`, `n150+n300`; None = unknown."""
        devices = self.provenance.record.devices if self.provenance.record else ()
        return "+".join(sorted({value for device in devices if (value := getattr(device, name))})) or None


OUTCOME: Table[Sequence[RunOutcome]] = Table(
    "run",
    "Run",
    "What came of a run: `run` in JSON and run.json, beside the keys of `run_record`.",
    (
        Column("board", "Board", LABEL, each(lambda run: run.summary.board or run.of_devices("board")),
            "of the capture, else of the devices", _RUNNING, outputs=_IN_JSON),
        Column("arch", "Arch", LABEL, each(lambda run: run.summary.arch or run.of_devices("arch")),
            "of the capture, else of the devices", _RUNNING, outputs=_IN_JSON),
        Column("replayed", "Replayed", YES_NO, each(lambda run: run.provenance.replayed),
            "whether the figures are those of a capture recorded earlier", _RUNNING, outputs=_IN_JSON),
        Column("verdict", "Verdict", LABEL, each(lambda run: run.provenance.tests), "what the tests said, in one line",
            _RUNNING, outputs=_IN_JSON),
        Column("tests_failed", "Tests failed", YES_NO, each(lambda run: run.provenance.tests_failed),
            "whether a test failed", _RUNNING, outputs=_IN_JSON),
        Column("tests", "Tests", _AS_IT_IS, each(lambda run: TESTS.records(run.provenance.results)), "see `run_tests`",
            _RUNNING, outputs=_IN_JSON),
        Column("losses", "Losses", LIST, each(lambda run: run.provenance.losses),
            "data that the profiler reported as missing from the capture", _RUNNING, outputs=_IN_JSON),
    ),
)

Fact = tuple[str, str]
FACTS: Table[Sequence[Fact]] = Table(
    "run_facts",
    "Run",
    "The facts of a run as sheet Run lists them.",
    (
        Column("fact", "Fact", LABEL, each(lambda fact: fact[0]), "what", _RUNNING, outputs=In.SHEET),
        Column("value", "Value", LABEL, each(lambda fact: fact[1]), "what is known of it", _RUNNING, outputs=In.SHEET),
    ),
)
# fmt: on


def facts(record: RunRecord) -> Iterator[Fact]:
    """Names and values, in the order in which they are read; what is unknown says so."""
    for column in RECORD.columns_in(In.SHEET, [record]):
        several = _SEVERAL_FACTS.get(column.key)
        if several is None:
            yield column.title, column.texts([record])[0]
        else:
            yield from several(column.listed([record])[0])


def _device_facts(devices: Sequence[Mapping[str, str | None]]) -> Iterator[Fact]:
    for device in devices:
        yield "Device", f"{device['node']}: {device['arch'] or 'arch unknown'}, {device['board'] or 'board unknown'}"
    if not devices:
        yield "Device", "no device node on this host"


_SEVERAL_FACTS: Mapping[str, Callable[[Any], Iterable[Fact]]] = {
    "devices": _device_facts,
    "versions": lambda versions: [(f"Version of {name}", text or "not installed") for name, text in versions.items()],
    "environment": lambda variables: [(f"${name}", value) for name, value in variables.items()],
}
