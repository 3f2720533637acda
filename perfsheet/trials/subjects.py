"""What to try: the ops of a row, of a finding or of a cause."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Cause
from perfsheet.capture.table import RowKind
from perfsheet.errors import usage
from perfsheet.trials.trial import identical

ID, ROW = re.compile(r"(?i)[CH]\d{1,9}"), re.compile(r"\d{1,12}")
"""The id of a cause or a finding, and the row of an op."""
NAMED = 60
"""Characters of a subject that an error repeats."""
_OF_A_CAPTURE = re.compile(r"(?i)[CH]?\d+")


def is_of_a_capture(subject: str) -> bool:
    """Whether it is the name of a cause, a finding or a row, right or wrong, so that it needs a capture."""
    return _OF_A_CAPTURE.fullmatch(subject) is not None


def longest_of(analysis: Analysis, cause: Cause) -> int:
    """The position of the op to try for a cause: of those of its first finding the one with most time, as often as it
    occurs."""
    return identical(analysis, cause.members[0].positions.tolist())[0][0]


def positions_of(analysis: Analysis, subject: str) -> tuple[int, ...]:
    """The positions of the ops that are meant: `54` is a row of the file, `C1` a cause, `H2` a finding.

    Raises PerfsheetError (exit status 2) when the analysis has none.
    """
    if ID.fullmatch(subject):
        listed = analysis.causes if subject[0] in "cC" else analysis.findings
        found = next((one for one in listed if one.id == subject.upper()), None)
        if found is None:
            last = listed[-1].id if listed else "none"
            raise usage(
                f"there is no {subject.upper()} in this capture", f"`perfsheet hotspots` lists them; the last is {last}"
            )
        if not found.positions.size:
            raise usage(f"{subject.upper()} is about rows of the host, which no board can try", "try one of the others")
        return tuple(found.positions.tolist())
    if not ROW.fullmatch(subject):
        raise usage(f"{subject[:NAMED]!r} is neither a row nor a cause", "give a row of the file, C1 or H1")
    rows = analysis.ops.table.row[analysis.ops.rows]
    here = np.flatnonzero(rows == int(subject))
    if not here.size:
        raise _no_op(analysis, int(subject))
    return tuple(here.tolist())


def _no_op(analysis: Analysis, row: int) -> Exception:
    """Why a row of the file is no op of the window."""
    table = analysis.ops.table
    at = np.flatnonzero(table.row == row)
    listed = "`perfsheet top-ops` lists the rows of device ops"
    if not at.size:
        return usage(f"the capture has no row {row:,}", listed)
    kind, code = int(table.kind[at[0]]), table.text("op_code")[at[0]]
    if kind == RowKind.SIGNPOST:
        return usage(f"row {row:,} is a signpost", listed)
    if kind != RowKind.DEVICE:
        return usage(f"row {row:,} is a host op, {code[:NAMED]}", "`perfsheet table host-fallback` has their times")
    return usage(f"row {row:,} is no device op of this window", f"that is {analysis.summary.window}; see --pass")
