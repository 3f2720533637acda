"""A run: what is requested, what it works with while it runs, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from perfsheet.light_dataclass import dataclass
from perfsheet.progress import Watch
from perfsheet.provenance import Provenance, RunRecord
from perfsheet.run.command import TargetCommand
from perfsheet.run.verdict import TargetVerdict

RUN_ID = "PERFSHEET_RUN_ID"
"""The environment variable that marks the processes of a run."""


@dataclass(frozen=True)
class RunRequest:
    """A target to run.

    `command` is the user's own text. `name` becomes a folder level and part of the report's file name, `output_dir`
    the profiler's artifact root (default: `$TT_METAL_PROFILER_DIR`, else `generated/profiler` under TT_METAL_HOME,
    which defaults to the current folder). `timeout_s` covers the whole run, post-processing included. `python` is the
    target's interpreter; by default the one that the command names, else this process's own if it has what the run
    needs, else `python3` or `python` on PATH. `tracy_options` are passed to `python -m tracy` as they are. `only` is
    the one test of the target to run (a pytest node id); None = all. `variables` are added to its environment.
    """

    command: str
    name: str = ""
    output_dir: Path | None = None
    timeout_s: float | None = None
    tt_metal_home: Path | None = None
    python: str | None = None
    tracy_options: tuple[str, ...] = ()
    only: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunContext:
    """What one run works with: its temporary `folder`, the file for the target's events, the target's environment."""

    request: RunRequest
    command: TargetCommand
    run_id: str
    folder: Path
    verdict_file: Path
    environment: Mapping[str, str]
    watch: Watch


@dataclass(frozen=True)
class RunOutcome:
    """A run that came to an end by itself.

    `csv` is the ops CSV of exactly this run (None in a replay), `log` everything that was printed. `losses` are
    sentences about data that the profiler itself reported as missing from the capture. `graph_report` is the folder of
    TTNN's graph report, if the target ran once more for that.
    """

    csv: Path | None
    log: Path
    verdict: TargetVerdict
    record: RunRecord
    losses: tuple[str, ...] = ()
    replayed: bool = False
    graph_report: Path | None = None

    @property
    def tests_failed(self) -> bool:
        """Whether the target reports a failure; the profiler's own exit status does not say."""
        return not self.verdict.succeeded

    @property
    def provenance(self) -> Provenance:
        """What the outputs show of this run."""
        return Provenance(
            command=self.record.command,
            tests=self.verdict.summary,
            tests_failed=self.tests_failed,
            replayed=self.replayed,
            results=self.verdict.tests,
            losses=self.losses,
            record=self.record,
        )


@dataclass(frozen=True)
class MockRun:
    """A run on a mock board: how the target ended (None = it did not say), its log, and TTNN's captures, in order.

    `versions` are those of the target's interpreter. `log` is removed if all went well. `reason`: the failed test and
    its reason, or the exception that ended the target; blank if it did not fail. `stopped`: why the target was ended
    before its end, blank if it was not; the captures are what it had come to. `problems`: what went wrong with these.
    """

    verdict: TargetVerdict | None
    versions: Mapping[str, str | None]
    log: Path
    captures: tuple[Path, ...]
    problems: tuple[str, ...]
    reason: str = ""
    stopped: str = ""
