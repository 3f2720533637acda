"""The findings on the page: a line each, the rest of what is known behind it."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import facts
from perfsheet.text import formats, sentences

_OPEN, _FIRST = 3, 20
_ROWS_NAMED = 40


def findings_section(analysis: Analysis) -> str:
    """All findings, largest saving first; the first ones unfolded."""
    if not analysis.findings:
        return f"<p>{safe(formats.no_finding(analysis.summary))}</p>"
    several = analysis.summary.passes.count > 1
    mended = "".join(f"<li>{safe(sentences.what_if(one, several))}</li>" for one in analysis.what_if)
    main = analysis.main_findings
    unfolded = {finding.id for finding in main[:_OPEN]}
    listed = [_finding(analysis, finding, finding.id in unfolded) for finding in analysis.findings]
    first, rest = listed[:_FIRST], listed[_FIRST:]
    more = f"<details><summary>{len(rest):,} more findings</summary>{''.join(rest)}</details>" if rest else ""
    return (
        f'<p class="note">{safe(sentences.upper_bounds(analysis.summary))}</p>{"".join(first)}{more}'
        f"<h3>If they were mended</h3><ul>{mended}</ul>"
    )


def _finding(analysis: Analysis, finding: Finding, unfolded: bool) -> str:
    part = f' <span class="part">part of {finding.part_of}</span>' if finding.part_of else ""
    cores = f"{formats.span_of_grid(finding.cores, finding.worker_cores)} cores" if finding.cores else ""
    count = f"{finding.count:,} {'row' if finding.count == 1 else 'rows'}"
    kernel = f"{formats.whole(finding.kernel_ns)} ns, {formats.percent(finding.share)} of kernel time"
    link = f'<a class="rows" href="#ops" data-finding="{finding.id}">{count} ▸</a>' if len(finding.positions) else count
    return (
        f'<details class="finding" id="{finding.id}"{" open" if unfolded else ""}><summary><b>{finding.id}</b> '
        f"{safe(finding.rule.title)}: <span>{safe(finding.signature.op_code)}</span>{part}"
        f"<em>{safe(sentences.saving_of(finding))}</em></summary>"
        f'<p class="advice">{safe(finding.advice)}</p><p>{safe(", ".join(filter(None, (kernel, cores))))} · {link}</p>'
        f"{facts(_facts(analysis, finding))}</details>"
    )


def _facts(analysis: Analysis, finding: Finding) -> list[tuple[str, str]]:
    signature = finding.signature
    entries = (
        ("Saving is", finding.rule.saving_formula),
        (
            "Adds",
            "" if finding.saving_ns is None else f"{formats.whole(finding.added_ns)} ns to the findings before it",
        ),
        ("Caveat", finding.rule.caveat),
        ("Evidence", sentences.evidence(finding)),
        ("Tensors", signature.tensors if signature.has_tensors else ""),
        ("Fidelity", signature.math_fidelity),
        ("Program config", signature.program_config),
        ("Rows of the capture", _rows(analysis, finding)),
    )
    return [(name, value) for name, value in entries if value]


def _rows(analysis: Analysis, finding: Finding) -> str:
    several = len(analysis.summary.paths) > 1
    named = [formats.place(analysis.table_ref(row), several) for row in finding.rows[:_ROWS_NAMED].tolist()]
    more = finding.count - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
