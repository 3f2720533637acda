"""The command line of the profiler, which pastes paths and names unquoted into shell commands.

Among those commands is `rm -rf <root>/.logs`: given a folder `/data/my runs` it would delete `/data/my`. Values that a
shell would split therefore never reach the profiler: paths are replaced by a temporary link, names and options refused.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from perfsheet.errors import usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest
from perfsheet.run.toolchain import TOOLS_OPTION, TargetPython

_SAFE = re.compile(r"[\w@%+=:,./-]+")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
_NAME = re.compile(r"\w[\w.+-]*")

MULTIPASS = "--perf-counter-multipass"
FEWER_COUNTERS = "leave it out, and capture at most five counter groups and one L1 bank in a run"

# Options that perfsheet sets itself, or that would make the profiler do something other than run the target.
_RESERVED_OPTIONS = {
    "-o": "-o of perfsheet run",
    "--output-folder": "-o of perfsheet run",
    "-n": "-n of perfsheet run",
    "--name-append": "-n of perfsheet run",
    "-m": "the command",
    "--no-capture-tool": "",
    "--process-logs-only": "",
}


class Aliases:
    """Links with a safe name to folders of any name, in the temporary folder of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, path: Path, label: str) -> Path:
        """`path` itself if a shell leaves it whole, else a link to it. Raises PerfsheetError (usage) if none helps."""
        if _is_safe(str(path)):
            return path
        link = self._folder / label
        if not _is_safe(str(link)):
            raise usage(
                f"the profiler cannot work in {str(path)!r}",
                "use a path (and a TMPDIR) without spaces and special characters",
            )
        if not link.is_symlink():
            link.symlink_to(path, target_is_directory=True)
        return link


def profiler_argv(
    python: TargetPython,
    request: RunRequest,
    command: TargetCommand,
    tools: Path,
    root: Path,
    aliases: Aliases,
    port: int | None = None,
) -> tuple[str, ...]:
    """The profiler's command line; `tools` is the folder of its capture tools, `root` that of its logs and reports.

    The profiler joins its arguments with spaces and passes them to a shell, so the target's arguments are quoted once
    more. It also reads its own options before that, so those cannot be quoted: they must be safe as they are.
    """
    interpreter = python.interpreter
    if not _is_safe(interpreter):
        raise usage(
            f"the profiler cannot start the interpreter {interpreter!r}",
            "use one whose path has no spaces or special characters",
        )
    argv = [interpreter, "-m", "tracy", "-r", "-p", "-v", "-o", str(aliases.of(root, "root"))]
    if name := check_name(request.name):
        argv += ["-n", name]
    argv += check_options(request.tracy_options, python)
    if port is not None and python.has_option("-t") and not _names_port(request.tracy_options):
        argv += ["-t", str(port)]
    if not _is_safe(str(tools)):
        if not python.has_option(TOOLS_OPTION):
            raise usage(
                f"this profiler cannot work with tools in {str(tools)!r}",
                "use a path without spaces and special characters",
            )
        argv += [TOOLS_OPTION, str(aliases.of(tools, "tools"))]
    return (*argv, "-m", *map(shlex.quote, target_module(command)))


def target_module(command: TargetCommand) -> tuple[str, ...]:
    """The module that runs the target and its arguments: what follows `python -m`."""
    return ("pytest" if command.source == "pytest" else "perfsheet_script", *command.arguments)


def check_name(name: str) -> str:
    """`name`; raises PerfsheetError (usage) if it cannot be both a folder and a word of a shell command."""
    if name and not _NAME.fullmatch(name):
        raise usage(f"the name {name!r} cannot be part of a report's path", "use letters, digits, '.', '_', '-', '+'")
    return name


def check_options(options: tuple[str, ...], python: TargetPython) -> tuple[str, ...]:
    """`options`; raises PerfsheetError (usage) for one that perfsheet sets itself, that a shell would split, or that
    this profiler does not have."""
    for option in options:
        name = option.partition("=")[0] if option.startswith("--") else option
        if reserved := _reserved_option(name):
            instead = _RESERVED_OPTIONS[reserved]
            raise usage(f"the profiler's option {reserved} cannot be passed on", f"use {instead}" if instead else "")
        if not _is_safe(option):
            raise usage(
                f"the profiler would split its option {option!r} in a shell", "leave special characters and spaces out"
            )
        if _OPTION.fullmatch(name) and not _is_known(name, python):
            close = difflib.get_close_matches(name, python.options or (), 2)
            raise usage(
                f"this profiler has no option {name} (ttnn {python.versions.get('ttnn') or 'of unknown version'})",
                f"did you mean {' or '.join(close)}?" if close else "python -m tracy --help lists its options",
            )
    return options


def has_option(wanted: str, options: Sequence[str]) -> bool:
    """Whether a long option is among these, in full or as the profiler's parser accepts it abbreviated."""
    return any(len(option) > len("--p") and wanted.startswith(option) for option in options)


def _is_safe(text: str) -> bool:
    """Whether a shell takes `text` as one word and expands nothing in it."""
    return _SAFE.fullmatch(text) is not None


def _reserved_option(name: str) -> str | None:
    """The reserved option as which the profiler's parser would read `name`: `-oDIR`, `--out` …"""
    if name.startswith("--"):
        return next((option for option in _RESERVED_OPTIONS if len(name) > 2 and option.startswith(name)), None)
    return next((option for option in _RESERVED_OPTIONS if len(option) == 2 and name.startswith(option)), None)


def _is_known(name: str, python: TargetPython) -> bool:
    """The profiler's parser accepts abbreviated long options, and short options joined in one word."""
    if python.options is None or not name.startswith("--"):
        return python.has_option(name[:2])
    return any(option.startswith(name) for option in python.options)


def _names_port(options: Sequence[str]) -> bool:
    """Whether the user chose a port: `-t 8090`, `-t8090`, `--port=8090`, `--por 8090`."""
    names = [option.partition("=")[0] for option in options]
    return any(name[:2] == "-t" or (len(name) > 2 and "--port".startswith(name)) for name in names)
