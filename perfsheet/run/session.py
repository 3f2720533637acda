"""One process of a run, from its environment to what it left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from perfsheet.errors import usage
from perfsheet.progress import Watch
from perfsheet.run import process
from perfsheet.run.command import parse_command
from perfsheet.run.context import Setting
from perfsheet.run.failures import Leavings
from perfsheet.run.log import Log
from perfsheet.run.log_scanner import Signs
from perfsheet.run.model import RunOutcome, RunRequest
from perfsheet.run.phases import Tracker
from perfsheet.run.process_tree import ProcessTree
from perfsheet.run.record import record
from perfsheet.run.report import has_device_log
from perfsheet.run.stall import Hopeless
from perfsheet.run.test_verdict import Verdict, read_verdict
from perfsheet.run.toolbox import Toolbox
from perfsheet.run.workspace import new_run_id, target_environment, temporary_folder

_TARGET_MARK = "--no-capture-tool"
"""What tells the process of the target from those of the profiler around it."""


@dataclass(frozen=True)
class Session(Setting):
    """A setting whose process can be run; `watch` hears how far it is."""

    watch: Watch

    @property
    def _verdict_file(self) -> Path:
        return _verdict_file(self.folder)

    def run(self, argv: tuple[str, ...], signs: Signs, log: Log, root: Path | None = None) -> Leavings:
        """Run `argv` to its end, whichever it is; the log is closed then. `root` is where its profiler, if it has one,
        leaves logs and reports."""
        # Besides its option for it, parts of the profiler look at the variable.
        environment = self.environment if root is None else {**self.environment, "TT_METAL_PROFILER_DIR": str(root)}
        source = self.command.source
        tracker = Tracker(self._verdict_file, source, self.watch, root is not None, signs.read)
        tree = ProcessTree(None, self.run_id)
        hopeless = Hopeless(
            tracker,
            self._verdict_file,
            source,
            device_logged=lambda: root is None or has_device_log(root),
            target_lives=lambda: tree.has(_TARGET_MARK),
            again="--perf-counter-multipass" in self.request.tracy_options,
        )

        def read(line: str) -> None:
            lock = signs.lock
            signs.read(line)
            tracker.read(line)
            if signs.lock != lock and signs.lock is not None:
                self.watch.notice(f"perfsheet: {signs.lock.sentence}")

        try:
            ended = process.run(argv, environment, self.run_id, log.tee(read), self.request.timeout_s, hopeless)
        except process.NotStartedError as error:
            raise usage(f"cannot start {argv[0]} ({error})", "name another interpreter with --python") from error
        finally:
            log.close()
        phase = tracker.phase  # once the target has been ended, its end is an event too
        tracker.poll()
        verdict = read_verdict(self._verdict_file, source)
        phase = phase if ended.stopped else tracker.phase
        return Leavings(argv, ended, verdict, signs, phase, log.path, self.request.timeout_s)

    def outcome(
        self, toolbox: Toolbox, left: Leavings, verdict: Verdict, captures: Sequence[Path], log: Path, csv: Path | None
    ) -> RunOutcome:
        """What a run came to that has something to show: `csv`, or in a replay the recorded `captures`."""
        known = record(self, toolbox, left, verdict, captures, log)
        return RunOutcome(
            csv=csv, log=log, verdict=verdict, record=known, losses=left.signs.losses, replayed=csv is None
        )


@contextlib.contextmanager
def session(request: RunRequest, watch: Watch) -> Iterator[Session]:
    """A session for one run. Raises PerfsheetError (usage) for a command that cannot be followed."""
    command = parse_command(request.command)
    if command.script and not Path(command.script).is_file():
        raise usage(f"there is no script {command.script!r}", "name it from the current folder")
    run_id = new_run_id()
    with temporary_folder() as name:
        folder = Path(name)
        environment = target_environment(request, command, run_id, _verdict_file(folder))
        yield Session(request, command, run_id, folder, environment, watch)


def _verdict_file(folder: Path) -> Path:
    return folder / "verdict.jsonl"
