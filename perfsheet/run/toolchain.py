"""Which interpreter runs the target, and whether a profiler is there: asked, not guessed from versions."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest
from perfsheet.run.toolbox import Toolbox
from perfsheet.run.workspace import TOOLS_OPTION, metal_home

CAPTURE_TOOLS = (("tracy-capture", "tracy-csvexport"), ("capture-release", "csvexport-release"))
"""Names of the capture and the export tool: of 0.75 and newer, and of those before."""

REPLAY_HINT = "analyse a recorded capture with --replay, or run on a machine with a profiler build of tt-metal"


def target_python(request: RunRequest, command: TargetCommand, environment: Mapping[str, str], needs: str) -> str:
    """The interpreter for the target, as RunRequest documents it; `needs` is the module that the run cannot do without.

    Raises PerfsheetError (usage) when an interpreter that was asked for is not there.
    """
    path = environment.get("PATH")
    if asked := request.python or command.interpreter:
        found = shutil.which(asked, path=path)
        if not found:
            raise usage(f"there is no interpreter {asked!r}", "name another with --python")
        return str(Path(found).absolute())
    if importlib.util.find_spec(needs):
        return sys.executable
    return shutil.which("python3", path=path) or shutil.which("python", path=path) or sys.executable


def tools_folder(options: tuple[str, ...], environment: Mapping[str, str]) -> Path:
    """The folder in which the profiler will look for its capture tools."""
    for option, value in pairwise((*options, "")):
        if option == TOOLS_OPTION:
            return Path(value).absolute()
        if option.startswith(f"{TOOLS_OPTION}="):
            return Path(option.partition("=")[2]).absolute()
    return metal_home(environment) / "build" / "tools" / "profiler" / "bin"


def missing_profiler(toolbox: Toolbox, tools: Path) -> PerfsheetError | None:
    """Why no profiler can be started here (exit status 4); None when nothing speaks against it."""
    if found := missing_tracy(toolbox):
        reason, mend = found
        return PerfsheetError(ExitStatus.NO_PROFILER, reason, f"{mend}; or {REPLAY_HINT}")
    if found := missing_tools(toolbox, tools):
        reason, mend = found
        return PerfsheetError(ExitStatus.NO_PROFILER, reason, f"{mend}; or {REPLAY_HINT}")
    return None


def missing_tracy(toolbox: Toolbox) -> tuple[str, str] | None:
    """What is wrong with the Python side of the profiler, and the mend; None when it imports."""
    if toolbox.broken:
        return toolbox.broken, "name another interpreter with --python"
    if toolbox.tracy_file is None:
        return (
            f"the profiler (Python module 'tracy') is not installed for {toolbox.interpreter}",
            "activate the Python environment of tt-metal or name it with --python",
        )
    if toolbox.tracy_error:
        module = re.search(r"No module named '([\w.]+)'", toolbox.tracy_error)
        if module is None:
            return f"the profiler does not import: {toolbox.tracy_error}", "mend the Python environment of tt-metal"
        name = module[1].partition(".")[0]
        if name in ("tt_metal", "ttnn"):  # part of a checkout, not packages of their own
            return f"the profiler needs the Python module {name}", "put the tt-metal checkout on PYTHONPATH"
        return (
            f"the profiler needs the Python module {name}, which is not installed for {toolbox.interpreter}",
            f"{toolbox.interpreter} -m pip install {name}",
        )
    return None


def missing_tools(toolbox: Toolbox, tools: Path) -> tuple[str, str] | None:
    """What is wrong with the capture tools, and the mend; None when those that this profiler looks for are there."""
    wanted = (toolbox.tools,) if toolbox.tools else CAPTURE_TOOLS
    if any(all((tools / name).is_file() for name in pair) for pair in wanted):
        return None
    names = " and ".join(wanted[0])
    other = next((pair for pair in CAPTURE_TOOLS if all((tools / name).is_file() for name in pair)), None)
    if other:
        return (
            f"this profiler looks for {names}, but the build in {tools} has {' and '.join(other)}",
            "build tt-metal at the version of the installed ttnn",
        )
    if toolbox.tools is None:
        names += f" (before 0.75: {' and '.join(CAPTURE_TOOLS[1])})"
    return f"the capture tools {names} are not in {tools}", "name a tt-metal build that has them with --tt-metal-home"
