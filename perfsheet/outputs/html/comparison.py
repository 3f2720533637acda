"""The page of a comparison: figures side by side, what changed with its bar, and every op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace_text
from perfsheet.compare import Comparison
from perfsheet.compare.results import (
    SAME,
    ChangeGroup,
    ComparedOp,
    Figure,
    FindingChange,
    HostChange,
    OpTypeChange,
    Times,
)
from perfsheet.outputs.html.document import Section, document
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import Column, facts, table
from perfsheet.text import comparison, formats, sentences

_OPS, _GROUPS, _FINDINGS, _ROWS = 2000, 500, 300, 6


def write(found: Sequence[Comparison], path: Path) -> None:
    """Write the page to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
    replace_text(path, page(found))


def page(found: Sequence[Comparison]) -> str:
    """The whole document; each capture beside the base."""
    names = " and ".join(formats.file_names(one.new.summary) for one in found)
    title = f"Before and after · {formats.file_names(found[0].base.summary)} → {names}"
    banner = f'<p class="banner">{safe(formats.REPLAYED)}</p>' if any(one.replayed for one in found) else ""
    verdicts = "".join(f"<p><b>{safe(comparison.verdict(one))}</b></p>" for one in found)
    return document(title, banner + verdicts, _all(found))


def _all(found: Sequence[Comparison]) -> Iterator[Section]:
    for number, one in enumerate(found, 1):
        several = len(found) > 1
        suffix, named = (f"-{number}", f" · {formats.file_names(one.new.summary)}") if several else ("", "")
        for name, title, content in _sections(one, suffix):
            yield f"{name}{suffix}", f"{title}{named}", content


def _sections(found: Comparison, suffix: str) -> Iterator[Section]:
    yield "summary", "Summary", _summary(found, suffix)
    if found.nothing_changed:
        return
    yield "changes", "What changed", _changes(found, suffix)
    yield "types", "By op type", table(f"types-table{suffix}", _types(found), found.op_types)
    hosts = found.host_ops
    yield "hosts", "Host ops between device ops", table(f"hosts-table{suffix}", _HOST, hosts) if hosts else ""
    yield "findings", "Findings", _findings(found, suffix)
    yield "ops", "Ops that differ", _ops(found, suffix)


def _summary(found: Comparison, suffix: str) -> str:
    notes = "".join(f"<li>{safe(note)}</li>" for note in found.notes)
    warning = f'<div class="warnings"><b>Not like with like</b><ul>{notes}</ul></div>' if notes else ""
    same = f'<p class="fine">{safe(comparison.NOTHING_CHANGED)}</p>' if found.nothing_changed else ""
    told = facts(
        (
            ("Before", comparison.side(found.base)),
            ("", sentences.capture(found.base.summary)),
            ("Now", comparison.side(found.new)),
            ("", sentences.capture(found.new.summary)),
            ("Ops", comparison.counts(found)),
            ("Noise", comparison.noise(found)),
        )
    )
    return f"{warning}{same}{told}{table(f'figures-table{suffix}', _FIGURE, found.figures)}"


_FIGURE: tuple[Column[Figure], ...] = (
    Column("Figure", comparison.label, number=False),
    Column("Before", lambda one: comparison.value(one, one.base)),
    Column("Now", lambda one: comparison.value(one, one.new)),
    Column("Difference", comparison.difference),
    Column("%", lambda one: comparison.signed_percent(one.relative)),
)
_HOST: tuple[Column[HostChange], ...] = (
    Column("Host op", lambda one: one.op_code, number=False),
    Column("Ops before", lambda one: f"{one.base_count:,}"),
    Column("Ops now", lambda one: f"{one.new_count:,}"),
    Column("Host time before [ns]", lambda one: formats.whole(one.base_ns)),
    Column("Host time now [ns]", lambda one: formats.whole(one.new_ns)),
)


def _bar(delta: float | None, most: float) -> str:
    """A bar from the middle: to the left what was gained, to the right what was lost."""
    if not delta:
        return ""
    share = 50 * abs(delta) / most
    kind = "gain" if delta < 0 else "loss"
    return f' data-bar="{kind}" style="--d:{share:.1f}%"'


def _most(found: Comparison, times: Sequence[Times]) -> float:
    return max((abs(found.span(one).delta_ns or 0) for one in times), default=0.0)


