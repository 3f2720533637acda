"""The report as one HTML file: no library, no network, no text of a capture that could run."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from perfsheet.analysis import Analysis
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.html import charts
from perfsheet.outputs.html.document import Head, Section, document
from perfsheet.outputs.html.graph_sections import graph_sections
from perfsheet.outputs.html.sections import findings_section, groups_section, ops_section, small_sections
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.causes import verdict
from perfsheet.text.headline import headline, run_outcome, run_source
from perfsheet.text.words import planned


def page(analysis: Analysis) -> str:
    """The whole document."""
    summary = analysis.summary
    head = Head(
        lines=[formats.at_a_glance(summary), *sentences.figures_of(summary)],
        banner=sentences.banner(summary),
        verdicts=[verdict(analysis)],
    )
    text = document(f"Perf sheet · {formats.file_names(summary)}", head, _sections(analysis))
    return text if analysis.plan is None else planned(text)


def _sections(analysis: Analysis) -> Iterator[Section]:
    yield Section("summary", "Summary", "summary.html", _summary(analysis))
    yield findings_section(analysis)
    yield from graph_sections(analysis)
    yield Section(
        "measured",
        "What was measured" if analysis.plan is None else "What was planned",
        "measured.html",
        _measured(analysis),
    )
    yield Section("charts", "Charts", "charts.html", _charts(analysis))
    yield ops_section(analysis)
    yield groups_section(analysis)
    yield from small_sections(analysis)


def _summary(analysis: Analysis) -> dict[str, object]:
    """Where the time goes, and data quality."""
    return {
        "capture": sentences.capture(analysis.summary),
        "accuracy": text_of_graph.accuracy(analysis),
        "warnings": analysis.summary.warnings,
        "split": _drawn(charts.time_split(analysis.summary.time_split)),
        "split_title": style.SPLIT,
        "split_text": sentences.time_split(analysis.summary),
    }


def _measured(analysis: Analysis) -> dict[str, object]:
    """The headline figures, shares of categories and op codes, and run info."""
    palette = style.palette_of(analysis)
    return {
        "metrics": headline(analysis),
        "charts": [
            ("Share of kernel time by category", _drawn(charts.shares(analysis.categories, False, palette))),
            ("Share of kernel time by op code", _drawn(charts.shares(analysis.op_types, True, palette))),
        ],
        "facts": [run_source(analysis), run_outcome(analysis)],
    }


def _charts(analysis: Analysis) -> list[tuple[str, str, Markup]]:
    """Title, question and drawing of each chart."""
    palette = style.palette_of(analysis)
    roofline, core_use = analysis.roofline, analysis.core_use
    drawn = [
        (style.TIMELINE, style.TIMELINE_ASKS, _drawn(charts.timeline(analysis, palette))),
        (style.pareto(analysis.pareto), style.PARETO_ASKS, _drawn(charts.pareto(analysis))),
        (style.core_use(core_use), style.core_use_asks(core_use), _drawn(charts.core_use(analysis, palette))),
    ]
    if analysis.plan is None:  # by its least times every op is at its roof
        of_roofline = _drawn(charts.roofline(analysis, palette))
        drawn.insert(2, (style.roofline(roofline), style.roofline_asks(roofline), of_roofline))
    return drawn


def _drawn(drawing: str) -> Markup:
    """A drawing of this package; its texts are escaped."""
    return Markup(drawing)
