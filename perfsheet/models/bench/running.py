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
from pathlib import Path
from typing import Any

from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import ExitStatus, PerfsheetError, not_written, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_command
from perfsheet.models.bench.model import Bench, Measurement, Plan, Value, Variant
from perfsheet.progress import Watch
from perfsheet.run import process
from perfsheet.run.model import RUN_ID
from perfsheet.run.output import LogError
from perfsheet.run.workspace import temporary_folder

_WORKER = Path(__file__).with_name("worker.py")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LAST_LINES = 5


@dataclass(frozen=True)
class _Outcome:
    """What the worker writes."""

    runs_ms: tuple[float, ...] = ()
    peak_bytes: int | None = None
    problem: str = ""


class BenchInterruptedError(PerfsheetError):
    """The user interrupted the bench; `bench` has what was measured until then."""

    def __init__(self, cause: PerfsheetError, bench: Bench) -> None:
        super().__init__(cause.status, cause.message, cause.hint)
        self.bench = bench


def run_bench(plan: Plan, watch: Watch, log: Callable[[bytes], object] = lambda output: None) -> Bench:
    """Measure every variant. A variant that fails is a row with its problem; the others go on.

    `log` gets all that the variants print.
    Raises PerfsheetError: exit status 2 for an invalid plan, 7 if `log` raises OSError; BenchInterruptedError (130).
    """
    jobs = make_jobs(plan)
    rows: list[Measurement] = []
    for index, (variant, job) in enumerate(zip(plan.variants, jobs, strict=True)):
        watch.overall(index, len(jobs))
        watch.run(f"variant {index + 1} of {len(jobs)}: {_shown_name(plan, variant)}")
        try:
            log(f"# {_shown_name(plan, variant)}\n".encode())
            rows.append(_measure(plan, variant, job, watch, log))
        except (LogError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise not_written(f"cannot write the log ({reason})", "make room for it") from error
        except PerfsheetError as error:
            if error.status != ExitStatus.INTERRUPTED:
                raise
            missing = [Measurement(other, problem="not measured: interrupted") for other in plan.variants[index:]]
            raise BenchInterruptedError(error, _bench(plan, [*rows, *missing])) from None
        if rows[-1].failed:
            watch.notice(f"perfsheet: {_shown_name(plan, variant)}: {rows[-1].failed}")
    watch.overall(len(jobs), len(jobs))
    return _bench(plan, rows)


def _bench(plan: Plan, rows: Sequence[Measurement]) -> Bench:
    what = plan.function or masked_command(plan.command)
    hidden = _under_secret_names(plan)
    rows = [replace(row, variant=row.variant.shown(hidden)) for row in rows]
    return Bench(what, plan.parameters, tuple(rows), plan.baseline, plan.iterations, plan.warmup)


def _shown_name(plan: Plan, variant: Variant) -> str:
    return variant.shown(_under_secret_names(plan)).name


def _under_secret_names(plan: Plan) -> frozenset[str]:
    """The parameters whose places in the command are those of credentials."""
    masked = masked_command(plan.command)
    return frozenset(name for name in plan.parameters if f"{{{name}}}" in plan.command and f"{{{name}}}" not in masked)


def make_jobs(plan: Plan) -> list[dict[str, Any]]:
    """The worker's job for each variant. Raises PerfsheetError (exit status 2) for an invalid plan."""
    return [_job(plan, variant) for variant in plan.variants]


def _job(plan: Plan, variant: Variant) -> dict[str, Any]:
    """The job file of a variant."""
    common = {"iterations": plan.iterations, "warmup": plan.warmup}
    if plan.function:
        path, colon, name = plan.function.rpartition(":")
        if not colon or not name.isidentifier():
            raise usage(f"{plan.function!r} does not name a function", "give module.py:function")
        if not Path(path).is_file():
            raise usage(f"there is no module {path}", "give module.py:function, from the current folder")
        values = {key: convert(value) for key, value in variant.values}
        return {**common, "path": str(Path(path).absolute()), "name": name, "values": values}
    return {**common, **_command(plan, variant)}


def _command(plan: Plan, variant: Variant) -> dict[str, Any]:
    command, values = plan.command, dict(variant.values)
    placeholders = set(_PLACEHOLDER.findall(command))
    if unused := [name for name in values if name not in placeholders]:
        raise usage(f"the command does not use {unused[0]}", f"write {{{unused[0]}}} where its value goes")
    if missing := [name for name in plan.parameters if name in placeholders and name not in values]:
        raise usage(
            f"{_shown_name(plan, variant)} has no {missing[0]}, which the command needs",
            "give every variant a value",
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise usage(f"cannot read the command: {error}", "check its quotes") from None
    argv = [_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) for word in words]
    environment: dict[str, str] = {}
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


def _measure(
    plan: Plan, variant: Variant, job: dict[str, Any], watch: Watch, log: Callable[[bytes], object]
) -> Measurement:
    run_id = uuid.uuid4().hex
    tail: deque[str] = deque(maxlen=_LAST_LINES)

    def read(line: str) -> None:
        tail.append(line)
        watch.line(line)

    with temporary_folder() as name:
        job_path, outcome_path = Path(name) / "job.json", Path(name) / "outcome.json"
        job_path.write_text(json.dumps(job), encoding="utf-8")
        environment = {**os.environ, RUN_ID: run_id, "PYTHONUNBUFFERED": "1"}
        argv = (plan.python or sys.executable, str(_WORKER), str(job_path), str(outcome_path))
        try:
            ended = process.run(argv, environment, run_id, read, plan.timeout_s, log=log)
        except process.NotStartedError as error:
            raise usage(f"cannot start {argv[0]} ({error})", "give another interpreter with `python`") from error
        if ended.stopped == "interrupt":
            raise PerfsheetError(ExitStatus.INTERRUPTED, f"interrupted in {_shown_name(plan, variant)}")
        if ended.stopped == "timeout":
            return Measurement(variant, problem=f"stopped at its time limit of {plan.timeout_s:g} s")
        if not outcome_path.is_file():
            last = f": {tail[-1]}" if tail else ""
            how = f"ended by signal {-ended.status}" if ended.status < 0 else f"ended with status {ended.status}"
            return Measurement(variant, problem=f"{how} before it was measured{last}")
        try:
            outcome = read_json(outcome_path, _Outcome)
        except (OSError, InvalidDocumentError) as error:
            return Measurement(variant, problem=f"impossible: its outcome {error}")
    return Measurement(variant, outcome.runs_ms, outcome.peak_bytes, outcome.problem)
