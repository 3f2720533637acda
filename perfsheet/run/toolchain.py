"""Which interpreter runs the target, and whether a profiler is there: asked, not guessed from versions."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest

CAPTURE_TOOLS = (("tracy-capture", "tracy-csvexport"), ("capture-release", "csvexport-release"))
"""Names of the capture and the export tool: of 0.75 and newer, and of those before."""

REPLAY_HINT = "analyse a recorded capture with --replay, or run on a machine with a profiler build of tt-metal"

# A folder that happens to be called tracy is a namespace package, which has no origin.
_PROBE = "import importlib.util as u, sys; s = u.find_spec('tracy'); sys.exit(0 if s and s.origin else 3)"
_PROBE_TIMEOUT_S = 60


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


def metal_home(environment: Mapping[str, str]) -> Path:
    """TT_METAL_HOME, which defaults to the current folder."""
    return Path(environment.get("TT_METAL_HOME") or ".").absolute()


def tools_folder(options: tuple[str, ...], environment: Mapping[str, str]) -> Path:
    """The folder in which the profiler will look for its capture tools."""
    for option, value in pairwise((*options, "")):
        if option == "--tracy-tools-folder":
            return Path(value).absolute()
        if option.startswith("--tracy-tools-folder="):
            return Path(option.partition("=")[2]).absolute()
    return metal_home(environment) / "build" / "tools" / "profiler" / "bin"


def missing_profiler(python: str, tools: Path, environment: Mapping[str, str]) -> PerfsheetError | None:
    """Why no profiler can be started here (exit status 4); None when nothing speaks against it."""
    if reason := _missing_tracy(python, environment):
        return PerfsheetError(
            ExitStatus.NO_PROFILER,
            reason,
            f"activate the Python environment of tt-metal or name it with --python; or {REPLAY_HINT}",
        )
    if not any(all((tools / name).is_file() for name in pair) for pair in CAPTURE_TOOLS):
        return PerfsheetError(
            ExitStatus.NO_PROFILER,
            f"the capture tools {' and '.join(CAPTURE_TOOLS[0])} are not in {tools}",
            f"name a tt-metal build that has them with --tt-metal-home; or {REPLAY_HINT}",
        )
    return None


def _missing_tracy(python: str, environment: Mapping[str, str]) -> str | None:
    try:
        probe = subprocess.run(
            [python, "-c", _PROBE],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        return f"the interpreter {python} does not start ({error.strerror or error})"
    except subprocess.TimeoutExpired:
        return f"the interpreter {python} did not answer within {_PROBE_TIMEOUT_S} s"
    if probe.returncode == 3:
        return f"the profiler (Python module 'tracy') is not installed for {python}"
    if probe.returncode != 0:
        last = probe.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {probe.returncode}"]
        return f"the interpreter {python} does not work: {last[0]}"
    return None
