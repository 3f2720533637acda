"""Running the variants one after another, each in a process of its own: they share neither device nor memory."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import ExitStatus, PerfsheetError, not_written, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_command
from perfsheet.models.bench.model import INTERRUPTED, Bench, Entry, Measurement, Plan, TimedRun, Value, named_in
from perfsheet.models.bench.printed import PrintedTimes, check_recorded, pattern_of, recorded
from perfsheet.progress import Phase, Watch
from perfsheet.run import process
from perfsheet.run.model import RUN_ID
from perfsheet.run.output import LogError
from perfsheet.run.workspace import temporary_folder

_WORKER = Path(__file__).with_name("worker.py")
_PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")
_LAST_LINES = 5
_TIMED = ("function", "command")
"""What is timed here, as often as its row says."""


@dataclass(frozen=True)
class _Outcome:
    """What the worker writes."""

    runs_ms: tuple[float, ...] = ()
    warmup_ms: tuple[float, ...] = ()
    peak_bytes: int | None = None
    device_bytes: int | None = None
    device_memory: str = ""
    problem: str = ""
    not_taken: tuple[str, ...] = ()


class BenchInterruptedError(PerfsheetError):
    """The user interrupted the bench; `bench` has what was measured until then."""

    def __init__(self, cause: PerfsheetError, bench: Bench) -> None:
        super().__init__(cause.status, cause.message, cause.hint)
        self.bench = bench


def run_bench(
    plan: Plan,
    watch: Watch,
    log: Callable[[bytes], object] = lambda output: None,
    timed: Callable[[TimedRun], object] = lambda run: None,
) -> Bench:
    """Measure every row. One that fails is a row with its problem; the others go on.

    `log` gets all that the rows print, `timed` every run as soon as it is over; not those of a latency that is printed
    or recorded.
    Raises PerfsheetError: exit status 2 for an invalid plan, 7 if one of these raises OSError; BenchInterruptedError
    (130).
    """
    check_plan(plan)
    rows: list[Measurement] = []
    for index, entry in enumerate(plan.entries):
        watch.overall(index, len(plan.entries))
        name = named_in(plan.groups, entry.group, _shown_name(entry))
        watch.run(f"variant {index + 1} of {len(plan.entries)}: {name}")
        watch.phase(Phase.RUN)
        try:
            log(f"# {name}\n".encode())
            rows.append(_measured(plan, entry, watch, log, _under(name, timed)))
        except (LogError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise not_written(f"cannot write what is measured ({reason})", "make room for it") from error
        except PerfsheetError as error:
            if error.status != ExitStatus.INTERRUPTED:
                raise
            missing = [_missing(other, INTERRUPTED) for other in plan.entries[index:]]
            raise BenchInterruptedError(error, _bench(plan, [*rows, *missing])) from None
        if rows[-1].failed:
            watch.notice(f"perfsheet: {name}: {rows[-1].failed}")
    watch.overall(len(plan.entries), len(plan.entries))
    for what, names in dict.fromkeys((row.what, row.not_taken) for row in rows if row.not_taken):
        watch.notice(f"note: {what} takes no {', '.join(names)}: only a label there")
    return _bench(plan, rows)


def check_plan(plan: Plan) -> None:
    """Refuse a plan that cannot be followed, before anything runs. Raises PerfsheetError (exit status 2)."""
    for entry in plan.entries:
        check_entry(entry)


def check_entry(entry: Entry) -> None:
    """The same for one row."""
    pattern_of(entry.runtime)
    if entry.runtime.kind == "recorded":
        check_recorded(entry.runtime)
    else:
        _job(entry)


def _bench(plan: Plan, rows: Sequence[Measurement]) -> Bench:
    shown = [
        replace(row, variant=row.variant.shown(_under_secret_names(entry)))
        for row, entry in zip(rows, plan.entries, strict=True)
    ]
    counts = {(entry.iterations, entry.warmup) for entry in plan.entries if entry.runtime.kind in _TIMED}
    iterations, warmup = counts.pop() if len(counts) == 1 else (0, 0)
    return Bench(
        plan.name,
        plan.parameters,
        tuple(shown),
        plan.baseline,
        iterations,
        warmup,
        plan.groups,
        plan.hardware,
        plan.counted,
    )


def _missing(entry: Entry, problem: str) -> Measurement:
    what = masked_command(entry.runtime.command) if entry.runtime.command else entry.runtime.what
    return Measurement(
        entry.variant,
        problem=problem,
        kind=entry.runtime.kind,
        tokens=entry.tokens,
        group=entry.group,
        what=what,
    )


def _shown_name(entry: Entry) -> str:
    return entry.variant.shown(_under_secret_names(entry)).name


def _under_secret_names(entry: Entry) -> frozenset[str]:
    """The labels whose places in the command are those of credentials."""
    command = entry.runtime.command
    masked = masked_command(command)
    names = [name for name, _ in entry.variant.values]
    return frozenset(name for name in names if f"{{{name}}}" in command and f"{{{name}}}" not in masked)


def _job(entry: Entry) -> dict[str, Any]:
    """The job of the worker. Raises PerfsheetError (exit status 2) for what cannot be run."""
    runtime = entry.runtime
    once = runtime.kind == "printed"  # it repeats what it measures by itself
    common = {"iterations": 1 if once else entry.iterations, "warmup": 0 if once else entry.warmup}
    if runtime.function:
        path, colon, name = runtime.function.rpartition(":")
        if not colon or not name.isidentifier():
            raise usage(f"{runtime.function!r} does not name a function", "give module.py:function")
        if not Path(path).is_file():
            raise usage(f"there is no module {path}", "give module.py:function, from the current folder")
        labels = {key: convert(value) for key, value in entry.variant.values}
        values = labels if entry.parameters is None else dict(entry.parameters)
        # A label that no parameter can be called is one for the reader, unless the function takes any.
        required = [] if entry.parameters is None else list(values)
        return {**common, "path": str(Path(path).absolute()), "name": name, "values": values, "required": required}
    return {**common, **_command(entry)}


def _command(entry: Entry) -> dict[str, Any]:
    command, values = entry.runtime.command, dict(entry.variant.values)
    placeholders = set(_PLACEHOLDER.findall(command))
    if entry.parameters is not None:
        values |= {name: str(value) for name, value in entry.parameters}
    elif unused := [name for name in values if name not in placeholders]:
        raise usage(f"the command does not use {unused[0]}", f"write {{{unused[0]}}} where its value goes")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise usage(f"cannot read the command: {error}", "check its quotes") from None
    argv = [_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) for word in words]
    environment: dict[str, str] = {}
    if argv and argv[0] == "env":
        del argv[0]
    while argv and (match := re.match(r"([A-Za-z_]\w*)=(.*)", argv[0], re.DOTALL)):
        environment[match[1]] = match[2]
        del argv[0]
    if not argv:
        raise usage("the command is empty", "give -c COMMAND")
    return {"argv": argv, "environment": environment}


def convert(text: str) -> Value:
    """A value as a function gets it: a bool or a number if it looks like one, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?(\d+\.\d*|\.?\d+)([eE][+-]?\d+)?", text) else text


