"""The smaller parts of the page: op types, reshards, passes, signposts, devices, the verdict, and what is what."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Reshards
from perfsheet.analysis.results import Check
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import Column, table, table_of
from perfsheet.tables import In, Rows
from perfsheet.tables.passes import PASSES
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.signposts import REGIONS
from perfsheet.tables.totals import DEVICES, OP_TYPES
from perfsheet.text import formats, glossary, sentences
from perfsheet.text.glossary import Term

_REGIONS, _PASSES, _CHAINS = 1000, 200, 200
_INDENT = "\u2003"


def op_types(analysis: Analysis) -> str:
    """Kernel time by op code and by category."""
    by_code, by_category = Rows(analysis, analysis.op_types), Rows(analysis, analysis.categories)
    without_code = [column for column in OP_TYPES.columns_in(In.PAGE) if column.key != "op_code"]
    return (
        f"{table_of('types-table', OP_TYPES, by_code)}<h3>By category</h3>"
        f"{table_of('categories-table', OP_TYPES, by_category, columns=without_code)}"
    )


def reshards(analysis: Analysis) -> str:
    """The matrix, the transitions and the chains."""
    found = analysis.reshards
    if not found.ops:
        return "<p>No op of this window reshards a tensor.</p>"
    total = (
        f"{found.ops:,} reshards, {formats.whole(found.kernel_ns)} ns, {formats.percent(found.share)} of kernel time"
    )
    chains = (
        f"<h3>Chains</h3>{table_of('chains-table', CHAINS, Rows(analysis, found.chains[:_CHAINS]))}"
        if found.chains
        else ""
    )
    return (
        f'<p class="note">{safe(total)}; rows: from, columns: to, kernel time [ns]</p>{_matrix(found)}'
        f"<h3>Transitions</h3>{table_of('reshards-table', TRANSITIONS, found.transitions)}{chains}"
    )


def passes(analysis: Analysis) -> str:
    """Passes, and the layers of one; blank where the window is one pass without layers."""
    found = analysis.summary.passes
    if not found.repeats:
        return ""
    told = " · ".join(filter(None, (sentences.passes(found), sentences.layers(found))))
    return f'<p class="note">{safe(told)}</p>{table_of("passes-table", PASSES, found.all[:_PASSES])}'


def signposts(analysis: Analysis) -> str:
    """The regions between signposts; blank without any."""
    found = analysis.signposts
    if not found.regions:
        return ""
    outside = f"{formats.whole(found.outside_ns)} ns in {found.outside_ops:,} ops lie outside of all regions"
    return f'<p class="note">{safe(outside)}</p>{table_of("regions-table", REGIONS, found.regions[:_REGIONS])}'


def devices(analysis: Analysis) -> str:
    """What each device took; blank for a single one."""
    if len(analysis.summary.device_totals) < 2:
        return ""
    told = f'<p class="note">{safe(sentences.device_totals(analysis.summary))}</p>'
    return told + table_of("devices-table", DEVICES, analysis.summary.device_totals)


def verdict(analysis: Analysis) -> str:
    """Every check, those first that want a look."""
    return table("quality-table", _CHECK, analysis.verdict, _check_row)


def about() -> str:
    """What every figure and column means."""
    return table("about-table", _TERM, (*glossary.FIGURES, *glossary.OPS, *glossary.FINDINGS))


def _matrix(found: Reshards) -> str:
    heads = "".join(f'<th scope="col" class="n">{safe(layout)}</th>' for layout in found.layouts)
    rows = "".join(
        f'<tr><th scope="row">{safe(source)}</th>{"".join(_cells(found, source))}</tr>' for source in found.layouts
    )
    return (
        f'<div class="scroll"><table class="matrix"><thead><tr><td>from \\ to</td>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(found: Reshards, source: str) -> Iterator[str]:
    most = max(one.kernel_ns for one in found.transitions)
    for target in found.layouts:
        one = found.between(source, target)
        heat = f' style="--h:{one.kernel_ns / most:.2f}"' if one and most else ""
        text = f"{formats.whole(one.kernel_ns)}<small>{one.ops:,} ops</small>" if one else "·"
        yield f'<td class="n"{heat}>{text}</td>'


_CHECK: tuple[Column[Check], ...] = (
    Column("Check", lambda check: check.label, number=False),
    Column("Verdict", formats.verdict, number=False),
    Column("Count", lambda check: f"{check.count:,}"),
    Column("Detail", lambda check: check.detail, number=False, wrap=True),
)
_TERM: tuple[Column[Term], ...] = (
    Column("Name", lambda term: term.name, number=False),
    Column("Unit", lambda term: term.unit, number=False),
    Column("Meaning", lambda term: term.meaning, number=False, wrap=True),
    Column("More in", lambda term: term.page, number=False),
)


def _check_row(check: Check) -> str:
    return "" if check.ok else ' data-mark="look"'
