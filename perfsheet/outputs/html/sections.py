"""The sections of the page of a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.excerpts import Excerpts
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.results import Cause, Finding
from perfsheet.capture.notes import rows
from perfsheet.outputs.html.document import Section
from perfsheet.outputs.html.graph_sections import places
from perfsheet.outputs.html.table import PageTable, page_table
from perfsheet.tables import In, Rows
from perfsheet.tables.about import HEADLINE, TERMS, terms
from perfsheet.tables.findings import FINDINGS
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.op_rows import top_ops
from perfsheet.tables.ops import OPS
from perfsheet.tables.passes import PASSES
from perfsheet.tables.quality import CHECKS, LOOK
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.signposts import REGIONS
from perfsheet.tables.totals import CATEGORIES, DEVICES, OP_TYPES, TIME_SPLIT
from perfsheet.text import causes as text_of_causes
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph

_OPEN, _LISTED, _CURES = 3, 10, 3
_ROWS_NAMED = 40


def findings_section(analysis: Analysis) -> Section:
    """The causes, largest expected saving first, each with its findings; the first ones unfolded."""
    summary = analysis.summary
    excerpts = None if analysis.graph is None else Excerpts(analysis.graph)
    data = {
        "causes": [_cause(analysis, cause, excerpts, place < _OPEN) for place, cause in enumerate(analysis.causes)],
        "listed": _LISTED,
        "note": sentences.upper_bounds(summary) if analysis.findings else formats.no_finding(summary),
        "left": text_of_causes.left(analysis, analysis.first_causes(_OPEN)),
        "tried_on": _tried_on(analysis),
    }
    return Section("findings", "What to fix first", "findings.html", data)


def _tried_on(analysis: Analysis) -> str:
    """The board on which causes were tried; blank where they were not."""
    if analysis.tried is None:
        return ""
    from perfsheet.text.trials import ground

    return ground(analysis.tried.board)


def _cause(analysis: Analysis, cause: Cause, excerpts: Excerpts | None, unfolded: bool) -> dict[str, Any]:
    return {
        **places(analysis, excerpts, cause),
        "id": cause.id,
        "open": unfolded,
        "title": cause.title,
        "subject": cause.subject,
        "where": text_of_causes.where(cause),
        "saving": text_of_causes.saving(cause),
        **_tried(analysis, cause),
        "cures": text_of_causes.cures(cause)[:_CURES],
        "findings": [_card(analysis, finding) for finding in cause.members],
    }


def _tried(analysis: Analysis, cause: Cause) -> dict[str, Any]:
    """What TTNN says of a cause that was tried, and the Python of what it accepts."""
    trial = None if analysis.tried is None else analysis.tried.by_id.get(cause.id)
    if trial is None:
        return {"tried": "", "code": []}
    from perfsheet.text import trials as text_of_trials

    best = trial.best
    said = text_of_trials.verdict(trial) if best is None else f"TTNN accepts {text_of_trials.way(best)}."
    return {"tried": said, "code": [] if best is None else best.code.splitlines()}


def _card(analysis: Analysis, finding: Finding) -> dict[str, Any]:
    cores = f"{formats.span_of_grid(finding.cores, finding.worker_cores)} cores" if finding.cores else ""
    kernel = f"{formats.whole(finding.kernel_ns)} ns, {formats.percent(finding.share)} of kernel time"
    return {
        "id": finding.id,
        "title": finding.rule.title,
        "op_code": finding.signature.op_code,
        "saving": sentences.saving_of(finding),
        "advice": finding.advice,
        "figures": ", ".join(filter(None, (kernel, cores))),
        "count": rows(finding.count),
        "linked": len(finding.positions) > 0,
        "facts": _facts(analysis, finding),
    }


def _facts(analysis: Analysis, finding: Finding) -> list[tuple[str, str]]:
    signature = finding.signature
    added = "" if finding.saving_ns is None else f"{formats.whole(finding.added_ns)} ns to the findings before it"
    entries = (
        ("Expected", text_of_causes.expected(finding)),
        ("Saving is", finding.rule.saving_formula),
        ("Adds", added),
        ("Caveat", finding.caveat),
        ("Evidence", sentences.evidence(finding)),
        ("Tensors", signature.tensors if signature.has_tensors else ""),
        ("Math fidelity", signature.math_fidelity),
        ("Program config", signature.program_config),
        ("Source", text_of_graph.lines(analysis, finding.positions)),
        ("Rows of the capture", _rows(analysis, finding)),
    )
    return [(name, value) for name, value in entries if value]


def _rows(analysis: Analysis, finding: Finding) -> str:
    several = len(analysis.summary.paths) > 1
    named = [formats.place(ref, several) for ref in analysis.table_refs(finding.rows[:_ROWS_NAMED])]
    more = finding.count - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


_MOST_OPS = 2000
"""Most ops on the page; the workbook has all."""
_MOST_GROUPS = 200


def ops_section(analysis: Analysis) -> Section:
    """The filters, then the ranking."""
    ops = top_ops(analysis, _MOST_OPS)
    total = analysis.summary.timed_ops
    longest = f"the {len(ops):,} longest of {total:,} ops; the workbook has all of them" if total > len(ops) else ""
    categories = [category(code) for code in OPS["op_code"].listed(ops)]
    # Read by the filters.
    attributes = [
        {"data-c": name, "data-f": " ".join(flags)} for name, flags in zip(categories, ops.flags, strict=True)
    ]
    data = {
        "table": page_table("ops-table", OPS, ops, attributes),
        "categories": sorted(set(categories)),
        "flags": [flag for flag in analysis.flag_masks if any(flag in flags for flags in ops.flags)],
        "note": longest,
    }
    return Section("ops", "Top ops", "ops.html", data)


def groups_section(analysis: Analysis) -> Section:
    """Identical ops together."""
    groups = op_groups(analysis, _MOST_GROUPS)
    left_out = len(analysis.groups) - len(groups)
    note = f"{left_out:,} groups with less kernel time are not listed" if left_out else ""
    tables = [("", page_table("groups-table", GROUPS, groups))]
    return Section("groups", "Identical ops together", "tables.html", {"note": note, "tables": tables})


_REGIONS, _PASSES, _CHAINS = 1000, 200, 200


def _tables(name: str, title: str, note: str, *tables: tuple[str, PageTable]) -> Section:
    return Section(name, title, "tables.html", {"note": note, "tables": tables})


def small_sections(analysis: Analysis) -> Iterator[Section]:
    """The sections that this report has."""
    yield _op_types(analysis)
    yield _reshards(analysis)
    summary = analysis.summary
    if summary.passes.repeats:
        note = " · ".join(filter(None, (sentences.passes(summary), sentences.layers(summary.passes))))
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
    return _tables(
        "types",
        "By op type",
        "",
        ("", page_table("types-table", OP_TYPES, by_code)),
        (CATEGORIES.title, page_table("categories-table", CATEGORIES, by_category)),
        (TIME_SPLIT.title, page_table("split-table", TIME_SPLIT, analysis.summary.time_split.parts)),
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
