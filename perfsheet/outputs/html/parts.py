"""The smaller sections of the page: op types, reshards, passes, signposts, devices, data quality, and About."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis import Analysis
from perfsheet.outputs.html.document import Section
from perfsheet.outputs.html.table import PageTable, page_table
from perfsheet.tables import In, Rows
from perfsheet.tables.about import HEADLINE, TERMS, terms
from perfsheet.tables.findings import FINDINGS
from perfsheet.tables.ops import OPS
from perfsheet.tables.passes import PASSES
from perfsheet.tables.quality import CHECKS, LOOK
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.signposts import REGIONS
from perfsheet.tables.totals import DEVICES, OP_TYPES
from perfsheet.text import formats, sentences

_REGIONS, _PASSES, _CHAINS = 1000, 200, 200


def _tables(name: str, title: str, note: str, *tables: tuple[str, PageTable]) -> Section:
    return Section(name, title, "tables.html", {"note": note, "tables": tables})


def small_sections(analysis: Analysis) -> Iterator[Section]:
    """Those that there is something to say about."""
    yield _op_types(analysis)
    yield _reshards(analysis)
    summary = analysis.summary
    if summary.passes.repeats:
        note = " · ".join(filter(None, (sentences.passes(summary.passes), sentences.layers(summary.passes))))
        passes = page_table("passes-table", PASSES, summary.passes.all[:_PASSES])
        yield _tables("passes", "Passes", note, ("", passes))
    signposts = analysis.signposts
    if signposts.regions:
        note = f"{formats.whole(signposts.outside_ns)} ns in {signposts.outside_ops:,} ops are outside all regions"
        regions = page_table("regions-table", REGIONS, signposts.regions[:_REGIONS])
        yield _tables("signposts", "Signposts", note, ("", regions))
    if len(summary.device_totals) > 1:
        devices = page_table("devices-table", DEVICES, summary.device_totals)
        yield _tables("devices", "Devices", sentences.device_totals(summary), ("", devices))
    attributes = [{} if check.ok else {"data-mark": LOOK} for check in analysis.verdict]
    checks = page_table("quality-table", CHECKS, analysis.verdict, attributes)
    yield _tables("quality", "Data quality", "", ("", checks))
    about = page_table("about-table", TERMS, [*HEADLINE, *terms(In.PAGE, OPS, FINDINGS)])
    yield _tables("about", "About", "", ("", about))


def _op_types(analysis: Analysis) -> Section:
    """Kernel time by op code and by category."""
    by_code, by_category = Rows(analysis, analysis.op_types), Rows(analysis, analysis.categories)
    without_code = [column for column in OP_TYPES.columns_in(In.PAGE) if column.key != "op_code"]
    return _tables(
        "types",
        "By op type",
        "",
        ("", page_table("types-table", OP_TYPES, by_code)),
        ("By category", page_table("categories-table", OP_TYPES, by_category, columns=without_code)),
    )


def _reshards(analysis: Analysis) -> Section:
    """The matrix, the transitions and the chains."""
    reshards = analysis.reshards
    time = f"{formats.whole(reshards.kernel_ns)} ns, {formats.percent(reshards.share)} of kernel time"
    tables = [(TRANSITIONS.title, page_table("reshards-table", TRANSITIONS, reshards.transitions))]
    if reshards.chains:
        chains = Rows(analysis, reshards.chains[:_CHAINS])
        tables.append((CHAINS.title, page_table("chains-table", CHAINS, chains)))
    data = {
        "reshards": reshards,
        "note": f"{reshards.ops:,} reshards, {time}",
        "longest": max((transition.kernel_ns for transition in reshards.transitions), default=0.0),
        "whole": formats.whole,
        "tables": tables,
    }
    return Section("reshards", "Reshards", "reshards.html", data)
