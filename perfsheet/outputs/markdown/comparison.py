"""A comparison in Markdown, for the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.compare import Comparison
from perfsheet.compare.results import ChangeGroup, Figure, FindingChange, HostChange, OpTypeChange
from perfsheet.outputs.markdown.table import Column, code, plain, table
from perfsheet.text import comparison, formats, sentences

_CHANGES, _TYPES, _FINDINGS, _HOSTS = 10, 12, 10, 10


def markdown(found: Sequence[Comparison]) -> str:
    """The base beside each capture, one after another."""
    return "\n".join(line for one in found for line in _lines(one)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"## Before and after · {plain(comparison.verdict(found))}"
    yield ""
    for name, side in (("before", found.base), ("now", found.new)):
        yield f"- {name}: {_side(side)}. {plain(sentences.capture(side.summary))}"
    for note in found.notes:
        yield f"- ⚠️ {plain(note)}"
    yield ""
    if found.nothing_changed:
        yield comparison.NOTHING_CHANGED
    else:
        yield from _differences(found)
    yield f"<sub>{plain(comparison.counts(found))}. {plain(comparison.noise(found))}. perfsheet {__version__}</sub>"


def _differences(found: Comparison) -> Iterator[str]:
    yield from table(_FIGURE, found.figures)
    for title, groups in (("Gains", found.gains), ("Losses", found.losses), ("Other changes", found.sideways)):
        if groups:
            yield f"### {title}"
            yield ""
            yield from table(_groups(found), groups[:_CHANGES])
            yield from _of(len(groups), _CHANGES)
    types = found.op_types_changed
    if types:
        yield "### By op type"
        yield ""
        yield from table(_types(found), types[:_TYPES])
        yield from _of(len(types), _TYPES)
    hosts = found.host_ops_changed
    if hosts:
        yield "### Host ops between device ops"
        yield ""
        yield from table(_HOST, hosts[:_HOSTS])
        yield from _of(len(hosts), _HOSTS)
    yield from _findings(found)


def _findings(found: Comparison) -> Iterator[str]:
    changes = found.findings
    yield f"### Findings: {len(changes.fixed)} fixed, {len(changes.new)} new, {len(changes.remaining)} remaining"
    yield ""
    for title, some in (("fixed", changes.fixed), ("new", changes.new)):
        for change in some[:_FINDINGS]:
            yield f"- {title}: {_finding(change)}"
        if len(some) > _FINDINGS:
            yield f"- {title}: {len(some) - _FINDINGS:,} more"
    yield ""


def _of(count: int, shown: int) -> Iterator[str]:
    if count > shown:
        yield f"{shown} of {count:,}, the largest."
        yield ""


def _side(side: Analysis) -> str:
    runs = f", {side.repeats.aligned} runs" if side.repeats else ""
    replayed = f" · **{formats.REPLAYED}**" if side.summary.provenance.replayed else ""
    return f"{plain(formats.file_names(side.summary))}{runs} · {plain(formats.at_a_glance(side.summary))}{replayed}"


def _finding(change: FindingChange) -> str:
    return f"{plain(comparison.finding(change))}, {formats.whole(round(change.one.kernel_ns))} ns"


_FIGURE: tuple[Column[Figure], ...] = (
    Column("figure", comparison.label, number=False),
    Column("before", lambda one: comparison.value(one, one.base)),
    Column("now", lambda one: comparison.value(one, one.new)),
    Column("difference", comparison.difference),
    Column("%", lambda one: comparison.signed_percent(one.relative)),
)
_HOST: tuple[Column[HostChange], ...] = (
    Column("host op", lambda one: code(one.op_code), number=False),
    Column("before", lambda one: f"{one.base_count:,}"),
    Column("now", lambda one: f"{one.new_count:,}"),
)


def _groups(found: Comparison) -> tuple[Column[ChangeGroup], ...]:
    return (
        Column(f"difference {comparison.unit(found)}", lambda one: comparison.signed(found.span(one.times).delta_ns)),
        Column("%", lambda one: comparison.signed_percent(found.span(one.times).delta)),
        Column("", lambda one: one.status, number=False),
        Column("op", lambda one: code(one.op_code), number=False),
        Column("ops", lambda one: f"{one.count:,}"),
        Column("shape, layout", lambda one: code(comparison.where(one)), number=False),
        Column("what changed", lambda one: plain(comparison.what(one)), number=False),
    )


def _types(found: Comparison) -> tuple[Column[OpTypeChange], ...]:
    return (
        Column("op", lambda one: code(one.op_type), number=False),
        Column("ops before", lambda one: f"{one.base_count:,}"),
        Column("ops now", lambda one: f"{one.new_count:,}"),
        Column(f"before {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).base_ns)),
        Column(f"now {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).new_ns)),
        Column(f"difference {comparison.unit(found)}", lambda one: comparison.signed(found.span(one.times).delta_ns)),
        Column("%", lambda one: comparison.signed_percent(found.span(one.times).delta)),
    )
