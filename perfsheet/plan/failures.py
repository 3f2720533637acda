"""Why a target has no plan."""

from __future__ import annotations

import re

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run import MockRun

_ASSERTION = re.compile(r"TT_(?:FATAL|THROW) ?(?:@ [^:]+:\d+: )?(.*)")


def nothing_planned(made: MockRun, refused: str = "") -> PerfsheetError:
    """No device op was captured: what TTNN refused, what the target itself said, or that it opens no device of TTNN."""
    verdict = made.verdict
    own = made.stopped or made.reason or "; ".join(made.problems)
    found = _ASSERTION.search(own)
    reason = f"TTNN refuses {refused}" if refused else found[1] if found else own
    failed = bool(refused or made.stopped) or (verdict is not None and not verdict.succeeded)
    return PerfsheetError(
        ExitStatus.TESTS_FAILED if failed else ExitStatus.NOTHING_RAN,
        f"nothing was planned: {reason or 'no op ran on a device that ttnn had opened'}",
        f"the full output is in {made.log}",
    )
