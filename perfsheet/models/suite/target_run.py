"""Running one target, as often as its figures need, and collecting the figures into one result."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.machine.processes import ProcessTree
from perfsheet.models.e2e import PerfRow, read_perf_file
from perfsheet.models.e2e.writing import FOLDER, writer_of
from perfsheet.models.suite.figures import (
    Report,
    with_device_figures,
    with_perf_row,
    with_refused,
    with_reported,
    without_figures,
)
from perfsheet.models.suite.model import RAN, ModelResult, Outcome, Target, fits, is_model, not_run, with_problem
from perfsheet.progress import Watch
from perfsheet.run import RunFailedError, RunOutcome, RunRequest, TargetVerdict, available, profile, replay

_OUTCOMES: Mapping[ExitStatus, Outcome] = {
    ExitStatus.TIMEOUT: "timeout",
    ExitStatus.NOTHING_RAN: "nothing ran",
    ExitStatus.TESTS_FAILED: "failed",
}
_PROFILED = "profiled-run"
"""Subfolder for the perf files of a profiled run: their times are not those of the model."""
_RAISED = (ExitStatus.INTERRUPTED, ExitStatus.OUTPUT_NOT_WRITTEN)
_NO_PROFILER = "no device figures: there is no profiler here (perfsheet doctor says what is missing)"


def run_target(target: Target, folder: Path, watch: Watch, report: Report) -> ModelResult:
    """Run a target and collect its result; its files go to `folder`.

    The profiler slows the host down, so end-to-end figures come from a run without it: if both are collected, the
    target runs twice. Raises PerfsheetError if the user interrupts or nothing can be written (exit statuses 130, 7).
    """
    run = _TargetRun(target, folder, watch)
    started = time.time()
    captures = [str(path) for path in target.replay]
    wants_device = "device" in target.collect
    try:
        profiles = wants_device and not captures and available(run.request) is None
        if not profiles or target.collect != ("device",):
            run.run_plain([Path(path) for path in captures])
        if profiles and run.result.outcome in ("passed", "not run"):
            captures = run.run_profiled()
        if wants_device and not captures and not profiles:
            run.result = with_problem(run.result, _NO_PROFILER)
    except PerfsheetError as error:
        run.fail(error)
    result = run.result
    result = _with_figures(result, target, run) if run.ran else without_figures(result)
    # A recorded capture says nothing of a target that does not pass.
    if wants_device and captures and result.outcome == "passed":
        result = replace(result, replayed=bool(target.replay))
        result = with_device_figures(result, target, captures, report, folder)
    ran: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
        "duration_s": round(time.time() - started, 3),
        "log": str(run.log) if run.log else None,
    }
    records = tuple(map(str, run.records)) if run.ran else ()
    return replace(result, **ran, records=records, further=tuple(replace(row, **ran) for row in result.further))


def _with_figures(result: ModelResult, target: Target, run: _TargetRun) -> ModelResult:
    """The result with its perf files and what its tests reported, each at the row that its test wrote first."""
    row, others, problems = perf_rows(target, run.perf_files) if "e2e" in target.collect else (None, [], [])
    for problem in problems:
        result = with_problem(result, problem) if row else with_refused(result, problem, "inference_s", "compile_s")
    own = writer_of(Path(row.file), run.folder) if row else ""
    writers = [writer_of(Path(other.file), run.folder) for other in others]
    of_others = dict.fromkeys(writer for writer in writers if writer and writer != own)
    result = run.with_reported(result, lambda test: test not in of_others)
    further = []
    for other, writer in zip(others, writers, strict=True):
        beside = ModelResult(other.model, other.setting, other.batch, result.command, result.outcome)
        if writer in of_others:
            del of_others[writer]
            beside = run.with_reported(beside, partial(str.__eq__, writer))
        further.append(with_perf_row(beside, other))
    if "e2e" in target.collect and not (row or others or problems) and result.outcome == "passed":
        result = replace(result, warnings=(*result.warnings, "its test wrote no perf file"))
    return replace(result if row is None else with_perf_row(result, row), further=tuple(further))


def end_leftover_processes(folder: Path) -> bool:
    """End the processes of an earlier run of this target that was killed: they would hold the device.

    Returns whether there were any.
    """
    trees = [ProcessTree(None, FOLDER, str(path)) for path in (folder, folder / _PROFILED)]
    leftovers = [tree for tree in trees if tree.living()]
    for tree in leftovers:
        tree.end()
    return bool(leftovers)


class _TargetRun:
    """The runs of one target: `result` grows with each; `perf_files` and `records` are those of the timed run.

    Its files are in `folder`. `ran`: whether a run may have measured something.
    """

    def __init__(self, target: Target, folder: Path, watch: Watch) -> None:
        self.result = not_run(target)
        self.log: Path | None = None
        self.perf_files: list[Path] = []
        self.records: list[Path] = []
        self.ran = False
        self.request = RunRequest(
            target.command,
            output_dir=folder,
            timeout_s=target.timeout_s,
            python=target.python,
            variables={FOLDER: str(folder)},
        )
        self._target, self._watch, self.folder = target, watch, folder
        self._timed = False
        self._verdict: TargetVerdict | None = None

    def run_plain(self, captures: Sequence[Path]) -> None:
        """Run without a profiler; recorded captures may take the place of a profile."""
        before = _written_in(Path.cwd())
        try:
            self._take_outcome(replay(self.request, captures, self._watch))
        finally:
            _collect(before, Path.cwd(), self.folder)
            self.perf_files = sorted(_files_in(self.folder, *_PERF_FILES))
            self.records = sorted(_files_in(self.folder / RECORDS, *_RECORD_FILES))
            self._timed = True

    def run_profiled(self) -> list[str]:
        """Run under the profiler; returns the ops CSV. The times that it reports are not those of the model."""
        folder = self.folder / _PROFILED
        folder.mkdir(exist_ok=True)
        before = _written_in(Path.cwd())
        outcome = profile(replace(self.request, variables={FOLDER: str(folder)}), self._watch)
        if not self._timed:
            _collect(before, Path.cwd(), folder)
            self.records = sorted(_files_in(folder / RECORDS, *_RECORD_FILES))
        self._take_outcome(outcome)
        self.result = replace(self.result, warnings=(*self.result.warnings, *outcome.losses))
        return [str(outcome.csv)]

    def fail(self, error: PerfsheetError) -> None:
        """Record a run without an outcome. Raises the errors that end the whole suite."""
        if error.status in _RAISED:
            raise error
        verdict = error.verdict if isinstance(error, RunFailedError) else None
        if verdict is not None:
            self._take_reported(verdict)
        killed = verdict is not None and verdict.died and error.status != ExitStatus.TIMEOUT
        outcome = "killed" if killed else _OUTCOMES.get(error.status, "no report")
        hint = f"; {error.hint}" if error.hint and error.status != ExitStatus.TIMEOUT else ""
        self.result = with_problem(replace(self.result, outcome=outcome), error.message + hint)
        self.ran = self.ran or outcome in RAN
        logs = sorted((self.folder / "run-logs").glob("*"), key=lambda path: path.stat().st_mtime)
        self.log = self.log or (logs[-1] if logs else None)

    def _take_outcome(self, run: RunOutcome) -> None:
        self.log = run.log
        self._take_reported(run.verdict)
        outcome, problem = _outcome(run)
        self.ran = self.ran or outcome in RAN
        self.result = with_problem(replace(self.result, outcome=outcome), problem)

    def _take_reported(self, verdict: TargetVerdict) -> None:
        if not self._timed:
            self._verdict = verdict

    def with_reported(self, result: ModelResult, of: Callable[[str], bool]) -> ModelResult:
        """The result with what some of the tests reported, chosen by their node ids."""
        if self._verdict is None:
            return result
        reported = tuple(report for report in self._verdict.reported if of(report.nodeid))
        verdict = replace(self._verdict, reported=reported)
        return with_reported(result, verdict, "latency" in self._target.collect)


def _outcome(run: RunOutcome) -> tuple[Outcome, str]:
    """How a run ended, and why if it did not pass."""
    verdict = run.verdict
    if verdict.died:
        status = run.record.profiler_status
        how = f"ended by signal {-status}" if status < 0 else "it died without a message"
        return "killed", f"{how}: {verdict.summary}"
    if run.tests_failed:
        exit_status = "" if verdict.failed else f"; pytest ended with status {verdict.exit_status}"
        return "failed", (verdict.first_reason or verdict.summary) + exit_status
    if verdict.source == "pytest" and not verdict.passed:
        return "nothing ran", f"no test passed: {verdict.summary}"
    return "passed", ""


RECORDS = Path("generated", "benchmark_data")
"""Where tt-metal's tests leave benchmark records, below the folder of the commands."""
_PERF_FILES = ("perf_*.csv", "device_perf_*.csv")
_RECORD_FILES = ("partial_run_*.json", "complete_run_*.json")
FileStates = dict[Path, tuple[int, int]]
"""Files with their modification time and size."""


