"""How a capture was made: what one needs to trust a run and to repeat it; kept in a run.json beside the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Literal

from perfsheet.accuracy import module_of, possible
from perfsheet.light_dataclass import dataclass

STANDS_IN = "The recorded capture of this target is replayed: "
"""What `run` says before the capture that takes the place of its own, where there is no profiler."""
RECORD_NAME = "run.json"
"""The record of a run, beside its report."""

RECORD_VERSION = 1
"""Of the content of run.json, whose meaning may change apart from that of other JSON."""
_CHUNK = 1 << 20

Outcome = Literal["passed", "failed", "skipped"]


_DPRINT = ("TT_METAL_DPRINT_CORES", "TT_METAL_DPRINT_ETH_CORES")


def debug_tools(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that switch on the watcher (any value does, 0 too) or DPRINT."""
    watcher = ("TT_METAL_WATCHER",) if "TT_METAL_WATCHER" in environment else ()
    return (*watcher, *(name for name in _DPRINT if environment.get(name)))


def debug_tools_problem(names: Sequence[str]) -> str:
    """What is wrong with a capture that was made with these variables."""
    return f"{' and '.join(names)} set: the watcher and DPRINT corrupt durations, and no message says so"


@dataclass(frozen=True)
class ReportedPcc:
    """The PCC that a test reported of a module, blank = of the test as a whole: `text` is the figure as reported.

    `value` is None if no PCC can be that (docs/accuracy.md).
    """

    module: str
    value: float | None
    text: str

    @property
    def impossible(self) -> bool:
        """Whether no two tensors have it."""
        return self.value is None


@dataclass(frozen=True)
class TestResult:
    """One test: `outcome` is "failed" for an error in collection, setup or teardown too; xfail counts as "skipped".

    `reason` is the error in one line, such as `AssertionError: assert 1 == 2`; blank if the test did not fail.
    `accuracy` is what it reported of itself and of modules, each once: the lowest, or one that cannot be.
    """

    __test__: ClassVar[bool] = False  # the name alone would make pytest collect it

    nodeid: str
    outcome: Outcome
    duration_s: float
    reason: str = ""
    accuracy: tuple[ReportedPcc, ...] = ()

    @property
    def pcc(self) -> ReportedPcc | None:
        """The lowest PCC that it reported, before that one that cannot be; None = it reported none."""
        return lowest(self.accuracy)


def lowest(reported: Iterable[ReportedPcc]) -> ReportedPcc | None:
    """The lowest PCC, before that one that cannot be; None of none."""
    return min(reported, key=lambda one: -math.inf if one.value is None else one.value, default=None)


_LONGEST_FIGURE = 40


def reported_pccs(properties: Iterable[tuple[str, Any]]) -> tuple[ReportedPcc, ...]:
    """The PCCs among the properties of a test; of several of one module the lowest, or one that cannot be."""
    found: dict[str, ReportedPcc] = {}
    for name, figure in properties:
        module = module_of(str(name))
        if module is None:
            continue
        try:
            value, written = possible(float(figure)), f"{figure}"
        except (TypeError, ValueError, OverflowError):
            value, written = None, ascii(figure) if isinstance(figure, str) else type(figure).__name__
        this = ReportedPcc(module, value, written[:_LONGEST_FIGURE])
        found[module] = lowest((found.get(module, this), this)) or this
    return tuple(found.values())


