"""What one run sets up for its target: its own folder, the environment and the command line."""

from __future__ import annotations

import os
import shlex
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest
from perfsheet.run.process_tree import RUN_ID
from perfsheet.run.shellsafe import Aliases, checked_name, checked_options, is_safe

if TYPE_CHECKING:
    from perfsheet.run.toolbox import Toolbox

TOOLS_OPTION = "--tracy-tools-folder"

TARGET_HELPERS = Path(__file__).parents[1] / "target"
"""Folder of the two modules that run in the target's interpreter."""

_VERDICT, _ONLY = "PERFSHEET_VERDICT", "PERFSHEET_ONLY"


def new_run_id() -> str:
    """A name that no other run has."""
    return uuid.uuid4().hex


def target_environment(request: RunRequest, command: TargetCommand, run_id: str, verdict: Path) -> dict[str, str]:
    """The environment of the target: this process's own, the request's, the command's, then what the run needs."""
    environment = {**os.environ, **request.variables, **command.environment}
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR"):
        if not environment.get(name):  # set but empty: the profiler would take it for the current folder
            environment.pop(name, None)
    if request.tt_metal_home is not None:
        if not os.path.isdir(request.tt_metal_home):  # noqa: PTH112 - Path.is_dir() may raise
            raise usage(f"there is no folder {request.tt_metal_home}", "--tt-metal-home names a tt-metal checkout")
        environment["TT_METAL_HOME"] = str(request.tt_metal_home.absolute())
    environment |= {RUN_ID: run_id, _VERDICT: str(verdict), "PYTHONUNBUFFERED": "1", "TRACY_NO_WEB_SERVER": "1"}
    environment.setdefault("PYTHONIOENCODING", "utf-8")
    if command.source == "pytest":
        environment["PYTEST_PLUGINS"] = ",".join(filter(None, (environment.get("PYTEST_PLUGINS"), "perfsheet_verdict")))
        if request.only is not None:
            environment[_ONLY] = request.only
    return add_to_path(environment, TARGET_HELPERS)


def add_to_path(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environment` with `folder` as the last place where its Python looks for modules."""
    path = os.pathsep.join(filter(None, (environment.get("PYTHONPATH"), str(folder))))
    return {**environment, "PYTHONPATH": path}


def target_module(command: TargetCommand) -> tuple[str, ...]:
    """The module that runs the target and its arguments: what follows `python -m`."""
    return ("pytest" if command.source == "pytest" else "perfsheet_script", *command.arguments)


def metal_home(environment: Mapping[str, str]) -> Path:
    """TT_METAL_HOME, which defaults to the current folder."""
    return Path(environment.get("TT_METAL_HOME") or ".").absolute()


def artifact_root(request: RunRequest, environment: Mapping[str, str]) -> Path:
    """The folder below which the profiler leaves its logs and reports."""
    if request.output_dir is not None:
        return request.output_dir.absolute()
    if folder := environment.get("TT_METAL_PROFILER_DIR"):
        return Path(folder).absolute()
    return metal_home(environment) / "generated" / "profiler"


def profiler_argv(
    toolbox: Toolbox,
    request: RunRequest,
    command: TargetCommand,
    tools: Path,
    root: Path,
    aliases: Aliases,
    port: int | None = None,
) -> tuple[str, ...]:
    """The profiler's command line; `tools` is the folder of its capture tools, `root` where it leaves logs and reports.

    The profiler joins its arguments with blanks and gives them to a shell, so the target's arguments are quoted once
    more. Its own options it also reads before that, so those cannot be quoted: they must be harmless (`shellsafe`).
    """
    python = toolbox.interpreter
    if not is_safe(python):
        raise usage(
            f"the profiler cannot start the interpreter {python!r}", "use one whose path has no spaces and signs"
        )
    argv = [python, "-m", "tracy", "-r", "-p", "-v", "-o", str(aliases.of(root, "root"))]
    if name := checked_name(request.name):
        argv += ["-n", name]
    argv += checked_options(request.tracy_options, toolbox)
    if port is not None and toolbox.has_option("-t") and not _names_port(request.tracy_options):
        argv += ["-t", str(port)]
    if not is_safe(str(tools)):
        if not toolbox.has_option(TOOLS_OPTION):
            raise usage(
                f"this profiler cannot work with tools in {str(tools)!r}", "use a path without spaces and signs"
            )
        argv += [TOOLS_OPTION, str(aliases.of(tools, "tools"))]
    return (*argv, "-m", *map(shlex.quote, target_module(command)))


def _names_port(options: Sequence[str]) -> bool:
    """Whether the user chose a port: `-t 8090`, `-t8090`, `--port=8090`, `--por 8090`."""
    names = [option.partition("=")[0] for option in options]
    return any(name[:2] == "-t" or (len(name) > 2 and "--port".startswith(name)) for name in names)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """The run's own folder, for the verdict and links; gone with the run."""
    return tempfile.TemporaryDirectory(prefix="perfsheet-run-")