def _changes(found: Comparison, suffix: str) -> str:
    shown = found.groups[:_GROUPS]
    if not shown:
        return "<p>No op changed; what differs are host ops and findings.</p>"
    most = _most(found, [one.times for one in shown])
    columns: tuple[Column[ChangeGroup], ...] = (
        Column(
            f"Difference {comparison.unit(found)}",
            lambda one: comparison.signed(found.span(one.times).delta_ns),
            attributes=lambda one: _bar(found.span(one.times).delta_ns, most),
        ),
        Column("%", lambda one: comparison.signed_percent(found.span(one.times).delta)),
        Column("Status", lambda one: one.status, number=False),
        Column("Op", lambda one: one.op_code, number=False),
        Column("Ops", lambda one: f"{one.count:,}"),
        Column("Shape, layout", comparison.where, number=False, wrap=True),
        Column("Counts", _counted, number=False),
        Column("What changed", comparison.what, number=False, wrap=True),
    )
    left = len(found.groups) - len(shown)
    more = f'<p class="note">{left:,} smaller changes are not listed.</p>' if left else ""
    return table(f"changes-table{suffix}", columns, shown) + more


def _counted(one: ChangeGroup | ComparedOp | OpTypeChange) -> str:
    """Whether the difference of time is more than noise."""
    return "yes" if one.times.beyond_noise else "noise"


def _types(found: Comparison) -> tuple[Column[OpTypeChange], ...]:
    most = _most(found, [one.times for one in found.op_types])

    return (
        Column("Op", lambda one: one.op_type, number=False),
        Column("Category", lambda one: one.category, number=False),
        Column("Ops before", lambda one: f"{one.base_count:,}"),
        Column("Ops now", lambda one: f"{one.new_count:,}"),
        Column(f"Before {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).base_ns)),
        Column(f"Now {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).new_ns)),
        Column(
            f"Difference {comparison.unit(found)}",
            lambda one: comparison.signed(found.span(one.times).delta_ns),
            attributes=lambda one: _bar(found.span(one.times).delta_ns, most),
        ),
        Column("%", lambda one: comparison.signed_percent(found.span(one.times).delta)),
        Column("Counts", _counted, number=False),
    )


def _findings(found: Comparison, suffix: str) -> str:
    changes = found.findings
    listed = [
        *(("fixed", one) for one in changes.fixed),
        *(("new", one) for one in changes.new),
        *(("remaining", one) for one in changes.remaining),
    ]
    columns: tuple[Column[tuple[str, FindingChange]], ...] = (
        Column("Status", lambda one: one[0], number=False),
        Column("Rule", lambda one: one[1].one.rule.title, number=False),
        Column("Op", lambda one: one[1].one.signature.op_code, number=False, wrap=True),
        Column("Ops before", lambda one: _count(one[1], before=True)),
        Column("Ops now", lambda one: _count(one[1], before=False)),
        Column("Kernel [ns]", lambda one: formats.whole(one[1].one.kernel_ns)),
        Column("Saves at most [ns]", lambda one: formats.whole(one[1].one.saving_ns)),
        Column("Advice", lambda one: one[1].one.advice, number=False, wrap=True),
    )
    told = f"{len(changes.fixed)} fixed, {len(changes.new)} new, {len(changes.remaining)} remaining"
    left = len(listed) - _FINDINGS
    more = f"; {left:,} of them are not listed" if left > 0 else ""
    note = f'<p class="note">{told}{more}</p>'
    return note + table(f"findings-table{suffix}", columns, listed[:_FINDINGS])


def _count(change: FindingChange, before: bool) -> str:
    one = change.base if before else change.new
    return f"{one.count:,}" if one else "0"


def _ops(found: Comparison, suffix: str) -> str:
    differ = [one for one in found.ops if one.status != SAME]
    shown = sorted(differ, key=lambda one: -abs(found.span(one.times).delta_ns or 0))[:_OPS]

    columns: tuple[Column[ComparedOp], ...] = (
        Column("Status", lambda one: one.status, number=False),
        Column("Op before", lambda one: one.base_code or "–", number=False),
        Column("Rows before", lambda one: _rows(found.base, one.base), number=False),
        Column("Op now", lambda one: one.new_code or "–", number=False),
        Column("Rows now", lambda one: _rows(found.new, one.new), number=False),
        Column(f"Before {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).base_ns)),
        Column(f"Now {comparison.unit(found)}", lambda one: formats.whole(found.span(one.times).new_ns)),
        Column(f"Difference {comparison.unit(found)}", lambda one: comparison.signed(found.span(one.times).delta_ns)),
        Column("%", lambda one: comparison.signed_percent(found.span(one.times).delta)),
        Column("Counts", _counted, number=False),
        Column("What changed", comparison.what, number=False, wrap=True),
    )
    note = f'<p class="note">{len(shown):,} of {len(differ):,} ops that differ, the largest difference first.</p>'
    return note + table(f"ops-table{suffix}", columns, shown)


def _rows(side: Analysis, positions: tuple[int, ...]) -> str:
    several = len(side.summary.paths) > 1
    named = [formats.place(side.row_ref(position), several) for position in positions[:_ROWS]]
    more = f" … {len(positions)} in all" if len(positions) > _ROWS else ""
    return ", ".join(named) + more or "–"