@dataclass(frozen=True)
class InputFile:
    """A file that the figures or the run depend on, as it was when the run ended; `sha256` is hexadecimal."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Device:
    """A device node and what the kernel driver reports about it; unknown is None."""

    node: str
    arch: str | None
    board: str | None


@dataclass(frozen=True)
class RunRecord:
    """One run. Secrets are masked in `command` and `argv`, and left out of `environment`.

    `argv` is the process that perfsheet started, `environment` the variables that affect it, `versions` those of
    perfsheet, Python and the packages of the target's interpreter (None = not installed). `started` and `ended` are
    ISO 8601 with the time zone. `profiler_status` is the exit status of `python -m tracy` (in a replay of the target
    itself), `target_status` pytest's or the script's own, -1 if it died. `simulator` is TT_METAL_SIMULATOR.
    `graph_report` is the folder of TTNN's graph report of a second run, relative to that of run.json.
    """

    command: str
    argv: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    versions: Mapping[str, str | None]
    interpreter: str
    tt_metal_home: str | None
    tt_metal_commit: str | None
    host: str
    system: str
    devices: tuple[Device, ...]
    simulator: str | None
    started: str
    ended: str
    duration_s: float
    profiler_status: int
    target_status: int
    inputs: tuple[InputFile, ...]
    log: str
    graph_report: str | None = None


@dataclass(frozen=True)
class Provenance:
    """What perfsheet knows about a run, for the outputs.

    `tests` is the target's own verdict on one line, `results` the same test by test. `replayed`: the target ran without
    a profiler, and the figures are those of a capture recorded earlier. `losses`: data that the profiler itself
    reported as missing from the capture. `ignored` says why a record beside the capture was not used.
    """

    command: str | None = None
    tests: str | None = None
    tests_failed: bool = False
    replayed: bool = False
    results: tuple[TestResult, ...] = ()
    losses: tuple[str, ...] = ()
    record: RunRecord | None = field(default=None, repr=False)
    ignored: str = ""

    @property
    def simulator(self) -> str | None:
        """The simulator that ran the ops; None if silicon did, or if that is unknown."""
        return self.record.simulator if self.record else None

    @property
    def debug_tools(self) -> tuple[str, ...]:
        """The variables of the run that switched on the watcher or DPRINT."""
        return debug_tools(self.record.environment) if self.record and not self.replayed else ()


def input_file(path: Path) -> InputFile:
    """A file with its size and hash. Raises OSError when it cannot be read."""
    import hashlib

    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return InputFile(str(path.absolute()), size, digest.hexdigest())


@dataclass(frozen=True)
class _RecordedPcc:
    """A PCC in run.json."""

    module: str | None
    pcc: float | None
    reported: str


@dataclass(frozen=True)
class _RecordedTest:
    """A test in run.json."""

    nodeid: str
    outcome: Outcome
    duration_s: float
    reason: str | None
    accuracy: tuple[_RecordedPcc, ...] = ()


@dataclass(frozen=True)
class _Recorded:
    """What run.json has beside the fields of RunRecord."""

    verdict: str
    tests_failed: bool
    tests: tuple[_RecordedTest, ...]
    losses: tuple[str, ...]


def recorded_provenance(capture: Path) -> Provenance:
    """What the run.json beside a capture says about it.

    Empty, unless the record is of the run that made this very file, as its hash shows. One that cannot be read is
    ignored, and `Provenance.ignored` says so; so is one that is not of perfsheet, without a word.
    """
    from perfsheet.documents import InvalidDocumentError, as_type, ignored, read_plain

    path = capture.with_name(RECORD_NAME)
    try:
        recorded = read_plain(path)
        if not isinstance(recorded, dict) or recorded.get("schema_version") != RECORD_VERSION:
            return Provenance()
        if recorded.get("replayed") is not False:
            return Provenance()
        record = as_type(recorded, RunRecord)
        if input_file(capture).sha256 in {file.sha256 for file in record.inputs}:
            return _provenance(record, as_type(recorded, _Recorded))
    except FileNotFoundError:
        pass
    except (OSError, InvalidDocumentError) as error:
        return Provenance(ignored=ignored(path, error))
    return Provenance()


def _provenance(record: RunRecord, beside: _Recorded) -> Provenance:
    results = (
        TestResult(
            test.nodeid,
            test.outcome,
            test.duration_s,
            test.reason or "",
            tuple(ReportedPcc(one.module or "", possible(one.pcc), one.reported) for one in test.accuracy),
        )
        for test in beside.tests
    )
    return Provenance(record.command, beside.verdict, beside.tests_failed, False, tuple(results), beside.losses, record)
