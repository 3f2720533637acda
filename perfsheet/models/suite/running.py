"""Running a suite: one target after another, each in its own process, past failures, and on after interruptions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.models.suite.collecting import Report, collected, end_leftovers
from perfsheet.models.suite.keeping import Kept
from perfsheet.models.suite.model import ModelResult, Suite, as_wanted
from perfsheet.progress import Watch

_ENDS_ALL = (ExitStatus.INTERRUPTED, ExitStatus.OUTPUT_NOT_WRITTEN)


class SuiteInterruptedError(PerfsheetError):
    """The user, or a full disk, ended the suite; `results` has what was done before."""

    def __init__(self, cause: PerfsheetError, results: list[ModelResult]) -> None:
        super().__init__(cause.status, cause.message, cause.hint)
        self.results = results


def run_suite(suite: Suite, kept: Kept, watch: Watch, report: Report, rerun_failed: bool = False) -> list[ModelResult]:
    """Run the targets that `kept` has no result of, in their order; the results of all of them.

    Every result is kept as soon as it is there. Raises SuiteInterruptedError when the user interrupts, or results
    cannot be written.
    """
    results = [ModelResult(one.model, one.setting, one.batch, one.command) for one in suite.targets]
    waiting: list[int] = []
    for number, target in enumerate(suite.targets):
        found = kept.result(number, target)
        if found is None or (rerun_failed and not found.run_success):
            waiting.append(number)
        else:
            results[number] = found
    total = len(suite.targets)
    for number in waiting:
        target = suite.targets[number]
        watch.overall(total - len(waiting) + waiting.index(number), total)
        watch.run(f"target {number + 1} of {total}: {target.name}")
        if end_leftovers(kept.folder(number, target)):
            watch.notice(f"perfsheet: {target.name}: ended what an earlier run of it had left behind")
        folder = kept.fresh_folder(number, target)
        try:
            with _working_in(suite.folder):
                raw = collected(target, folder, watch, report)
            kept.keep(number, target, raw)
            results[number] = as_wanted(target, raw)
        except KeyboardInterrupt:
            cause = PerfsheetError(ExitStatus.INTERRUPTED, f"the suite was interrupted in {target.name}")
            raise SuiteInterruptedError(cause, results) from None
        except PerfsheetError as error:
            if error.status in _ENDS_ALL:
                raise SuiteInterruptedError(error, results) from None
            raise
        if results[number].outcome != "passed":
            watch.notice(f"perfsheet: {target.name}: {results[number].outcome}: {results[number].problem}")
    watch.overall(total, total)
    return results


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """With `folder` as the current one: commands name their tests from there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
