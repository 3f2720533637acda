"""What can be planned, as a user names it: a script, a function in a file, or a command."""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path

from perfsheet.analysis import Analysis, Options, analyze
from perfsheet.capture.reader import read
from perfsheet.errors import usage
from perfsheet.planning.making import PlanRequest
from perfsheet.planning.making import plan as make
from perfsheet.progress import Watch
from perfsheet.run import RunRequest
from perfsheet.run.workspace import TARGET_HELPERS

_FUNCTION = re.compile(r"(.+\.py):([A-Za-z_]\w*)")


def is_command(target: str) -> bool:
    """Whether it is a command, and neither a script nor a function in a file."""
    return " " in target.strip() or not re.search(r"\.py(?::\w+)?$", target)


def command_of(target: str) -> str:
    """The command of a script (`model.py`), or of a function in a file that takes a device (`model.py:forward`).

    Raises PerfsheetError (exit status 2) for anything else.
    """
    found = _FUNCTION.fullmatch(target)
    if found is None:
        if not target.endswith(".py"):
            raise usage(f"{target}: neither a script nor FILE.py:FUNCTION", "give a pytest target as a command")
        return f"python {shlex.quote(target)}"
    if not Path(found[1]).is_file():
        raise usage(f"there is no file {found[1]!r}", "name it from the current folder")
    return f"python {shlex.quote(str(TARGET_HELPERS / 'perfsheet_function.py'))} {shlex.quote(target)}"


def plan(
    target: str,
    *,
    board: str = "n150",
    mesh: str = "",
    save: Path | str | None = None,
    python: str | None = None,
    timeout_s: float | None = None,
) -> Analysis:
    """Plan a target without a device: TTNN places its ops on a mock board, and nothing runs.

    `target`: a script (`model.py`), a function that takes a device (`model.py:forward`), or a command (`pytest -k x`).
    `board` and `mesh`: what to mock. `save`: where the plan is kept (JSON, which `read` takes; None = nowhere).
    `python`: the interpreter that has ttnn. Times of the result are least times in ns, none is measured
    (docs/plan.md). Raises PerfsheetError where TTNN or the target fails.
    """
    command, named = (target, "") if is_command(target) else (command_of(target), target)
    wanted = PlanRequest(RunRequest(command, timeout_s=timeout_s, python=python), named, board, mesh)
    if save is not None:
        make(wanted, Path(save), Watch())
        return analyze(read(save), Options())
    with tempfile.TemporaryDirectory(prefix="perfsheet-plan-") as folder:
        path = Path(folder) / "plan.json"
        make(wanted, path, Watch())
        return analyze(read(path), Options())
