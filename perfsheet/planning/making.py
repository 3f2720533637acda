"""From a target to the file of its plan."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_command
from perfsheet.mock_board import BOARDS, FIRST_TTNN, MockEnvironment, knows_mock_boards, make_environment
from perfsheet.planning.document import write
from perfsheet.planning.failures import nothing_planned
from perfsheet.progress import Phase, Watch
from perfsheet.run import RunRequest, run_on_mock_board
from perfsheet.run.command import parse_command
from perfsheet.run.toolchain import TargetPython, find_interpreter, probe

_INSTALL = "install it: pip install 'perfsheet[ttnn]' torch, or name an interpreter that has it with --python"


@dataclass(frozen=True)
class PlanRequest:
    """A target to plan: what `run` runs, shown as `target` (default: its command).

    `mesh` is a shape that the board can open as (`1x2`), blank = its own. `folder`: where the mock board is made, by
    default in the user's cache. `grid`: columns and rows of workers, by default those of the board.
    """

    run: RunRequest
    target: str = ""
    board: str = "n150"
    mesh: str = ""
    folder: Path | None = None
    grid: tuple[int, int] | None = None


def plan(request: PlanRequest, path: Path, watch: Watch) -> None:
    """Plan a target; the plan is written to `path`. Raises PerfsheetError if the target never came to an op."""
    _check(request)
    with tempfile.TemporaryDirectory(prefix="perfsheet-plan-") as folder:
        # Every board that TTNN opens leaves a folder among the temporary files.
        made = run_on_mock_board(
            request.run,
            lambda versions, ttnn: {**_variables(request, versions, ttnn, watch), "TMPDIR": folder},
            Path(folder),
            watch,
        )
        watch.phase(Phase.ANALYSE)
        command = request.target or masked_command(request.run.command)
        if not made.captures:
            raise nothing_planned(made)
        write(path, made, request.board, request.mesh, command)


def make_board(request: PlanRequest, versions: Mapping[str, str | None], ttnn_file: str | None) -> MockEnvironment:
    """Make what the installed TTNN needs to open the board. Raises PerfsheetError where it cannot."""
    _check(request)
    if ttnn_file is None:
        raise PerfsheetError(ExitStatus.NO_PROFILER, "a plan needs TTNN itself, and this Python has no ttnn", _INSTALL)
    package, version = Path(ttnn_file).parent, versions.get("ttnn") or ""
    if not knows_mock_boards(package):
        raise PerfsheetError(
            ExitStatus.NO_PROFILER,
            f"ttnn {version or 'in this Python'} knows no mock board",
            f"plan with ttnn {FIRST_TTNN} or later: pip install -U ttnn",
        )
    try:
        return make_environment(package, version, request.board, request.mesh, request.folder, request.grid)
    except OSError as error:
        place = error.filename or request.folder or "the user's cache"
        raise PerfsheetError(
            ExitStatus.OUTPUT_NOT_WRITTEN,
            f"the mock board cannot be made: {place}: {error.strerror or error}",
            "make room there, or set XDG_CACHE_HOME to a folder that can be written",
        ) from None


def board_of_interpreter(request: PlanRequest) -> tuple[str, TargetPython, MockEnvironment]:
    """The interpreter that the target of a request would have, what is in it, and its mock board.

    Raises PerfsheetError where there is none.
    """
    interpreter = find_interpreter(request.run, parse_command(request.run.command), os.environ, "ttnn")
    found = probe(interpreter, os.environ)
    return interpreter, found, make_board(request, found.versions, found.ttnn_file)


def _variables(
    request: PlanRequest, versions: Mapping[str, str | None], ttnn_file: str | None, watch: Watch
) -> Mapping[str, str]:
    board = make_board(request, versions, ttnn_file)
    if board.made:
        how = f"with {board.compiler}" if board.compiler else "with a stand-in for the RISC-V compiler that is missing"
        watch.notice(f"perfsheet: made the mock board in {board.folder}, {how}")
    return board.variables


def _check(request: PlanRequest) -> None:
    board = BOARDS.get(request.board)
    if board is None:
        raise usage(f"no mock board is called {request.board!r}", f"known: {', '.join(BOARDS)}")
    if request.mesh and request.mesh not in board.meshes:
        raise usage(
            f"{request.board} opens as {' or '.join(board.meshes)}, not as {request.mesh}",
            "; ".join(f"--board {name}: {', '.join(one.meshes)}" for name, one in BOARDS.items()),
        )
