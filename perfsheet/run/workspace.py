"""What one run sets up for its target: its own folder, the environment, the command line, and the log."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from perfsheet.errors import not_written, usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest
from perfsheet.run.shellsafe import Aliases, checked_name, checked_options, is_safe
from perfsheet.run.toolchain import metal_home, tools_folder
from perfsheet.run.tree import RUN_ID

TARGET_HELPERS = Path(__file__).parent / "target"
"""Folder of the two modules that run in the target's interpreter."""

_VERDICT = "PERFSHEET_VERDICT"


def new_run_id() -> str:
    """A name that no other run has."""
    return uuid.uuid4().hex


def target_environment(request: RunRequest, command: TargetCommand, run_id: str, verdict: Path) -> dict[str, str]:
    """The environment of the target: this process's own, then the command's assignments, then what the run needs."""
    environment = {**os.environ, **command.environment}
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR"):
        if not environment.get(name):  # set but empty: the profiler would take it for the current folder
            environment.pop(name, None)
    if request.tt_metal_home is not None:
        if not request.tt_metal_home.is_dir():
            raise usage(f"there is no folder {request.tt_metal_home}", "--tt-metal-home names a tt-metal checkout")
        environment["TT_METAL_HOME"] = str(request.tt_metal_home.absolute())
    environment |= {RUN_ID: run_id, _VERDICT: str(verdict), "PYTHONUNBUFFERED": "1", "TRACY_NO_WEB_SERVER": "1"}
    environment.setdefault("PYTHONIOENCODING", "utf-8")
    _append(environment, "PYTHONPATH", str(TARGET_HELPERS), os.pathsep)
    if command.source == "pytest":
        _append(environment, "PYTEST_PLUGINS", "perfsheet_verdict", ",")
    return environment


def _append(environment: dict[str, str], name: str, value: str, separator: str) -> None:
    environment[name] = separator.join(filter(None, (environment.get(name), value)))


def target_module(command: TargetCommand) -> tuple[str, ...]:
    """The module that runs the target and its arguments: what follows `python -m`."""
    return ("pytest" if command.source == "pytest" else "perfsheet_script", *command.arguments)


def artifact_root(request: RunRequest, environment: Mapping[str, str]) -> Path:
    """The folder below which the profiler leaves its logs and reports."""
    if request.output_dir is not None:
        return request.output_dir.absolute()
    if folder := environment.get("TT_METAL_PROFILER_DIR"):
        return Path(folder).absolute()
    return metal_home(environment) / "generated" / "profiler"


def profiler_argv(
    python: str, request: RunRequest, command: TargetCommand, environment: Mapping[str, str], aliases: Aliases
) -> tuple[str, ...]:
    """The profiler's command line.

    The profiler joins its arguments with blanks and gives them to a shell, so the target's arguments are quoted once
    more. Its own options it also reads before that, so those cannot be quoted: they must be harmless (`shellsafe`).
    """
    if not is_safe(python):
        raise usage(
            f"the profiler cannot start the interpreter {python!r}", "use one whose path has no spaces and signs"
        )
    root, tools = artifact_root(request, environment), tools_folder(request.tracy_options, environment)
    argv = [python, "-m", "tracy", "-r", "-p", "-v"]
    if request.output_dir is not None or not is_safe(str(root)):
        argv += ["-o", str(aliases.of(root, "root"))]
    if name := checked_name(request.name):
        argv += ["-n", name]
    argv += checked_options(request.tracy_options)
    if not is_safe(str(tools)):
        argv += ["--tracy-tools-folder", str(aliases.of(tools, "tools"))]
    return (*argv, "-m", *map(shlex.quote, target_module(command)))


class Log:
    """Everything that the run prints, in a file that is kept."""

    def __init__(self, folder: Path, run_id: str) -> None:
        stamp = time.strftime("%Y_%m_%d_%H_%M_%S")
        self.path = folder / f"perfsheet_run_{stamp}_{run_id[:8]}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise not_written(
                f"cannot write the log {self.path} ({error.strerror})", "choose another folder"
            ) from error

    def tee(self, *readers: Callable[[str], None]) -> Callable[[str], None]:
        """A reader of lines that writes each to the log and then hands it to `readers`."""

        def read(line: str) -> None:
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as error:
                raise not_written(f"cannot write the log {self.path} ({error.strerror})", "make room for it") from error
            for reader in readers:
                reader(line)

        return read

    def close(self, beside: Path | None = None) -> Path:
        """Close the log, move it into the folder of `beside` when that is given, and say where it is."""
        with contextlib.suppress(OSError):  # nothing is lost: each line was flushed, or its failure raised
            self._file.close()
        if beside is not None and not self.path.is_relative_to(beside.parent):
            with contextlib.suppress(OSError):  # it is as good where it is
                self.path = Path(shutil.move(self.path, beside.parent / self.path.name))
        return self.path


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """The run's own folder, for the verdict and links; gone with the run."""
    return tempfile.TemporaryDirectory(prefix="perfsheet-run-")
