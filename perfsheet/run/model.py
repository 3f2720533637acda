"""What a run is asked to do, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from perfsheet.provenance import Provenance, RunRecord
from perfsheet.run.test_verdict import Verdict


@dataclass(frozen=True)
class RunRequest:
    """A target to run.

    `command` is the user's own text. `name` becomes a folder level and part of the report's file name, `output_dir`
    the profiler's artifact root (default: `$TT_METAL_PROFILER_DIR`, else `generated/profiler` under TT_METAL_HOME,
    which defaults to the current folder). `timeout_s` covers the whole run, post-processing included. `python` is the
    target's interpreter; without it the one that the command names, else this process's own when it has what the run
    needs, else `python3` or `python` on PATH. `tracy_options` are handed to `python -m tracy` as they are. `only`
    is the one test of the target that runs (a pytest node id); None = all. `variables` are added to its environment.
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
class RunOutcome:
    """A run that came to an end by itself.

    `csv` is the ops CSV of exactly this run (None in a replay), `log` everything that was printed. `losses` says in
    sentences what the profiler itself reported as missing from the capture.
    """

    csv: Path | None
    log: Path
    verdict: Verdict
    record: RunRecord
    losses: tuple[str, ...] = ()
    replayed: bool = False

    @property
    def tests_failed(self) -> bool:
        """Whether the target says that something failed; the profiler's own status does not tell."""
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
