"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfsheet.comparison import Comparison
from perfsheet.comparison.results import SAME
from perfsheet.outputs.html.document import Head, Section, document
from perfsheet.outputs.html.table import PageTable, page_table
from perfsheet.tables import Rows
from perfsheet.tables.changes import CHANGES, FINDING_CHANGES, OPS, findings
from perfsheet.tables.comparison import FIGURES, HOST_OPS, LINES, OP_TYPES
from perfsheet.text import comparison as text
from perfsheet.text import formats
from perfsheet.text.words import planned

_MOST_OPS, _MOST_CHANGES, _MOST_FINDINGS = 2000, 500, 300


def page(comparisons: Sequence[Comparison]) -> str:
    """The whole document; each capture beside the base."""
    names = " and ".join(formats.file_names(comparison.new.summary) for comparison in comparisons)
    head = Head(
        banner=text.banner(comparisons),
        verdicts=[text.headline(comparison) for comparison in comparisons],
    )
    title = f"Before and after · {formats.file_names(comparisons[0].base.summary)} → {names}"
    written = document(title, head, _all(comparisons))
    return planned(written) if all(comparison.plan for comparison in comparisons) else written


def _all(comparisons: Sequence[Comparison]) -> Iterator[Section]:
    for number, comparison in enumerate(comparisons, 1):
        several = len(comparisons) > 1
        suffix, of = (f"-{number}", f" · {formats.file_names(comparison.new.summary)}") if several else ("", "")
        for section in _sections(comparison, suffix):
            yield Section(f"{section.id}{suffix}", f"{section.title}{of}", section.template, section.data)


def _sections(comparison: Comparison, suffix: str) -> Iterator[Section]:
    yield Section("summary", "Summary", "comparison.html", _summary(comparison, suffix))
    if comparison.nothing_changed:
        return
    yield _changes(comparison, suffix)
    types = page_table(f"types-table{suffix}", OP_TYPES, Rows(comparison, comparison.op_types))
    yield _tables("types", OP_TYPES.title, "", types)
    if comparison.lines:
        lines = page_table(f"lines-table{suffix}", LINES, Rows(comparison, comparison.lines[:_MOST_OPS]))
        yield _tables("lines", LINES.title, "", lines)
    host_ops = Rows(comparison, comparison.host_ops)
    if len(host_ops):
        yield _tables("hosts", HOST_OPS.title, "", page_table(f"hosts-table{suffix}", HOST_OPS, host_ops))
    yield _findings(comparison, suffix)
    yield _ops(comparison, suffix)


def _tables(name: str, title: str, note: str, *tables: PageTable) -> Section:
    return Section(name, title, "tables.html", {"note": note, "tables": [("", table) for table in tables]})


def _summary(comparison: Comparison, suffix: str) -> dict[str, object]:
    return {
        "notes": comparison.notes,
        "not_alike": text.NOT_ALIKE,
        "nothing_changed": text.NOTHING_CHANGED if comparison.nothing_changed else "",
        "facts": [
            ("Before", text.side(comparison.base)),
            ("", text.capture(comparison.base)),
            ("Now", text.side(comparison.new)),
            ("", text.capture(comparison.new)),
            ("Ops", text.counts(comparison)),
            ("Noise", text.noise(comparison)),
        ],
        "figures": page_table(f"figures-table{suffix}", FIGURES, Rows(comparison, comparison.figures)),
    }


def _changes(comparison: Comparison, suffix: str) -> Section:
    groups = comparison.groups[:_MOST_CHANGES]
    if not groups:
        return _tables("changes", "What changed", "No op changed; only host ops or findings differ.")
    left_out = len(comparison.groups) - len(groups)
    note = f"{left_out:,} smaller changes are not listed." if left_out else ""
    table = page_table(f"changes-table{suffix}", CHANGES, Rows(comparison, groups))
    return _tables("changes", "What changed", note, table)


def _findings(comparison: Comparison, suffix: str) -> Section:
    listed = findings(comparison)
    left_out = len(listed) - _MOST_FINDINGS
    more = f"; {left_out:,} of them are not listed" if left_out > 0 else ""
    rows = Rows(comparison, listed.items[:_MOST_FINDINGS])
    table = page_table(f"findings-table{suffix}", FINDING_CHANGES, rows)
    return _tables("findings", "Findings", text.finding_counts(comparison.findings) + more, table)


def _ops(comparison: Comparison, suffix: str) -> Section:
    differing = [op for op in comparison.ops if op.status != SAME]
    largest = sorted(differing, key=lambda op: -abs(comparison.span(op.times).delta_ns or 0))[:_MOST_OPS]
    note = f"{len(largest):,} of {len(differing):,} ops that differ, the largest difference first."
    return _tables("ops", "Ops that differ", note, page_table(f"ops-table{suffix}", OPS, Rows(comparison, largest)))
