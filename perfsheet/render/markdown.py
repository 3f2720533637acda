"""The report in Markdown, short enough for a pull request's comment or a CI step summary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.analysis.reshards import Transition
from perfsheet.analysis.result import Finding, OpType, RankedOp
from perfsheet.render import measured, phrases, words
from perfsheet.render.tiles import Tile, tiles

Item = TypeVar("Item")

_FINDINGS, _OPS, _CATEGORIES, _TRANSITIONS = 10, 20, 12, 10
_LONGEST = 600
# What Markdown, HTML in it, or GitHub (mentions, references, bare addresses) would read as more than text.
_SPECIAL = re.compile(r"[\\`*<>\[\]|@#~$&!]|://|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


@dataclass(frozen=True)
class _Column(Generic[Item]):
    header: str
    cell: Callable[[Item], str]
    number: bool = True


def markdown(analysis: Analysis) -> str:
    """The whole text; sections without content are left out."""
    return "\n".join(_lines(analysis)) + "\n"


def plain(text: str) -> str:
    """Text of a capture that reads as it is, and is nothing but text."""
    return _SPECIAL.sub(lambda match: "".join(f"&#{ord(one)};" for one in match[0]), words.clean(text, _LONGEST))


def _code(text: str) -> str:
    """The same in a code span: nothing in it is markup, but for what would end it or the cell."""
    safe = words.clean(text, _LONGEST).replace("`", "'").replace("|", "¦").replace("\\", "/").strip()
    return f"`{safe}`" if safe else ""


def _lines(analysis: Analysis) -> Iterator[str]:
    summary = analysis.summary
    yield f"## Perf sheet · {plain(words.file_names(summary))}"
    yield ""
    if summary.provenance.replayed:
        yield f"> **{words.REPLAYED}**"
        yield ""
    yield plain(words.at_a_glance(summary))
    yield ""
    yield from _tiles(tiles(analysis))
    for warning in summary.warnings:
        yield f"- ⚠️ {plain(warning)}"
    yield ""
    yield from _findings(analysis)
    yield "### Top ops by device kernel duration"
    yield ""
    yield from _table(_ops(), analysis.top(_OPS))
    left_out = summary.timed_rows - _OPS
    if left_out > 0:
        yield f"{left_out:,} shorter ops are not listed; – = unknown, or the profiler has no model."
        yield ""
    yield "### Where the time goes"
    yield ""
    yield from _table(_CATEGORY, analysis.categories[:_CATEGORIES])
    if analysis.reshards.ops:
        yield "### Reshards"
        yield ""
        yield from _table(_TRANSITION, analysis.reshards.transitions[:_TRANSITIONS])
    yield from _measured(analysis)


def _tiles(shown: Sequence[Tile]) -> Iterator[str]:
    yield f"| {' | '.join(tile.label for tile in shown)} |"
    yield f"|{' ---: |' * len(shown)}"
    yield f"| {' | '.join(tile.text for tile in shown)} |"
    yield ""


def _findings(analysis: Analysis) -> Iterator[str]:
    yield "### What to fix first"
    yield ""
    main = analysis.main_findings
    if not main:
        yield words.no_finding(analysis.summary)
        yield ""
        return
    yield from _table(_FINDING, main[:_FINDINGS])
    yield f"{min(len(main), _FINDINGS)} of {len(main):,} findings. {plain(phrases.upper_bounds(analysis.summary))}"
    yield ""


def _measured(analysis: Analysis) -> Iterator[str]:
    yield f"<details><summary>What was measured (perfsheet {__version__})</summary>"
    yield ""
    for name, value in (*measured.source(analysis), *measured.outcome(analysis)):
        yield f"- {name}: {plain(value)}"
    yield ""
    yield "</details>"


def _table(columns: Sequence[_Column[Item]], items: Iterable[Item]) -> Iterator[str]:
    yield f"| {' | '.join(column.header for column in columns)} |"
    yield f"|{''.join(' ---: |' if column.number else ' --- |' for column in columns)}"
    for item in items:
        yield f"| {' | '.join(column.cell(item) for column in columns)} |"
    yield ""


_FINDING: tuple[_Column[Finding], ...] = (
    _Column("", lambda finding: finding.id, number=False),
    _Column("rule", lambda finding: finding.rule.title, number=False),
    _Column("op", lambda finding: _code(finding.signature.op_code), number=False),
    _Column("ops", lambda finding: f"{finding.count:,}"),
    _Column("share", lambda finding: words.percent(known(finding.share))),
    _Column("saves at most [ns]", lambda finding: words.whole(finding.saving_ns)),
    _Column("try", lambda finding: plain(finding.advice), number=False),
)
_CATEGORY: tuple[_Column[OpType], ...] = (
    _Column("category", lambda entry: entry.category, number=False),
    _Column("ops", lambda entry: f"{entry.count:,}"),
    _Column("kernel [ns]", lambda entry: words.whole(entry.kernel_ns)),
    _Column("share", lambda entry: words.percent(known(entry.share))),
)
_TRANSITION: tuple[_Column[Transition], ...] = (
    _Column("from", lambda one: _code(one.source), number=False),
    _Column("to", lambda one: _code(one.target), number=False),
    _Column("ops", lambda one: f"{one.ops:,}"),
    _Column("kernel [ns]", lambda one: words.whole(one.kernel_ns)),
    _Column("back to back", lambda one: f"{one.back_to_back:,}"),
)


def _ops() -> tuple[_Column[RankedOp], ...]:
    return (
        _Column("#", lambda op: str(op.rank)),
        _Column("op", lambda op: _code(op.op_code), number=False),
        _Column("shape", lambda op: _code(op.shape), number=False),
        _Column("cores", lambda op: words.cores_of_grid(op.core_count, op.worker_cores)),
        _Column("kernel [ns]", lambda op: words.whole(op.kernel_ns)),
        _Column("share", lambda op: words.percent(known(op.share))),
        _Column("cum.", lambda op: words.percent(known(op.cumulative))),
        _Column("util.", lambda op: _marked(op.utilization)),
        _Column("by grid", lambda op: _marked(op.utilization_grid)),
        _Column("speed of light", lambda op: words.percent(op.sol)),
        _Column("bound", lambda op: words.bound(op.bound), number=False),
        _Column("flags", lambda op: words.flags(op.flags), number=False),
    )


def _marked(fraction: float | None) -> str:
    """Above 100 % is not physical, and says so."""
    return (
        f"{words.percent(fraction)} (not physical)"
        if fraction is not None and fraction > 1
        else words.percent(fraction)
    )