def _files_in(folder: Path, *patterns: str) -> FileStates:
    states: FileStates = {}
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_file():
                status = path.stat()
                states[path] = (status.st_mtime_ns, status.st_size)
    return states


def _written_in(folder: Path) -> FileStates:
    return {**_files_in(folder, *_PERF_FILES), **_files_in(folder / RECORDS, *_RECORD_FILES)}


def _collect(before: FileStates, folder: Path, own_folder: Path) -> None:
    """Copy the perf files and records written below `folder` since `before` into `own_folder`."""
    for path, state in _written_in(folder).items():
        copy = own_folder / path.relative_to(folder)
        if before.get(path) != state and copy != path:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def perf_rows(target: Target, files: Sequence[Path]) -> tuple[PerfRow | None, list[PerfRow], list[str]]:
    """The end-to-end row of the target among its perf files, the other rows, and any problems.

    What the target says of model, setting and batch selects its row; of several that fit, the first. A single one may
    be of a model with another name.
    """
    perf_files = [read_perf_file(path) for path in files if path.name.startswith("perf_")]
    problems = [refusal.sentence for file in perf_files for refusal in file.refused]
    rows = [row for file in perf_files for row in file.rows]
    fitting = [row for row in rows if fits(target, row.setting, row.batch)]
    candidates = [row for row in fitting if is_model(row.model, target)]
    candidates = candidates or (fitting if len(rows) == 1 else [])
    if candidates:
        row = candidates[0]
        problems += row.notes
        if not is_model(row.model, target):
            problems.append(f"its perf file calls the model {row.model}")
        return row, [other for other in rows if other is not row], problems
    if rows:
        what = "its perf file is of" if len(rows) == 1 else "its perf files are of"
        names = "; ".join(row.name for row in rows)
        problems.append(f"{what} {names}, but the target is {target.name}")
    return None, rows, problems
