"""The tables of checks: of a capture's data quality, and of the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet.analysis.results import Check
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, QUIET, Kind

if TYPE_CHECKING:
    from perfsheet.doctor.model import Diagnosis

_RELIABILITY, _RUNNING = "docs/reliability.md", "docs/running.md"


def _verdict(ok: bool) -> str:
    return "ok" if ok else LOOK


LOOK = "look"
"""The verdict of a check that wants a look."""
_VERDICT = Kind("verdict", _verdict, bool, cell=_verdict, number=False, width=9)
_KNOWN = Kind("known", {True: "ok", False: "fix", None: "–"}.__getitem__, lambda ok: ok, number=False)

# fmt: off
CHECKS: Table[Sequence[Check]] = Table(
    "checks",
    "Data quality",
    "How far the capture can be relied on, check by check: sheet Data Quality, the page, `checks[]` of `report`.",
    (
        Column("label", "Check", LABEL, each(lambda check: check.label), "what was checked", _RELIABILITY,
            outputs=In.JSON | In.PAGE | In.SHEET),
        Column("ok", "Verdict", _VERDICT, each(lambda check: check.ok),
            "look: it limits how far the figures can be relied on", _RELIABILITY, outputs=In.JSON | In.PAGE | In.SHEET),
        Column("count", "Count", COUNT, each(lambda check: check.count), "rows (or cells, runs) that it is about",
            _RELIABILITY, outputs=In.JSON | In.PAGE | In.SHEET, width=10),
        Column("detail", "Detail", LABEL, each(lambda check: check.detail), "what was seen", _RELIABILITY,
            outputs=In.JSON | In.PAGE | In.SHEET, wrap=True, width=110),
        Column("id", "ID", QUIET, each(lambda check: check.id), "the check's id", _RELIABILITY,
            outputs=In.JSON | In.SHEET, width=22),
    ),
)

DIAGNOSES: Table[Sequence[Diagnosis]] = Table(
    "doctor",
    "Doctor",
    "What a profiling run needs, and whether it is here: `checks[]` of `doctor --json`.",
    (
        Column("id", "ID", LABEL, each(lambda finding: finding.id), "the check's id", _RUNNING, outputs=In.JSON),
        Column("label", "Check", LABEL, each(lambda finding: finding.label), "what was checked", _RUNNING,
            outputs=In.JSON),
        Column("ok", "OK", _KNOWN, each(lambda finding: finding.ok), "null = unknown, or it does not matter", _RUNNING,
            outputs=In.JSON),
        Column("detail", "Detail", LABEL, each(lambda finding: finding.detail), "what was seen", _RUNNING,
            outputs=In.JSON),
        Column("fix", "Fix", LABEL, each(lambda finding: finding.fix), "what to do about it; blank = nothing", _RUNNING,
            outputs=In.JSON),
        Column("mend", "Fix", LABEL, each(lambda finding: finding.fix), "the former name of `fix`", _RUNNING,
            outputs=In.JSON),
    ),
)
