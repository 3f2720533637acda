"""How a capture came to be: everything needed to believe a run and to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

RECORD_NAME = "run.json"
"""The record of a run, beside its report."""

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class TestResult:
    """One test: `outcome` is "failed" for an error in collection, setup or teardown too; xfail counts as "skipped".

    `reason` is the error in one line, such as `AssertionError: assert 1 == 2`; blank when it did not fail.
    """

    __test__: ClassVar[bool] = False  # the name alone would make pytest collect it

    nodeid: str
    outcome: Outcome
    duration_s: float
    reason: str = ""


@dataclass(frozen=True)
class InputFile:
    """A file that the figures or the run depend on, as it was when the run ended; `sha256` in hexadecimal."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Device:
    """A device node and what the kernel driver says about it; unknown is None."""

    node: str
    arch: str | None
    board: str | None


@dataclass(frozen=True)
class RunRecord:
    """One run. Secrets are masked in `command` and `argv`, and never get into `environment`.

    `argv` is the process that perfsheet started, `environment` the variables that matter to it, `versions` those of
    perfsheet, Python and the packages of the target's interpreter (None = not installed). `started` and `ended` are
    ISO 8601 with the zone. `profiler_status` is the status of `python -m tracy` (of the target itself in a replay),
    `target_status` pytest's or the script's own, -1 when it died. `simulator` is TT_METAL_SIMULATOR.
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


@dataclass(frozen=True)
class Provenance:
    """What perfsheet saw of a run, for the outputs.

    `tests` is the target's own verdict on one line, `results` the same test by test. `replayed`: the target ran without
    a profiler, and the figures are those of a capture recorded earlier. `losses`: what the profiler itself said is
    missing from the capture.
    """

    command: str | None = None
    tests: str | None = None
    tests_failed: bool = False
    replayed: bool = False
    results: tuple[TestResult, ...] = ()
    losses: tuple[str, ...] = ()
    record: RunRecord | None = field(default=None, repr=False)

    @property
    def simulator(self) -> str | None:
        """The simulator that ran the ops; None when silicon did, or nobody knows."""
        return self.record.simulator if self.record else None
