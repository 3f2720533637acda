"""The interpreter that runs the target and the profiler in it, as they describe themselves: nothing is guessed."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from pathlib import Path

from perfsheet.documents import InvalidDocumentError, decode_json
from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.run.command import TargetCommand
from perfsheet.run.model import RunRequest
from perfsheet.run.workspace import TARGET_HELPERS, add_to_path, metal_home

CAPTURE_TOOLS = (("tracy-capture", "tracy-csvexport"), ("capture-release", "csvexport-release"))
"""Names of the capture and the export tool: since 0.75, and before that."""

TOOLS_OPTION = "--tracy-tools-folder"
REPLAY_HINT = "analyse a recorded capture with --replay, or run on a machine with a profiler build of tt-metal"

_PROBE_TIMEOUT_S = 60
_PROBE_MARK = "perfsheet-probe: "


@dataclass(frozen=True)
class TargetPython:
    """An interpreter and the profiler in it.

    `broken` says why the interpreter does not work at all, `tracy_error` why the profiler in it cannot be imported.
    `tools` are the names of the capture and the export tool that this profiler looks for, `options` all options of its
    command line; None = it does not say.
    """

    interpreter: str
    broken: str | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    ttnn_file: str | None = None
    tracy_file: str | None = None
    tracy_error: str | None = None
    tools: tuple[str, str] | None = None
    options: frozenset[str] | None = None

    def has_option(self, option: str) -> bool:
        """Whether the profiler has this option; True if it does not say which it has."""
        return self.options is None or option in self.options


def find_interpreter(request: RunRequest, command: TargetCommand, environment: Mapping[str, str], needs: str) -> str:
    """The interpreter for the target, as RunRequest documents it; `needs` is the module that the run requires.

    Raises PerfsheetError (usage) when the interpreter that the user named does not exist.
    """
    path = environment.get("PATH")
    if named := request.python or command.interpreter:
        interpreter = shutil.which(named, path=path)
        if not interpreter:
            raise usage(f"there is no interpreter {named!r}", "name another with --python")
        return str(Path(interpreter).absolute())
    if importlib.util.find_spec(needs):
        return sys.executable
    return shutil.which("python3", path=path) or shutil.which("python", path=path) or sys.executable


def probe(interpreter: str, environment: Mapping[str, str]) -> TargetPython:
    """Ask `interpreter` what it has, in the environment of the target."""
    # The profiler makes folders below TT_METAL_HOME when it is imported, so it gets one that is removed again.
    with tempfile.TemporaryDirectory(prefix="perfsheet-probe-") as home:
        variables = {**add_to_path(environment, TARGET_HELPERS), "TT_METAL_HOME": home}
        variables.pop("TT_METAL_PROFILER_DIR", None)
        try:
            done = subprocess.run(
                [interpreter, "-m", "perfsheet_probe"],
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROBE_TIMEOUT_S,
                check=False,
            )
        except OSError as error:
            return TargetPython(
                interpreter, f"the interpreter {interpreter} does not start ({error.strerror or error})"
            )
        except subprocess.TimeoutExpired:
            return TargetPython(
                interpreter, f"the interpreter {interpreter} did not answer within {_PROBE_TIMEOUT_S} s"
            )
    lines = done.stdout.decode(errors="replace").splitlines()
    answer = next((line.removeprefix(_PROBE_MARK) for line in lines if line.startswith(_PROBE_MARK)), None)
    if answer is not None:
        return _target_python(interpreter, answer.encode())
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
    return TargetPython(interpreter, f"the interpreter {interpreter} does not work: {last[0]}")


@dataclass(frozen=True)
class _Facts:
    """The answer of the probe."""

    python: str
    versions: dict[str, str | None]
    ttnn_file: str | None
    tracy_file: str | None
    tracy_error: str | None
    tools: tuple[str, str] | None
    options: frozenset[str] | None


def _target_python(interpreter: str, answer: bytes) -> TargetPython:
    try:
        facts = decode_json(answer, _Facts)
    except InvalidDocumentError as error:
        return TargetPython(interpreter, f"the interpreter {interpreter} does not work: its answer {error}")
    return TargetPython(
        interpreter,
        versions={"python": facts.python, **facts.versions},
        ttnn_file=facts.ttnn_file,
        tracy_file=facts.tracy_file,
        tracy_error=facts.tracy_error,
        tools=facts.tools,
        options=facts.options,
    )


def tools_folder(options: tuple[str, ...], environment: Mapping[str, str]) -> Path:
    """The folder in which the profiler will look for its capture tools."""
    for option, value in pairwise((*options, "")):
        if option == TOOLS_OPTION:
            return Path(value).absolute()
        if option.startswith(f"{TOOLS_OPTION}="):
            return Path(option.partition("=")[2]).absolute()
    return metal_home(environment) / "build" / "tools" / "profiler" / "bin"


def missing_profiler(python: TargetPython, tools: Path) -> PerfsheetError | None:
    """Why no profiler can be started here (exit status 4); None if nothing is missing."""
    if problem := missing_tracy(python) or missing_tools(python, tools):
        reason, fix = problem
        return PerfsheetError(ExitStatus.NO_PROFILER, reason, f"{fix}; or {REPLAY_HINT}")
    return None


def missing_tracy(python: TargetPython) -> tuple[str, str] | None:
    """What is wrong with the Python side of the profiler, and the fix; None if it can be imported."""
    if python.broken:
        return python.broken, "name another interpreter with --python"
    if python.tracy_file is None:
        return (
            f"the profiler (Python module 'tracy') is not installed for {python.interpreter}",
            "activate the Python environment of tt-metal or name it with --python",
        )
    if python.tracy_error:
        module = re.search(r"No module named '([\w.]+)'", python.tracy_error)
        if module is None:
            return (
                f"the profiler cannot be imported: {python.tracy_error}",
                "repair the Python environment of tt-metal",
            )
        name = module[1].partition(".")[0]
        if name in ("tt_metal", "ttnn"):  # part of a checkout, not packages of their own
            return f"the profiler needs the Python module {name}", "put the tt-metal checkout on PYTHONPATH"
        return (
            f"the profiler needs the Python module {name}, which is not installed for {python.interpreter}",
            f"{python.interpreter} -m pip install {name}",
        )
    return None


def missing_tools(python: TargetPython, tools: Path) -> tuple[str, str] | None:
    """What is wrong with the capture tools, and the fix; None if the tools that this profiler looks for exist."""
    wanted = (python.tools,) if python.tools else CAPTURE_TOOLS
    if any(all((tools / name).is_file() for name in pair) for pair in wanted):
        return None
    names = " and ".join(wanted[0])
    other = next((pair for pair in CAPTURE_TOOLS if all((tools / name).is_file() for name in pair)), None)
    if other:
        return (
            f"this profiler looks for {names}, but the build in {tools} has {' and '.join(other)}",
            "build tt-metal at the version of the installed ttnn",
        )
    if python.tools is None:
        names += f" (before 0.75: {' and '.join(CAPTURE_TOOLS[1])})"
    return f"the capture tools {names} are not in {tools}", "name a tt-metal build that has them with --tt-metal-home"
