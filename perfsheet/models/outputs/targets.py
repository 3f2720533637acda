"""Benchmark records held against central targets, in the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.capture.notes import rows
from perfsheet.light_dataclass import dataclass
from perfsheet.models.targets import TargetCheck, TargetEntry, canonical_sku
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.terminal.screen import line, screen_for


@dataclass(frozen=True)
class RecordVerdict:
    """A record, the entry that it is held against (None = there is none), and its metrics."""

    path: str
    name: str
    sku: str
    entry: TargetEntry | None
    checks: tuple[TargetCheck, ...]

    @property
    def gap(self) -> str:
        """Why nothing was checked."""
        if self.entry is not None and not self.entry.todo:
            return f"the targets of {self.entry.name} have none for a run that measures what this one does"
        what = "a gap (TODO)" if self.entry is not None and self.entry.todo else "no target"
        return f"the targets have {what} for {self.name} on {canonical_sku(self.sku)}"


def verdicts_json(targets: str, verdicts: Sequence[RecordVerdict]) -> Json:
    """`perfsheet suite targets --json` (docs/json.md)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "targets": targets,
        "records": [
            {
                "file": verdict.path,
                "model": verdict.name,
                "sku": canonical_sku(verdict.sku),
                "target": None if verdict.entry is None else verdict.entry.name,
                "todo": verdict.entry is not None and verdict.entry.todo,
                "checks": [
                    {
                        "metric": check.metric.name,
                        "ok": check.ok,
                        "measured": check.measured,
                        "problem": check.problem or None,
                        "expected": check.metric.expected,
                        "low": check.metric.low,
                        "high": check.metric.high,
                    }
                    for check in verdict.checks
                ],
            }
            for verdict in verdicts
        ],
    }


def print_verdicts(verdicts: Sequence[RecordVerdict], out: TextIO) -> None:
    """A line per metric, missed ones first, under the entry that they are of."""
    screen = screen_for(out)
    for verdict in verdicts:
        if verdict.entry is None or not verdict.checks:
            continue
        screen.print(line(f"{verdict.entry.name}: {verdict.path}", "bold"))
        for check in sorted(verdict.checks, key=lambda one: one.ok):
            screen.print(line(f"{'ok  ' if check.ok else 'FAIL'}  {check.sentence}", "" if check.ok else "red"))
    every = [check for verdict in verdicts for check in verdict.checks]
    missed = sum(not check.ok for check in every)
    screen.print(line(f"{missed} of {len(every)} targets missed" if missed else f"{rows(len(every), 'target')} kept"))
