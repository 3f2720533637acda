"""Why a target has no plan, or only a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.graph_report.model import GraphReport
from perfsheet.graph_report.reasons import reason_of
from perfsheet.run import MockRun


def refusal(report: GraphReport) -> tuple[str, bool]:
    """The last call that TTNN refused, with its reason and the user's line; and whether no other call came after it.

    Blank if it refused none.
    """
    from perfsheet.analysis.graph.sources import users_frames

    for number, call in enumerate(reversed(report.calls)):
        if call.error.strip():
            frames = users_frames(call.frames)
            place = f" at {Path(frames[0].file).name}:{frames[0].line}" if frames else ""
            return f"{call.name}{place}: {reason_of(call.error)}", number == 0
    return "", False


def nothing_planned(made: MockRun, refused: str = "", problems: Sequence[str] = ()) -> PerfsheetError:
    """No device op was captured: what TTNN refused, what the target itself said, or that it opens no device of TTNN."""
    verdict = made.verdict
    own = made.stopped or made.reason or "; ".join(problems or made.problems)
    reason = f"TTNN refuses {refused}" if refused else reason_of(own)
    failed = bool(refused) or (verdict is not None and not verdict.succeeded)
    status = ExitStatus.TESTS_FAILED if failed else ExitStatus.NOTHING_RAN
    return PerfsheetError(
        ExitStatus.TIMEOUT if made.stopped else status,
        f"nothing was planned: {reason or 'no op ran on a device that ttnn had opened'}",
        f"the full output is in {made.log}",
    )
