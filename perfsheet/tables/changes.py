"""The tables of what changed between two captures: changes, ops and findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import Finding, RowRef
from perfsheet.analysis.statistics import known_ints
from perfsheet.comparison import Comparison
from perfsheet.comparison.results import ChangeGroup, ComparedOp, FindingChange
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.comparison import ALL, BASE_TIMES, DIFFERENCES, NEW_TIMES, whole, without
from perfsheet.tables.findings import FINDINGS, FindingRows
from perfsheet.tables.kinds import CORES, COUNT, LABEL, LIST, NS, ROWS, TEXT, Kind
from perfsheet.text import comparison as text
from perfsheet.text import formats

_COMPARE = "docs/compare.md"
_MOST_ROWS = 8


def _changes_data(item: ChangeGroup | ComparedOp) -> dict[str, list[str | None]]:
    return {change.name: [change.before, change.after] for change in item.changes}


_CHANGES = Kind("changes", text.what, _changes_data, cell=text.what, number=False, width=80)


def _rows_text(refs: Sequence[RowRef]) -> str:
    """The first rows of an op, one per pass, and how many there are."""
    named = [formats.place(ref, ref.several_files) for ref in refs[:_MOST_ROWS]]
    more = f", … ({len(refs)})" if len(refs) > _MOST_ROWS else ""
    return ", ".join(named) + more or "–"


def _rows_cell(refs: Sequence[RowRef]) -> str | int | None:
    """A single row is a number."""
    if len(refs) == 1 and not refs[0].several_files:
        return refs[0].row
    return _rows_text(refs) if refs else None


_ROWS = replace(ROWS, text=_rows_text, cell=_rows_cell, style="right", width=12)
OpRows = Rows[Comparison, ComparedOp]


def _of_side(side: str, value: Callable[[Analysis, tuple[int, ...]], Any]) -> Callable[[OpRows], list[Any]]:
    """A value from the analysis and the ops of side `base` or `new`."""
    return lambda rows: [value(getattr(rows.source, side), getattr(op, side)) for op in rows]


def _shape(analysis: Analysis, positions: tuple[int, ...]) -> str:
    return shape_of(analysis.ops, positions[-1]).shape if positions else ""


def _cores(analysis: Analysis, positions: tuple[int, ...]) -> tuple[int, ...]:
    return known_ints(analysis.ops.cores[list(positions)])


# fmt: off
def _side_columns(side: str, when: str) -> tuple[Column[OpRows], ...]:
    return (
        Column(f"{side}_op_code", f"Op code {when}", TEXT, each(lambda op: getattr(op, f"{side}_code")),
            f"the device operation {when}", outputs=In.JSON | In.PAGE | In.SHEET, text=lambda code: code or "–",
            width=30),
        Column(f"{side}_rows", f"Rows {when}", _ROWS, _of_side(side, Analysis.row_refs),
            f"its rows in the capture {when}, one per pass", outputs=In.JSON | In.PAGE | In.SHEET),
        Column(f"{side}_shape", f"Shape {when}", LABEL, _of_side(side, _shape), "as in table `ops`", outputs=In.SHEET),
        Column(f"{side}_cores", f"Cores {when}", CORES, _of_side(side, _cores), "the distinct core counts",
            outputs=In.SHEET),
    )


CHANGES: Table[Rows[Comparison, ChangeGroup]] = Table(
    "changes",
    "Changes",
    "Ops with the same change together, the largest difference of time first: `compare`, sheet Changes.",
    (
        Column("status", "Status", LABEL, each(lambda group: group.status), "changed, split, fused, added or removed",
            _COMPARE, outputs=ALL, width=10),
        Column("op_code", "Op code", LABEL, each(lambda group: group.op_code), "the device operation", outputs=ALL,
            code=True, width=34),
        Column("count", "Ops", COUNT, each(lambda group: group.count), "ops of one pass", outputs=ALL, width=7),
        *without(In.TEXT, *BASE_TIMES, *NEW_TIMES), *DIFFERENCES,
        Column("base", "Shape, layout before", TEXT, each(lambda group: group.base), "of one of the ops",
            outputs=In.JSON | In.SHEET, wrap=True, width=38),
        Column("new", "Shape, layout now", TEXT, each(lambda group: group.new), "of one of the ops",
            outputs=In.JSON | In.SHEET, wrap=True, width=38),
        Column("where", "Shape, layout", LABEL, each(text.where), "of one of the ops, before ⇒ now", outputs=In.TEXT,
            wrap=True, code=True),
        Column("changes", "What changed", _CHANGES, list, "attribute by attribute, before → now", _COMPARE, outputs=ALL,
            wrap=True),
        Column("ops", "Ops", LIST, each(lambda group: group.members), "places in table `compared_ops`, from 0",
            outputs=In.JSON),
    ),
)

OPS: Table[OpRows] = Table(
    "compared_ops",
    "Ops",
    "Every op of both captures once, in execution order: `compare --json`, sheet All Ops, the page.",
    (
        Column("status", "Status", LABEL, each(lambda op: op.status), "same, changed, split, fused, added or removed",
            _COMPARE, outputs=In.JSON | In.PAGE | In.SHEET, width=10),
        Column("op_code", "Op code", LABEL, each(lambda op: op.op_code), "the device operation", outputs=In.JSON),
        *_side_columns("base", "before"), *without(In.TERMINAL | In.MARKDOWN, *BASE_TIMES),
        *_side_columns("new", "now"), *without(In.TERMINAL | In.MARKDOWN, *NEW_TIMES, *DIFFERENCES),
        Column("changes", "What changed", _CHANGES, list, "attribute by attribute, before → now", _COMPARE,
            outputs=In.JSON | In.PAGE | In.SHEET, width=90),
    ),
)

# fmt: on


class ListedFinding(NamedTuple):
    """A finding of either side, and whether it is `fixed`, `new` or `remaining`."""

    status: str
    change: FindingChange


FindingChangeRows = Rows[Comparison, ListedFinding]


def findings(comparison: Comparison) -> FindingChangeRows:
    """All findings of both sides: new ones, fixed ones, then those that remain."""
    changes = comparison.findings
    sides = (("new", changes.new), ("fixed", changes.fixed), ("remaining", changes.remaining))
    return Rows(comparison, [ListedFinding(status, change) for status, of_status in sides for change in of_status])


def _of_finding(value: Callable[[Finding], Any]) -> Callable[[FindingChangeRows], list[Any]]:
    return each(lambda listed: value(listed.change.finding))


def _of_both(side: str, value: Callable[[Finding], Any]) -> Callable[[FindingChangeRows], list[Any]]:
    """A figure of side `base` or `new`; None where it has no such finding."""
    return each(lambda listed: None if (finding := getattr(listed.change, side)) is None else value(finding))


# fmt: off
FINDING_CHANGES: Table[FindingChangeRows] = Table(
    "compared_findings",
    "Findings",
    "The findings of both captures: new, fixed and remaining ones; sheet Findings, the page.",
    (
        Column("status", "Status", LABEL, each(lambda listed: listed.status), "new, fixed or remaining", _COMPARE,
            outputs=In.PAGE | In.SHEET, width=11),
        Column("title", "Rule", LABEL, _of_finding(lambda finding: finding.rule.title), "what was found",
            outputs=In.PAGE | In.SHEET, width=26),
        Column("op_code", "Op code", LABEL, _of_finding(lambda finding: finding.signature.op_code),
            "the device operation; of a chain of ops, all of them", outputs=In.PAGE | In.SHEET, wrap=True, width=36),
        Column("base_count", "Ops before", COUNT, _of_both("base", lambda finding: finding.count),
            "ops (or host rows) behind it before", outputs=In.PAGE | In.SHEET),
        Column("new_count", "Ops now", COUNT, _of_both("new", lambda finding: finding.count),
            "ops (or host rows) behind it now", outputs=In.PAGE | In.SHEET),
        Column("base_kernel_ns", "Kernel duration before", NS, _of_both("base", lambda finding: finding.kernel_ns),
            "Σ kernel duration of these ops before", outputs=In.PAGE | In.SHEET, text=whole),
        Column("new_kernel_ns", "Kernel duration now", NS, _of_both("new", lambda finding: finding.kernel_ns),
            "Σ kernel duration of these ops now", outputs=In.PAGE | In.SHEET, text=whole),
        Column("base_saving_ns", "Saves at most before", NS, _of_both("base", lambda finding: finding.saving_ns),
            "upper bound of what a fix could save before; empty = unknown", outputs=In.PAGE | In.SHEET, text=whole),
        Column("new_saving_ns", "Saves at most now", NS, _of_both("new", lambda finding: finding.saving_ns),
            "upper bound of what a fix could save now; empty = unknown", outputs=In.PAGE | In.SHEET, text=whole),
        Column("advice", "Advice", LABEL, _of_finding(lambda finding: finding.advice), "what to try",
            outputs=In.PAGE | In.SHEET, wrap=True, width=70),
        Column("tensors", "Inputs → outputs", LABEL, _of_finding(lambda finding: finding.signature.tensors),
            "all tensors: padded[logical] extents, data type, memory", outputs=In.SHEET, wrap=True, width=60),
    ),
)
# fmt: on
_SIZE_KEYS = ("id", "count", "kernel_duration_ns", "saving_ns")
FINDINGS_OF_SIDE: Table[FindingRows] = Table(
    "findings_of_side",
    "Findings of a side",
    "Fixed, new and remaining findings: `compare --json`.",
    tuple(FINDINGS.pick("rule", "op_code", "signature", *_SIZE_KEYS, "rows")),
    In.JSON,
)
FINDINGS_BEFORE: Table[FindingRows] = Table(
    "findings_before",
    "Findings before",
    "Remaining findings as they were before: `compare --json`.",
    tuple(FINDINGS.pick(*_SIZE_KEYS)),
    In.JSON,
)
