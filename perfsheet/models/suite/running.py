"""Running a suite: one target after another, each in its own process; failures and interruptions lose no result."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.models.suite.figures import Report
from perfsheet.models.suite.model import ModelResult, Suite, not_run, with_expectations, with_problem
from perfsheet.models.suite.results_store import ResultsStore
from perfsheet.models.suite.target_run import end_leftover_processes, run_target
from perfsheet.models.suite.torch_ops import with_torch_ops
from perfsheet.progress import Watch

_ENDS_SUITE = (ExitStatus.INTERRUPTED, ExitStatus.OUTPUT_NOT_WRITTEN)


class SuiteInterruptedError(PerfsheetError):
    """The user, or a full disk, ended the suite; `results` are those of all targets so far."""

    def __init__(self, cause: PerfsheetError, results: list[ModelResult]) -> None:
        super().__init__(cause.status, cause.message, cause.hint)
        self.results = results


def run_suite(
    suite: Suite, store: ResultsStore, watch: Watch, report: Report, rerun_failed: bool = False
) -> list[ModelResult]:
    """Run the targets that have no result in `store`; returns the results of all targets in order.

    Each result is stored as soon as its target is done. Raises SuiteInterruptedError if the user interrupts, or
    results cannot be written.
    """
    results = [not_run(target) for target in suite.targets]
    waiting: list[int] = []
    for index, target in enumerate(suite.targets):
        stored = store.load_finished(index, target)
        if stored is None or (rerun_failed and not stored.run_success):
            waiting.append(index)
        else:
            results[index] = stored
    total = len(suite.targets)
    for done, index in enumerate(waiting, total - len(waiting)):
        target = suite.targets[index]
        watch.overall(done, total)
        watch.run(f"target {index + 1} of {total}: {target.name}")
        if end_leftover_processes(store.folder(index, target)):
            watch.notice(f"perfsheet: {target.name}: ended processes that an earlier run left behind")
        folder = store.empty_folder(index, target)
        try:
            with _working_in(suite.folder):
                result = run_target(target, folder, watch, report)
            store.save(index, target, result)
            results[index] = with_expectations(target, result)
            counted = with_torch_ops(suite, target, result)
            if counted is not result:
                store.save(index, target, counted)
                results[index] = with_expectations(target, counted)
        except KeyboardInterrupt:
            cause = PerfsheetError(ExitStatus.INTERRUPTED, f"the suite was interrupted in {target.name}")
            raise SuiteInterruptedError(cause, _left_out(results, cause)) from None
        except PerfsheetError as error:
            if error.status in _ENDS_SUITE:
                raise SuiteInterruptedError(error, _left_out(results, error)) from None
            raise
        if results[index].outcome != "passed":
            watch.notice(f"perfsheet: {target.name}: {results[index].outcome}: {results[index].problem}")
    watch.overall(total, total)
    return results


def _left_out(results: Sequence[ModelResult], cause: PerfsheetError) -> list[ModelResult]:
    """The results of an interrupted suite: targets that did not run say why."""
    return [
        with_problem(result, f"not run: {cause.message}") if result.outcome == "not run" else result
        for result in results
    ]


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Make `folder` the current one: the paths in commands start there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
