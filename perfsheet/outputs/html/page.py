"""The page of a report as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace_text
from perfsheet.outputs.html import charts, findings, ops, parts
from perfsheet.outputs.html.document import Section, document
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import facts
from perfsheet.text import captions, formats, headline, run_info, sentences


def write(analysis: Analysis, path: Path) -> None:
    """Write the page to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
    replace_text(path, page(analysis))


def page(analysis: Analysis) -> str:
    """The whole document."""
    return document(f"Perf sheet · {formats.file_names(analysis.summary)}", _head(analysis), _sections(analysis))


def _head(analysis: Analysis) -> str:
    summary = analysis.summary
    replayed = f'<p class="banner">{safe(formats.REPLAYED)}</p>' if summary.provenance.replayed else ""
    shown = "".join(
        f"<div><dt>{safe(tile.label)}</dt><dd>{safe(tile.text)}</dd></div>" for tile in headline.tiles(analysis)
    )
    return f'<p>{safe(formats.at_a_glance(summary))}</p>{replayed}<dl class="tiles">{shown}</dl>'


def _sections(analysis: Analysis) -> Iterator[Section]:
    yield "summary", "Summary", _summary(analysis)
    yield "findings", "What to fix first", findings.findings_section(analysis)
    yield "charts", "Charts", _charts(analysis)
    yield "ops", "Top ops", ops.ops_section(analysis)
    yield "groups", "Identical ops together", ops.groups_section(analysis)
    yield "types", "By op type", parts.op_types(analysis)
    yield "reshards", "Reshards", parts.reshards(analysis)
    yield "passes", "Passes", parts.passes(analysis)
    yield "signposts", "Signposts", parts.signposts(analysis)
    yield "devices", "Devices", parts.devices(analysis)
    yield "quality", "Data quality", parts.verdict(analysis)
    yield "about", "About", parts.about()


def _summary(analysis: Analysis) -> str:
    """Where the time goes, what was measured, and what to distrust."""
    palette = charts.palette_of(analysis)
    warnings = "".join(f"<li>{safe(warning)}</li>" for warning in analysis.summary.warnings)
    brief = f"<p>{safe(sentences.capture(analysis.summary))}</p>"
    verdict = (
        f'<div class="warnings"><b>To distrust</b><ul>{warnings}</ul></div>'
        if warnings
        else '<p class="fine">Data quality: nothing to distrust was found.</p>'
    )
    return (
        f'{brief}{verdict}<div class="two"><figure><figcaption>Share of kernel time by category</figcaption>'
        f"{charts.shares(analysis.categories, False, palette)}</figure>"
        f"<figure><figcaption>Share of kernel time by op code</figcaption>"
        f"{charts.shares(analysis.op_types, True, palette)}</figure></div>"
        f'<div class="two">{facts(run_info.source(analysis))}{facts(run_info.outcome(analysis))}</div>'
    )


def _charts(analysis: Analysis) -> str:
    palette = charts.palette_of(analysis)
    drawn = (
        (captions.TIMELINE, captions.TIMELINE_ASKS, charts.timeline(analysis, palette)),
        (captions.pareto(analysis.pareto), captions.PARETO_ASKS, charts.pareto(analysis)),
        (
            captions.roofline(analysis.roofline),
            captions.roofline_asks(analysis.roofline),
            charts.roofline(analysis, palette),
        ),
        (
            captions.core_use(analysis.core_use),
            captions.core_use_asks(analysis.core_use),
            charts.core_use(analysis, palette),
        ),
    )
    figures = "".join(
        f"<figure><figcaption>{safe(title)}</figcaption><p>{safe(question)}</p>{drawing}</figure>"
        for title, question, drawing in drawn
        if drawing
    )
    return f'<div class="two">{figures}</div>'
