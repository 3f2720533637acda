"""The record of a run that worked: what one needs to trust it and to repeat it."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from perfsheet._version import __version__
from perfsheet.machine.checkout import commit, is_checkout
from perfsheet.machine.devices import devices
from perfsheet.masking import masked_command, masked_text, masked_words, recorded_environment
from perfsheet.provenance import InputFile, RunRecord, input_file
from perfsheet.run.command import TargetCommand
from perfsheet.run.failures import ProcessResult
from perfsheet.run.model import RunContext
from perfsheet.run.toolchain import TargetPython
from perfsheet.run.verdict import TargetVerdict
from perfsheet.run.workspace import metal_home

_MAX_TARGET_FILES = 50


def record(
    context: RunContext,
    python: TargetPython,
    result: ProcessResult,
    verdict: TargetVerdict,
    captures: Sequence[Path],
    log: Path,
) -> RunRecord:
    """Record what is known once the run has ended; `captures` are the files that its figures come from."""
    environment, ended = context.environment, result.exit
    home = _home(environment, python)
    return RunRecord(
        command=masked_command(context.request.command),
        argv=tuple(masked_words(result.argv)),
        folder=masked_text(os.getcwd()),  # noqa: PTH109
        environment=recorded_environment(environment),
        versions={"perfsheet": __version__, **python.versions},
        interpreter=python.interpreter,
        tt_metal_home=str(home) if home else None,
        tt_metal_commit=commit(home) if home else None,
        host=platform.node(),
        system=platform.platform(),
        devices=devices(),
        simulator=environment.get("TT_METAL_SIMULATOR") or None,
        started=_iso(ended.started),
        ended=_iso(ended.started + ended.duration_s),
        duration_s=round(ended.duration_s, 3),
        profiler_status=ended.status,
        target_status=verdict.exit_status,
        inputs=tuple(_input_files([*captures, *_target_files(context.command, verdict)])),
        log=str(log),
    )


def _home(environment: Mapping[str, str], python: TargetPython) -> Path | None:
    """TT_METAL_HOME, else the checkout of the current folder or of an editable ttnn."""
    if environment.get("TT_METAL_HOME"):
        return metal_home(environment)
    parents = Path(python.ttnn_file).parents if python.ttnn_file else ()
    return next((folder for folder in (Path.cwd(), *list(parents)[:4]) if is_checkout(folder)), None)


def _target_files(command: TargetCommand, verdict: TargetVerdict) -> list[Path]:
    if command.script:
        return [Path(command.script)]
    root = Path(verdict.folder or ".")
    names = dict.fromkeys(test.nodeid.partition("::")[0] for test in verdict.tests)
    return [root / name for name in list(names)[:_MAX_TARGET_FILES]]


def _input_files(paths: Sequence[Path]) -> Iterator[InputFile]:
    for path in paths:
        with contextlib.suppress(OSError):  # deleted since, or never a file: a plugin may name its items freely
            yield input_file(path)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).astimezone().isoformat(timespec="seconds")
