"""One target: run as often as what is collected of it demands, and everything put into one result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from perfsheet.analysis import Analysis
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.models.e2e.writing import FOLDER
from perfsheet.models.suite import perf_files
from perfsheet.models.suite.device import with_device
from perfsheet.models.suite.model import ModelResult, Outcome, Target, with_problem
from perfsheet.models.suite.of_perf_file import with_row
from perfsheet.models.suite.reported import with_reported
from perfsheet.progress import Watch
from perfsheet.run import RunFailedError, RunOutcome, RunRequest, Verdict, available, profile, replay
from perfsheet.run.process_tree import ProcessTree

Report = Callable[[Analysis, Path], None]
"""Writes the perf sheet of a target to a path."""

_OUTCOMES: Mapping[ExitStatus, Outcome] = {
    ExitStatus.TIMEOUT: "timeout",
    ExitStatus.NOTHING_RAN: "nothing ran",
    ExitStatus.TESTS_FAILED: "failed",
}
_ASIDE = "profiled-run"
"""Where a profiled run writes its perf files, which are not those of the model."""
_PASSED_ON = (ExitStatus.INTERRUPTED, ExitStatus.OUTPUT_NOT_WRITTEN)
_NO_PROFILER = "no device figures: no profiler is here (perfsheet doctor says what is missing)"


def collected(target: Target, folder: Path, watch: Watch, report: Report) -> ModelResult:
    """Run a target and put together what it left behind; its files go to `folder`.

    End-to-end figures are those of a run without the profiler, which slows the host down: where both are wanted, the
    target runs twice. Raises PerfsheetError when the user interrupts or nothing can be written (exit statuses 130, 7).
    """
    run = _Run(target, folder, watch)
    started = time.time()
    captures = [str(path) for path in target.replay]
    wants_device = "device" in target.collect
    try:
        profiles = wants_device and not captures and available(run.request) is None
        if not profiles or target.collect != ("device",):
            run.plain([Path(path) for path in captures])
        if profiles and run.result.outcome in ("passed", "not run"):
            captures = run.profiled()
        if wants_device and not captures and not profiles:
            run.result = with_problem(run.result, _NO_PROFILER)
    except PerfsheetError as error:
        run.failed(error)
    result = run.result
    if "e2e" in target.collect:
        row, said = perf_files.row_of(target, run.perf_files)
        for sentence in said:
            result = with_problem(result, sentence)
        result = result if row is None else with_row(result, row)
    if wants_device and captures:
        result = with_device(result, target, captures, report, folder)
    return replace(
        result,
        started=time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
        duration_s=round(time.time() - started, 3),
        log=str(run.log) if run.log else None,
    )


def end_leftovers(folder: Path) -> bool:
    """End what a run of this target has left behind that was killed itself: a device is not shared.

    Whether there was something; on Linux only it can be found.
    """
    trees = [ProcessTree(None, str(one), FOLDER) for one in (folder, folder / _ASIDE)]
    left = [tree for tree in trees if tree.living()]
    for tree in left:
        tree.end()
    return bool(left)


class _Run:
    """The runs of one target: `result` grows with each; `perf_files` are those of the run that is timed."""

    def __init__(self, target: Target, folder: Path, watch: Watch) -> None:
        self.result = ModelResult(target.model, target.setting, target.batch, target.command)
        self.log: Path | None = None
        self.perf_files: list[Path] = []
        self.request = RunRequest(
            target.command,
            output_dir=folder,
            timeout_s=target.timeout_s,
            python=target.python,
            variables={FOLDER: str(folder)},
        )
        self._target, self._watch, self._folder = target, watch, folder
        self._timed = False

    def plain(self, captures: Sequence[Path]) -> None:
        """Without a profiler; recorded captures may stand for what it would have measured."""
        before = perf_files.seen(Path.cwd())
        try:
            self._ended(replay(self.request, captures, self._watch))
        finally:
            self.perf_files = perf_files.gathered(before, Path.cwd(), self._folder)
            self._timed = True
        if captures and "device" in self._target.collect:
            self.result = replace(self.result, replayed=True)

    def profiled(self) -> list[str]:
        """Under the profiler; the ops CSV. Times that it reports are not those of the model."""
        aside = self._folder / _ASIDE
        aside.mkdir(exist_ok=True)
        outcome = profile(replace(self.request, variables={FOLDER: str(aside)}), self._watch)
        self._ended(outcome)
        self.result = replace(self.result, warnings=(*self.result.warnings, *outcome.losses))
        return [str(outcome.csv)]

    def failed(self, error: PerfsheetError) -> None:
        """A run that came to no outcome. Raises what ends the whole suite."""
        if error.status in _PASSED_ON:
            raise error
        verdict = error.verdict if isinstance(error, RunFailedError) else None
        if verdict is not None:
            self._take(verdict)
        killed = verdict is not None and verdict.died and error.status != ExitStatus.TIMEOUT
        outcome = "killed" if killed else _OUTCOMES.get(error.status, "no report")
        hint = f"; {error.hint}" if error.hint and error.status != ExitStatus.TIMEOUT else ""
        self.result = with_problem(replace(self.result, outcome=outcome), error.message + hint)
        logs = sorted((self._folder / "run-logs").glob("*"), key=lambda path: path.stat().st_mtime)
        self.log = self.log or (logs[-1] if logs else None)

    def _ended(self, outcome: RunOutcome) -> None:
        self.log = outcome.log
        verdict = outcome.verdict
        self._take(verdict)
        found, why = _how_it_ended(outcome, verdict)
        self.result = with_problem(replace(self.result, outcome=found), why)

    def _take(self, verdict: Verdict) -> None:
        if not self._timed:
            self.result = with_reported(self.result, verdict, "latency" in self._target.collect)


def _how_it_ended(outcome: RunOutcome, verdict: Verdict) -> tuple[Outcome, str]:
    """The outcome, and why it is none that is wanted (blank when it is)."""
    if verdict.died:
        status = outcome.record.profiler_status
        how = f"a signal ({-status}) ended it" if status < 0 else "it ended without a word"
        return "killed", f"{how}: {verdict.summary}"
    if outcome.tests_failed:
        ended = "" if verdict.failed else f"; pytest ended with status {verdict.exit_status}"
        return "failed", (verdict.first_reason or verdict.summary) + ended
    if verdict.source == "pytest" and not verdict.passed:
        return "nothing ran", f"no test passed: {verdict.summary}"
    return "passed", ""
