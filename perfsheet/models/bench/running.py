"""Running the variants one after another: a device is not shared, and memory is that of one variant."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.models.bench.model import Bench, Measured, Plan, Value, Variant
from perfsheet.progress import Watch
from perfsheet.run import process
from perfsheet.run.process_tree import RUN_ID
from perfsheet.run.workspace import temporary_folder

_WORKER = Path(__file__).with_name("worker.py")
_PLACE = re.compile(r"\{(\w+)\}")
_LAST_LINES = 5


class BenchInterruptedError(PerfsheetError):
    """The user ended it; `bench` has what was measured before."""

    def __init__(self, cause: PerfsheetError, bench: Bench) -> None:
        super().__init__(cause.status, cause.message, cause.hint)
        self.bench = bench


def run_bench(plan: Plan, watch: Watch, heard: Callable[[str], None] = lambda line: None) -> Bench:
    """Measure every variant; one that fails is in the result with its problem, and the others go on.

    `heard` gets every line that a variant prints.
    Raises PerfsheetError: exit status 2 for what cannot be followed; BenchInterruptedError (130).
    """
    jobs = planned(plan)
    rows: list[Measured] = []
    for number, (variant, job) in enumerate(zip(plan.variants, jobs, strict=True)):
        watch.overall(number, len(jobs))
        watch.run(f"variant {number + 1} of {len(jobs)}: {variant.name}")
        heard(f"# {variant.name}")
        try:
            rows.append(_measured(plan, variant, job, watch, heard))
        except PerfsheetError as error:
            if error.status != ExitStatus.INTERRUPTED:
                raise
            left = [Measured(one, problem="not measured: interrupted") for one in plan.variants[number:]]
            raise BenchInterruptedError(error, _bench(plan, [*rows, *left])) from None
        if rows[-1].problem:
            watch.notice(f"perfsheet: {variant.name}: {rows[-1].problem}")
    watch.overall(len(jobs), len(jobs))
    return _bench(plan, rows)


def _bench(plan: Plan, rows: Sequence[Measured]) -> Bench:
    what = plan.function or plan.command
    return Bench(what, plan.parameters, tuple(rows), plan.baseline, plan.iterations, plan.warmup)


def planned(plan: Plan) -> list[dict[str, Any]]:
    """What is to be done for each variant. Raises PerfsheetError (exit status 2) for what cannot be followed."""
    return [_job(plan, variant) for variant in plan.variants]


def _job(plan: Plan, variant: Variant) -> dict[str, Any]:
    """What the worker is asked to do."""
    common = {"iterations": plan.iterations, "warmup": plan.warmup}
    if plan.function:
        path, mark, name = plan.function.rpartition(":")
        if not mark or not name.isidentifier():
            raise usage(f"{plan.function!r} names no function", "give module.py:function")
        if not Path(path).is_file():
            raise usage(f"there is no module {path}", "give module.py:function, from the current folder")
        values = {key: converted(value) for key, value in variant.values}
        return {**common, "path": str(Path(path).absolute()), "name": name, "values": values}
    return {**common, **_command(plan, variant)}


def _command(plan: Plan, variant: Variant) -> dict[str, Any]:
    command, known = plan.command, dict(variant.values)
    places = set(_PLACE.findall(command))
    if unused := [name for name in known if name not in places]:
        raise usage(f"the command has no place for {unused[0]}", f"write {{{unused[0]}}} where its value goes")
    if lacking := [name for name in plan.parameters if name in places and name not in known]:
        raise usage(f"{variant.name} has no {lacking[0]}, which the command wants", "give every variant a value")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise usage(f"the command cannot be read: {error}", "check its quotes") from None
    filled = [_PLACE.sub(lambda match: known.get(match[1], match[0]), word) for word in words]
    environment: dict[str, str] = {}
    while filled and (match := re.match(r"([A-Za-z_]\w*)=(.*)", filled[0], re.DOTALL)):
        environment[match[1]] = match[2]
        del filled[0]
    if not filled:
        raise usage("the command is empty", "give -c COMMAND")
    return {"argv": filled, "environment": environment}


def converted(text: str) -> Value:
    """A value as a function gets it: a number or a truth value where it reads like one, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?(\d+\.\d*|\.?\d+)([eE][+-]?\d+)?", text) else text


def _measured(
    plan: Plan, variant: Variant, job: dict[str, Any], watch: Watch, heard: Callable[[str], None]
) -> Measured:
    run_id = uuid.uuid4().hex
    tail: deque[str] = deque(maxlen=_LAST_LINES)

    def read(line: str) -> None:
        tail.append(line)
        heard(line)
        watch.line(line)

    with temporary_folder() as name:
        asked, answer = Path(name) / "job.json", Path(name) / "outcome.json"
        asked.write_text(json.dumps(job), encoding="utf-8")
        environment = {**os.environ, RUN_ID: run_id, "PYTHONUNBUFFERED": "1"}
        argv = (plan.python or sys.executable, str(_WORKER), str(asked), str(answer))
        try:
            ended = process.run(argv, environment, run_id, read, plan.timeout_s)
        except process.NotStartedError as error:
            raise usage(f"cannot start {argv[0]} ({error})", "name another interpreter with --python") from error
        if ended.stopped == "interrupt":
            raise PerfsheetError(ExitStatus.INTERRUPTED, f"interrupted in {variant.name}")
        if ended.stopped == "timeout":
            return Measured(variant, problem=f"stopped after its time limit of {plan.timeout_s:g} s")
        if not answer.is_file():
            last = f": {tail[-1]}" if tail else ""
            how = f"a signal ({-ended.status}) ended it" if ended.status < 0 else f"it ended with status {ended.status}"
            return Measured(variant, problem=f"{how} before it was measured{last}")
        outcome = json.loads(answer.read_text(encoding="utf-8"))
    return Measured(variant, tuple(outcome.get("runs_ms", ())), outcome.get("peak_bytes"), outcome.get("problem", ""))
