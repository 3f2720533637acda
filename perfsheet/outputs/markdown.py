"""Markdown for pull requests: the report of a capture, and comparisons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.capture.notes import rows
from perfsheet.comparison import Comparison
from perfsheet.tables import Column, In, Rows, Table
from perfsheet.tables import comparison as compared
from perfsheet.tables.causes import CAUSES, causes
from perfsheet.tables.changes import CHANGES
from perfsheet.tables.op_rows import top_ops
from perfsheet.tables.ops import OPS
from perfsheet.tables.reshards import TRANSITIONS
from perfsheet.tables.sources import SOURCE_GROUPS, source_groups
from perfsheet.tables.totals import CATEGORIES, TIME_SPLIT
from perfsheet.text import causes as text_of_causes
from perfsheet.text import comparison as text
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.headline import HeadlineValue, headline, run_outcome, run_source
from perfsheet.text.safe import clean
from perfsheet.text.words import planned

_CAUSES, _OPS, _CATEGORIES, _TRANSITIONS, _LINES = 10, 20, 12, 10, 8
_BAR = 60


def report(analysis: Analysis) -> str:
    """The report of a capture, short enough for a comment or a CI step summary; without empty sections."""
    text = "\n".join(_report(analysis)) + "\n"
    return text if analysis.plan is None else planned(text)


def _report(analysis: Analysis) -> Iterator[str]:
    summary = analysis.summary
    yield f"## Perf sheet · {plain(formats.file_names(summary))}"
    yield ""
    if banner := sentences.banner(summary):
        yield f"> **{plain(banner)}**"
        yield ""
    verdict, *table = _causes(analysis)
    yield verdict
    yield ""
    if pieces := sentences.time_bar(summary, _BAR):
        yield f"`{''.join(piece for _, piece in pieces)}`  "
        yield f"{plain(sentences.time_split(summary, sentences.BLOCKS))}."
        yield ""
    yield f"{plain(sentences.capture(summary))}."
    yield ""
    for warning in summary.warnings:
        yield f"- ⚠️ {plain(warning)}"
    yield ""
    yield from table
    yield "### Figures"
    yield ""
    for fact in (formats.at_a_glance(summary), *sentences.figures_of(summary)):
        yield plain(fact)
        yield ""
    yield from _headline(headline(analysis))
    yield "### Top ops by device kernel duration"
    yield ""
    yield from table_of(OPS, top_ops(analysis, _OPS))
    left_out = summary.timed_ops - _OPS
    if left_out > 0:
        why = "unknown, or the profiler has no model" if analysis.plan is None else "unknown"
        yield f"{left_out:,} shorter ops are not listed; – = {why}."
        yield ""
    yield "### Where the time goes"
    yield ""
    if summary.time_split.elapsed_ns > 0:
        yield from table_of(TIME_SPLIT, summary.time_split.shown)
    yield from table_of(CATEGORIES, Rows(analysis, analysis.categories[:_CATEGORIES]))
    yield from _source(analysis)
    if analysis.reshards.ops:
        yield "### Reshards"
        yield ""
        yield from table_of(TRANSITIONS, analysis.reshards.transitions[:_TRANSITIONS])
    yield from _run_info(analysis)


def _source(analysis: Analysis) -> Iterator[str]:
    """The lines with most kernel time, memory and accuracy; nothing without a graph report."""
    graph = analysis.graph
    if graph is None:
        return
    yield "### Source"
    yield ""
    if graph.joined.report.has_stacks:
        lines = source_groups(analysis, GroupBy.LINE)
        yield from table_of(SOURCE_GROUPS, Rows(analysis, lines.items[:_LINES]))
        if len(lines) > _LINES:
            yield f"{_LINES} of {len(lines):,} lines, most kernel time first."
            yield ""
    for sentence in filter(None, (text_of_graph.memory(analysis), text_of_graph.accuracy(analysis))):
        yield f"{plain(sentence)}."
        yield ""
    if joined := text_of_graph.joined(graph):
        yield f"{plain(joined)}."
        yield ""


def _headline(shown: Sequence[HeadlineValue]) -> Iterator[str]:
    yield f"| {' | '.join(metric.label for metric in shown)} |"
    yield f"|{' ---: |' * len(shown)}"
    yield f"| {' | '.join(metric.text for metric in shown)} |"
    yield ""


def _causes(analysis: Analysis) -> Iterator[str]:
    yield f"**{plain(text_of_causes.verdict(analysis))}**"
    yield ""
    if not (shown := analysis.first_causes(_CAUSES)):
        return
    yield "### What to fix first"
    yield ""
    yield from table_of(CAUSES, causes(analysis, _CAUSES))
    of_all = f"{len(shown)} of {rows(len(analysis.causes), 'cause')}"
    yield f"{of_all}. {plain(text_of_causes.left(analysis, shown))}"
    yield f"{plain(sentences.upper_bounds(analysis.summary))}"
    yield ""
    yield from _tried(analysis)


def _tried(analysis: Analysis) -> Iterator[str]:
    """On which board the causes were tried, and the Python of what TTNN accepts; nothing where they were not."""
    if analysis.tried is None:
        return
    from perfsheet.tables.trials import tried_causes
    from perfsheet.text import trials as text_of_trials

    yield f"{plain(text_of_trials.ground(analysis.tried.board))}"
    yield ""
    for trial in tried_causes(analysis):
        if trial.best is not None:
            label = f"{trial.cause_id}: {text_of_trials.way(trial.best)}"
            yield f"<details><summary>{plain(label)}</summary>"
            yield ""
            yield "```python"
            yield trial.best.code
            yield "```"
            yield ""
            yield "</details>"
            yield ""


def _run_info(analysis: Analysis) -> Iterator[str]:
    what = "measured" if analysis.plan is None else "planned"
    yield f"<details><summary>What was {what} (perfsheet {__version__})</summary>"
    yield ""
    for name, value in (*run_source(analysis), *run_outcome(analysis)):
        yield f"- {name}: {plain(value)}"
    yield ""
    yield "</details>"


Item = TypeVar("Item")
R = TypeVar("R")
_MOST_ROWS, _MOST_OP_TYPES = 10, 12


def compare(comparisons: Sequence[Comparison]) -> str:
    """The comparisons, one below the other."""
    written = "\n".join(line for comparison in comparisons for line in _comparison(comparison)) + "\n"
    return planned(written) if all(comparison.plan for comparison in comparisons) else written


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield f"## Before and after · {plain(text.headline(comparison))}"
    yield ""
    for name, side in (("before", comparison.base), ("now", comparison.new)):
        yield f"- {name}: {_side(side)}. {plain(text.capture(side))}"
    for note in comparison.notes:
        yield f"- ⚠️ {plain(note)}"
    yield ""
    if comparison.nothing_changed:
        yield text.NOTHING_CHANGED
    else:
        yield from _differences(comparison)
    yield f"<sub>{plain(text.counts(comparison))}. {plain(text.noise(comparison))}. perfsheet {__version__}</sub>"


def _side(side: Analysis) -> str:
    banner = sentences.banner(side.summary)
    return f"{plain(text.short_side(side))}{f' · **{plain(banner)}**' if banner else ''}"


def _differences(comparison: Comparison) -> Iterator[str]:
    yield from table_of(compared.FIGURES, Rows(comparison, comparison.figures))
    gains, losses = text.gains_and_losses(comparison)
    yield from _section(gains, CHANGES, comparison, comparison.gains)
    yield from _section(losses, CHANGES, comparison, comparison.losses)
    yield from _section("Other changes", CHANGES, comparison, comparison.other_changes)
    yield from _section(
        compared.OP_TYPES.title, compared.OP_TYPES, comparison, comparison.op_types_changed, _MOST_OP_TYPES
    )
    yield from _section(compared.LINES.title, compared.LINES, comparison, comparison.lines_changed, _MOST_OP_TYPES)
    yield from _section(compared.HOST_OPS.title, compared.HOST_OPS, comparison, comparison.host_ops_changed)
    yield from _finding_changes(comparison)


def _section(
    title: str,
    table: Table[Rows[Comparison, Item]],
    comparison: Comparison,
    items: Sequence[Item],
    most: int = _MOST_ROWS,
) -> Iterator[str]:
    """A title and the first items; nothing if there are none."""
    if not items:
        return
    yield f"### {title}"
    yield ""
    yield from table_of(table, Rows(comparison, items[:most]))
    if len(items) > most:
        yield f"{most} of {len(items):,}, the largest."
        yield ""


def _finding_changes(comparison: Comparison) -> Iterator[str]:
    changes = comparison.findings
    yield f"### Findings: {text.finding_counts(changes)}"
    yield ""
    for status, some in (("fixed", changes.fixed), ("new", changes.new)):
        for change in some[:_MOST_ROWS]:
            yield f"- {status}: {plain(text.finding(change))}"
        if len(some) > _MOST_ROWS:
            yield f"- {status}: {len(some) - _MOST_ROWS:,} more"
    yield ""


_LONGEST = 600
# What Markdown, HTML or GitHub (mentions, references, bare addresses) would interpret.
_SPECIAL = re.compile(r"[\\`*<>\[\]|@#~$&!]|://|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def table_of(table: Table[R], rows: R, columns: Sequence[Column[R]] | None = None) -> Iterator[str]:
    """The lines of a declared table and a blank line; `columns`: those to show (default: all in Markdown)."""
    shown = table.columns_in(In.MARKDOWN, rows) if columns is None else columns
    yield f"| {' | '.join(column.header(In.MARKDOWN) for column in shown)} |"
    yield f"|{''.join(' ---: |' if column.number else ' --- |' for column in shown)}"
    for cells in zip(*(_cells(column, rows) for column in shown), strict=True):
        yield f"| {' | '.join(cells)} |"
    yield ""


def _cells(column: Column[R], rows: R) -> list[str]:
    texts = column.texts(rows)
    if column.code:
        return list(map(code, texts))
    if column.mark is not None and column.mark.name == "not-physical":
        marked = column.mark.where(rows)
        return [f"{text} (not physical)" if bad else text for text, bad in zip(texts, marked, strict=True)]
    return texts if column.number or column.own else list(map(plain, texts))


def plain(text: str) -> str:
    """Text of a capture, escaped so that Markdown shows it as it is."""
    return _SPECIAL.sub(lambda match: "".join(f"&#{ord(character)};" for character in match[0]), clean(text, _LONGEST))


def code(text: str) -> str:
    """Text of a capture as a code span; what would end the span or the cell is replaced."""
    safe = clean(text, _LONGEST).replace("`", "'").replace("|", "¦").replace("\\", "/").replace("](", "] (").strip()
    return f"`{safe}`" if safe else ""
