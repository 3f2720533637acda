"""The findings in the terminal."""

from __future__ import annotations

import textwrap
from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.capture.notes import rows
from perfsheet.outputs.terminal import console_for, line, print_rows
from perfsheet.outputs.terminal.ops import print_head
from perfsheet.tables.findings import RULE_TOTALS
from perfsheet.text import formats, sentences
from perfsheet.text.formats import clean

_ROWS_NAMED = 8
_INDENT = "   "
_TENSORS_SHOWN = 220
_ALSO = 3


def print_hotspots(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Totals of every rule, then the first `count` findings with what to do about each."""
    console = console_for(out)
    print_head(console, analysis.summary)
    print_rows(console, RULE_TOTALS, [total for total in analysis.rule_totals if total.rows])
    if unchecked := formats.unchecked(analysis.summary):
        console.print(line(unchecked, "yellow"))
    if analysis.reshard_pairs:
        console.print(line(f"{rows(analysis.reshard_pairs, 'reshard')} directly after another one."))
    console.print()
    main = analysis.main_findings
    shown = main[:count]
    if not shown:
        console.print(line(formats.no_finding(analysis.summary)))
        return
    parts: dict[str | None, list[Finding]] = {}
    for finding in analysis.findings:
        parts.setdefault(finding.part_of, []).append(finding)
    for finding in shown:
        _print_finding(console, finding, _rows(analysis, finding), parts.get(finding.id, []))
    within = len(analysis.findings) - len(main)
    more = f"; {within:,} more {'is' if within == 1 else 'are'} about the same ops" if within else ""
    console.print(line(f"{len(shown):,} of {len(main):,} findings, largest saving first{more}.", "dim"))
    console.print(line(sentences.upper_bounds(analysis.summary), "dim"))
    console.print(line(f"{sentences.IF_FIXED}:", "bold"))
    for estimate in analysis.what_if:
        text = sentences.what_if(estimate, analysis.summary.passes.count > 1)
        for part in textwrap.wrap(text, console.width - len(_INDENT)):
            console.print(line(_INDENT + part))


def _rows(analysis: Analysis, finding: Finding) -> str:
    """The rows of its first ops in the capture."""
    shown = [analysis.table_ref(row) for row in finding.rows[:_ROWS_NAMED].tolist()]
    several = len(analysis.summary.paths) > 1
    places = [formats.place(ref, several) for ref in shown]
    more = "" if len(shown) == finding.count else f" and {finding.count - len(shown):,} more"
    return f"{'row' if finding.count == 1 else 'rows'} {', '.join(places)}{more} of the capture"


def _also(parts: list[Finding]) -> str:
    """`Also: H2 low core count (saves at most 58,177,417 ns).`: other findings about the same ops."""
    named = [f"{part.id} {part.rule.title_in_sentence} ({sentences.saving_of(part)})" for part in parts[:_ALSO]]
    more = [f"{len(parts) - _ALSO:,} more"] if len(parts) > _ALSO else []
    return f"Also: {', '.join([*named, *more])}." if parts else ""


def _print_finding(console: Console, finding: Finding, places: str, parts: list[Finding]) -> None:
    times = "op" if finding.count == 1 else "ops"
    console.print(
        line(f"{finding.id} {finding.rule.title}: {finding.signature.op_code}, {finding.count:,} {times}", "bold")
    )
    if finding.rule.saves_gaps:
        figures = sentences.evidence(finding)
    else:
        cores = f", on {formats.span_of_grid(finding.cores, finding.worker_cores)} cores" if finding.cores else ""
        figures = f"{formats.whole(finding.kernel_ns)} ns, {formats.percent(finding.share)} of kernel time{cores}"
    facts = f"{sentences.saving_of(finding)}; {figures}"
    tensors = finding.signature.tensors if finding.signature.has_tensors else ""
    shown = (
        (facts, ""),
        (clean(tensors, _TENSORS_SHOWN), "dim"),
        (places, "dim"),
        (finding.advice, ""),
        (finding.rule.caveat, "dim"),
        (_also(parts), ""),
    )
    for text, style in shown:
        for part in textwrap.wrap(clean(text), console.width - len(_INDENT)):
            console.print(line(_INDENT + part, style))
    console.print()
