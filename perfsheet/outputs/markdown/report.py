"""The report in Markdown, short enough for a pull request's comment or a CI step summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.outputs.markdown.table import plain, table_of
from perfsheet.tables import Rows
from perfsheet.tables.findings import FINDINGS
from perfsheet.tables.ops import OPS, top_ops
from perfsheet.tables.reshards import TRANSITIONS
from perfsheet.tables.totals import OP_TYPES
from perfsheet.text import formats, run_info, sentences
from perfsheet.text.headline import HeadlineValue, headline

_FINDINGS, _OPS, _CATEGORIES, _TRANSITIONS = 10, 20, 12, 10


def markdown(analysis: Analysis) -> str:
    """The whole text; sections without content are left out."""
    return "\n".join(_lines(analysis)) + "\n"


def _lines(analysis: Analysis) -> Iterator[str]:
    summary = analysis.summary
    yield f"## Perf sheet · {plain(formats.file_names(summary))}"
    yield ""
    if summary.provenance.replayed:
        yield f"> **{formats.REPLAYED}**"
        yield ""
    yield plain(formats.at_a_glance(summary))
    yield ""
    yield from _headline(headline(analysis))
    yield f"{plain(sentences.capture(summary))}."
    yield ""
    for warning in summary.warnings:
        yield f"- ⚠️ {plain(warning)}"
    yield ""
    yield from _findings(analysis)
    yield "### Top ops by device kernel duration"
    yield ""
    yield from table_of(OPS, top_ops(analysis, _OPS))
    left_out = summary.timed_rows - _OPS
    if left_out > 0:
        yield f"{left_out:,} shorter ops are not listed; – = unknown, or the profiler has no model."
        yield ""
    yield "### Where the time goes"
    yield ""
    yield from table_of(OP_TYPES, Rows(analysis, analysis.categories[:_CATEGORIES]))
    if analysis.reshards.ops:
        yield "### Reshards"
        yield ""
        yield from table_of(TRANSITIONS, analysis.reshards.transitions[:_TRANSITIONS])
    yield from _measured(analysis)


def _headline(shown: Sequence[HeadlineValue]) -> Iterator[str]:
    yield f"| {' | '.join(metric.label for metric in shown)} |"
    yield f"|{' ---: |' * len(shown)}"
    yield f"| {' | '.join(metric.text for metric in shown)} |"
    yield ""


def _findings(analysis: Analysis) -> Iterator[str]:
    yield "### What to fix first"
    yield ""
    main = analysis.main_findings
    if not main:
        yield formats.no_finding(analysis.summary)
        yield ""
        return
    yield from table_of(FINDINGS, Rows(analysis, main[:_FINDINGS]))
    yield f"{min(len(main), _FINDINGS)} of {len(main):,} findings. {plain(sentences.upper_bounds(analysis.summary))}"
    yield ""


def _measured(analysis: Analysis) -> Iterator[str]:
    yield f"<details><summary>What was measured (perfsheet {__version__})</summary>"
    yield ""
    for name, value in (*run_info.source(analysis), *run_info.outcome(analysis)):
        yield f"- {name}: {plain(value)}"
    yield ""
    yield "</details>"
