"""The findings in the terminal."""

from __future__ import annotations

import textwrap
from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.result import Finding, RuleTotal
from perfsheet.render import phrases, words
from perfsheet.render.terminal.console import console_for, line
from perfsheet.render.terminal.head import print_head
from perfsheet.render.terminal.table import Field, print_table
from perfsheet.render.words import clean

_ROWS_NAMED = 8
_INDENT = "   "
_TENSORS_SHOWN = 220

_TOTAL_FIELDS: tuple[Field[RuleTotal], ...] = (
    Field("RULE", lambda total: total.rule.title, number=False),
    Field("OPS", lambda total: f"{total.rows:,}"),
    Field("KERNEL [ns]", lambda total: words.whole(total.kernel_ns)),
    Field("SHARE %", lambda total: words.in_percent(total.share)),
)


def render(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Totals of every rule, then the first `count` findings with what to do about each."""
    console = console_for(out)
    print_head(console, analysis.summary)
    print_table(console, _TOTAL_FIELDS, [total for total in analysis.rule_totals if total.rows])
    if unchecked := words.unchecked(analysis.summary):
        console.print(line(unchecked, "yellow"))
    if analysis.reshard_pairs:
        console.print(line(f"{analysis.reshard_pairs:,} reshards directly follow another reshard."))
    console.print()
    shown = analysis.findings[:count]
    if not shown:
        console.print(line(words.no_finding(analysis.summary)))
        return
    for finding in shown:
        _print_finding(console, finding, _rows(analysis, finding))
    console.print(line(f"{len(shown):,} of {len(analysis.findings):,} findings, largest saving first.", "dim"))
    console.print(line(words.UPPER_BOUNDS, "dim"))
    console.print(line("If they were mended:", "bold"))
    for one in analysis.what_if:
        console.print(line(_INDENT + phrases.what_if(one)))


def _rows(analysis: Analysis, finding: Finding) -> str:
    """Where the first of its ops stand in the capture."""
    shown = [analysis.row_ref(position) for position in finding.positions[:_ROWS_NAMED].tolist()]
    several = len(analysis.summary.paths) > 1
    places = [words.place(ref, several) for ref in shown]
    more = "" if len(shown) == finding.count else f" and {finding.count - len(shown):,} more"
    return f"{'row' if finding.count == 1 else 'rows'} {', '.join(places)}{more} of the capture"


def _print_finding(console: Console, finding: Finding, rows: str) -> None:
    times = "op" if finding.count == 1 else "ops"
    console.print(
        line(f"{finding.id} {finding.rule.title}: {finding.signature.op_code}, {finding.count:,} {times}", "bold")
    )
    cores = words.span_of_grid(finding.cores, finding.worker_cores)
    facts = (
        f"{phrases.saving_of(finding)}; {words.whole(finding.kernel_ns)} ns, {words.percent(finding.share)} of kernel "
        "time"
        f"{f', on {cores} cores' if finding.cores else ''}"
    )
    tensors = finding.signature.tensors if finding.signature.has_tensors else ""
    shown = (
        (facts, ""),
        (clean(tensors, _TENSORS_SHOWN), "dim"),
        (rows, "dim"),
        (finding.advice, ""),
        (phrases.adds_little(finding) or finding.rule.caveat, "dim"),
    )
    for text, style in shown:
        for part in textwrap.wrap(clean(text), console.width - len(_INDENT)):
            console.print(line(_INDENT + part, style))
    console.print()
