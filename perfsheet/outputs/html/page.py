"""The page of a report as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from perfsheet.analysis import Analysis
from perfsheet.outputs.html import charts
from perfsheet.outputs.html.document import Head, Section, document
from perfsheet.outputs.html.findings import findings_section
from perfsheet.outputs.html.ops import groups_section, ops_section
from perfsheet.outputs.html.parts import small_sections
from perfsheet.text import captions, formats, headline, run_info, sentences


def page(analysis: Analysis) -> str:
    """The whole document."""
    summary = analysis.summary
    head = Head(
        lines=[formats.at_a_glance(summary)],
        banner=formats.REPLAYED if summary.provenance.replayed else "",
        metrics=headline.headline(analysis),
    )
    return document(f"Perf sheet · {formats.file_names(summary)}", head, _sections(analysis))


def _sections(analysis: Analysis) -> Iterator[Section]:
    yield Section("summary", "Summary", "summary.html", _summary(analysis))
    yield findings_section(analysis)
    yield Section("charts", "Charts", "charts.html", _charts(analysis))
    yield ops_section(analysis)
    yield groups_section(analysis)
    yield from small_sections(analysis)


def _summary(analysis: Analysis) -> dict[str, object]:
    """Where the time goes, what was measured, and what to check."""
    palette = charts.palette_of(analysis)
    return {
        "capture": sentences.capture(analysis.summary),
        "warnings": analysis.summary.warnings,
        "charts": [
            ("Share of kernel time by category", _drawn(charts.shares(analysis.categories, False, palette))),
            ("Share of kernel time by op code", _drawn(charts.shares(analysis.op_types, True, palette))),
        ],
        "facts": [run_info.source(analysis), run_info.outcome(analysis)],
    }


def _charts(analysis: Analysis) -> list[tuple[str, str, Markup]]:
    """Title, question and drawing of each chart."""
    palette = charts.palette_of(analysis)
    roofline, core_use = analysis.roofline, analysis.core_use
    return [
        (captions.TIMELINE, captions.TIMELINE_ASKS, _drawn(charts.timeline(analysis, palette))),
        (captions.pareto(analysis.pareto), captions.PARETO_ASKS, _drawn(charts.pareto(analysis))),
        (captions.roofline(roofline), captions.roofline_asks(roofline), _drawn(charts.roofline(analysis, palette))),
        (captions.core_use(core_use), captions.core_use_asks(core_use), _drawn(charts.core_use(analysis, palette))),
    ]


def _drawn(drawing: str) -> Markup:
    """A drawing of this package, whose texts are escaped already."""
    return Markup(drawing)