Timed = Callable[[TimedRun], object]


def _under(name: str, timed: Timed) -> Timed:
    return lambda run: timed(replace(run, row=name))


def _measured(plan: Plan, entry: Entry, watch: Watch, log: Callable[[bytes], object], timed: Timed) -> Measurement:
    is_recorded = entry.runtime.kind == "recorded"
    row = recorded(entry, _missing(entry, "")) if is_recorded else _measure(entry, watch, log, timed)
    computed_here = row.printed is None
    return replace(row, deviation=entry.runtime.deviation or (plan.deviation if computed_here else None))


def _measure(entry: Entry, watch: Watch, log: Callable[[bytes], object], timed: Timed) -> Measurement:
    run_id = uuid.uuid4().hex
    tail: deque[str] = deque(maxlen=_LAST_LINES)
    times = PrintedTimes(entry.runtime) if entry.runtime.kind == "printed" else None
    failed = partial(_missing, entry)
    job = _job(entry)

    def read(line: str) -> None:
        tail.append(line)
        if times is not None:
            times.read(line)
        watch.line(line)

    with temporary_folder() as name:
        job_path, outcome_path, done_path = (Path(name) / part for part in ("job.json", "outcome.json", "done"))
        job_path.write_text(json.dumps({**job, "done": str(done_path)}), encoding="utf-8")
        environment = {**os.environ, RUN_ID: run_id, "PYTHONUNBUFFERED": "1"}
        argv = (entry.runtime.python or sys.executable, str(_WORKER), str(job_path), str(outcome_path))
        progress = _Progress(done_path, job["warmup"], job["iterations"], watch, timed if times is None else None)
        try:
            ended = process.run(argv, environment, run_id, read, entry.timeout_s, progress.look, log=log)
            progress.look()
        except process.NotStartedError as error:
            raise usage(f"cannot start {argv[0]} ({error})", "give another interpreter with `python`") from error
        if ended.stopped == "interrupt":
            raise PerfsheetError(ExitStatus.INTERRUPTED, f"interrupted in {_shown_name(entry)}")
        if ended.stopped == "timeout":
            return failed(f"stopped at its time limit of {entry.timeout_s:g} s")
        if not outcome_path.is_file():
            last = f": {tail[-1]}" if tail else ""
            how = f"ended by signal {-ended.status}" if ended.status < 0 else f"ended with status {ended.status}"
            return failed(f"{how} before it was measured{last}")
        try:
            outcome = read_json(outcome_path, _Outcome)
        except (OSError, InvalidDocumentError) as error:
            return failed(f"impossible: its outcome {error}")
    row = replace(
        failed(outcome.problem),
        peak_bytes=outcome.peak_bytes,
        device_bytes=outcome.device_bytes,
        device_memory=outcome.device_memory,
        not_taken=outcome.not_taken,
    )
    if times is not None:
        return times.into(row)
    return replace(row, runs_ms=outcome.runs_ms, warmup_ms=outcome.warmup_ms)


class _Progress:
    """Tells the watch how many runs are done, and `timed` of each: the worker adds its time to a file."""

    def __init__(self, path: Path, warmup: int, measured: int, watch: Watch, timed: Timed | None) -> None:
        self._path, self._warmup, self._total = path, warmup, warmup + measured
        self._watch, self._timed = watch, timed
        self._done = self._read = 0

    def look(self) -> bool:
        """Called several times a second while the process runs; it never stalls."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._read)
                new = stream.read()
        except OSError:
            return False
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._done += 1
            if self._timed is not None:
                self._timed(TimedRun("", self._done, float(line), self._done <= self._warmup))
        if whole:
            self._watch.progress(self._done, self._total)
        return False
