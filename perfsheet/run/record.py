"""The record of a run that worked: what it takes to believe it and to repeat it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from perfsheet._version import __version__
from perfsheet.machine.checkout import commit, is_checkout
from perfsheet.machine.devices import devices
from perfsheet.provenance import InputFile, RunRecord
from perfsheet.run.command import TargetCommand
from perfsheet.run.context import Setting
from perfsheet.run.failures import Leavings
from perfsheet.run.secrets import masked_command, masked_value, masked_words, recorded_environment
from perfsheet.run.test_verdict import Verdict
from perfsheet.run.toolbox import Toolbox
from perfsheet.run.workspace import metal_home

_CHUNK = 1 << 20
_MOST_TARGET_FILES = 50


def record(
    setting: Setting, toolbox: Toolbox, left: Leavings, verdict: Verdict, captures: Sequence[Path], log: Path
) -> RunRecord:
    """Put down what is known once the run has ended; `captures` are the files that its figures come from."""
    environment, ended = setting.environment, left.ended
    home = _home(environment, toolbox)
    return RunRecord(
        command=masked_command(setting.request.command),
        argv=tuple(masked_words(left.argv)),
        folder=masked_value(os.getcwd()),  # noqa: PTH109
        environment=recorded_environment(environment),
        versions={"perfsheet": __version__, **toolbox.versions},
        interpreter=toolbox.interpreter,
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
        inputs=tuple(_input_files([*captures, *_target_files(setting.command, verdict)])),
        log=str(log),
    )


def _home(environment: Mapping[str, str], toolbox: Toolbox) -> Path | None:
    """TT_METAL_HOME, else the checkout that the current folder or an editable ttnn lies in."""
    if environment.get("TT_METAL_HOME"):
        return metal_home(environment)
    parents = Path(toolbox.ttnn_file).parents if toolbox.ttnn_file else ()
    return next((folder for folder in (Path.cwd(), *list(parents)[:4]) if is_checkout(folder)), None)


def _target_files(command: TargetCommand, verdict: Verdict) -> list[Path]:
    if command.script:
        return [Path(command.script)]
    root = Path(verdict.folder or ".")
    names = dict.fromkeys(test.nodeid.partition("::")[0] for test in verdict.tests)
    return [root / name for name in list(names)[:_MOST_TARGET_FILES]]


def _input_files(paths: Sequence[Path]) -> Iterator[InputFile]:
    for path in paths:
        with contextlib.suppress(OSError):  # gone meanwhile, or never a file: a plugin may name its items as it likes
            yield input_file(path)


def input_file(path: Path) -> InputFile:
    """A file with its size and hash. Raises OSError when it cannot be read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return InputFile(str(path.absolute()), size, digest.hexdigest())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).astimezone().isoformat(timespec="seconds")
