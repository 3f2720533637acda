"""Ops built by TTNN on a mock board, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.graph_report import read_graph_report
from perfsheet.graph_report.model import GraphReport
from perfsheet.graph_report.reasons import reason_of
from perfsheet.light_dataclass import dataclass
from perfsheet.planning import PlanRequest, board_of_interpreter
from perfsheet.run import RunRequest
from perfsheet.run.workspace import TARGET_HELPERS

_SECONDS = 600.0
_CRASHED = "TTNN crashed"


@dataclass(frozen=True)
class Outcome:
    """What TTNN says of an op: `reason` why it refuses it, blank if it accepts it; `report`: its graph."""

    reason: str
    report: GraphReport | None


@dataclass(frozen=True)
class Session:
    """A mock board on which ops are built: `board` with its `grid` (columns, rows), for the ttnn of `interpreter`.

    `assumed`: whether the board is a guess. `known`: what came of each text; none is built twice.
    """

    board: str
    grid: tuple[int, int]
    ttnn: str
    interpreter: str
    environment: Mapping[str, str]
    assumed: bool = False
    known: dict[str, Outcome] = field(default_factory=dict, repr=False, compare=False)

    def build(self, codes: Sequence[str]) -> list[Outcome]:
        """Build each of these texts on its own, all tensors anew.

        Raises PerfsheetError when TTNN opens no board, or takes longer than ten minutes.
        """
        new = [code for code in dict.fromkeys(codes) if code not in self.known]
        self.known.update(zip(new, self._build(new) if new else (), strict=True))
        return [self.known[code] for code in codes]

    def _build(self, codes: Sequence[str]) -> list[Outcome]:
        with tempfile.TemporaryDirectory(prefix="perfsheet-try-") as name:
            folder = Path(name)
            reasons: dict[int, str] = {}
            while len(reasons) < len(codes):
                before = len(reasons)
                said = self._process(folder, [None if at in reasons else code for at, code in enumerate(codes)])
                reasons |= _results(folder)
                crashed = next((at for at in range(len(codes)) if at not in reasons), None)
                if crashed is not None:
                    if not reasons and not any(folder.glob("*.json")) and before == 0 and "Traceback" in said:
                        raise _no_board(said)
                    reasons[crashed] = _CRASHED
            return [Outcome(reasons[at], _report(folder / f"{at}.json")) for at in range(len(codes))]

    def _process(self, folder: Path, codes: Sequence[str | None]) -> str:
        trials = folder / "trials.txt"
        trials.write_text(json.dumps(codes), encoding="utf-8")
        helper = TARGET_HELPERS / "perfsheet_trials.py"
        try:
            ended = subprocess.run(
                [self.interpreter, str(helper), str(trials), str(folder)],
                env={
                    **self.environment,
                    "TT_METAL_LOGS_PATH": str(folder / "logs"),
                    "TT_LOGGER_LEVEL": "Error",
                    "TMPDIR": str(folder),  # every board that TTNN opens leaves a folder there
                },
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PerfsheetError(
                ExitStatus.TIMEOUT, f"TTNN took more than {_SECONDS:g} s to build the ops", "try fewer of them"
            ) from None
        return ended.stderr


def session(board: str, grid: tuple[int, int], assumed: bool, python: str | None) -> Session:
    """A board for the ttnn of an interpreter (None = as `perfsheet plan` finds it).

    Raises PerfsheetError without one.
    """
    request = PlanRequest(RunRequest("pytest", python=python), "", board, grid=grid)
    interpreter, found, made = board_of_interpreter(request)
    return Session(
        board, grid, found.versions.get("ttnn") or "", interpreter, {**os.environ, **made.variables}, assumed
    )


def _results(folder: Path) -> dict[int, str]:
    path = folder / "results.jsonl"
    if not path.is_file():
        return {}
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {record["number"]: reason_of(record["reason"]) for record in records}


def _report(path: Path) -> GraphReport | None:
    try:
        return read_graph_report(path)
    except PerfsheetError:  # it ended in a crash, or has no call
        return None


def _no_board(said: str) -> PerfsheetError:
    # Behind a failure of TTNN stands the stack of its libraries.
    found = (
        reason_of(said) if "TT_" in said else next((line for line in reversed(said.splitlines()) if line.strip()), "")
    )
    install = "pip install 'perfsheet[ttnn]' torch; perfsheet doctor says what is missing"
    return PerfsheetError(ExitStatus.NO_PROFILER, f"TTNN opened no mock board: {found.strip()}", install)
