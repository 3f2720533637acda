"""The page as a whole."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.render import captions, measured, tiles, words
from perfsheet.render.html import findings, ops, parts
from perfsheet.render.html.svg import charts
from perfsheet.render.html.svg.drawing import safe
from perfsheet.render.html.table import facts
from perfsheet.render.whole_file import replace_text


def write(analysis: Analysis, path: Path) -> None:
    """Write the page to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
    replace_text(path, page(analysis))


def page(analysis: Analysis) -> str:
    """The whole document. It loads nothing; only the script whose hash it states may run."""
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    names = words.file_names(analysis.summary)
    sections = [section for section in _sections(analysis) if section[2]]
    links = "".join(f'<a href="#{name}">{safe(title)}</a>' for name, title, _ in sections)
    body = "\n".join(
        f'<section id="{name}"><h2>{safe(title)}</h2>{content}</section>' for name, title, content in sections
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="perfsheet {__version__}"><meta name="color-scheme" content="light dark">'
        f"<title>Perf sheet · {safe(names)}</title><style>{_asset('page.css')}</style></head><body>\n"
        f"<header><h1>Perf sheet · {safe(names)}</h1>{_head(analysis)}</header><nav>{links}</nav>"
        f"<main>\n{body}\n</main>"
        f"<footer>perfsheet {__version__}</footer><script>{script}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return files("perfsheet.render.html").joinpath(name).read_text(encoding="utf-8")


def _head(analysis: Analysis) -> str:
    summary = analysis.summary
    replayed = f'<p class="banner">{safe(words.REPLAYED)}</p>' if summary.provenance.replayed else ""
    shown = "".join(
        f"<div><dt>{safe(tile.label)}</dt><dd>{safe(tile.text)}</dd></div>" for tile in tiles.tiles(analysis)
    )
    return f'<p>{safe(words.at_a_glance(summary))}</p>{replayed}<dl class="tiles">{shown}</dl>'


def _sections(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Id, title and content of every section; those without content are left out."""
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
    verdict = (
        f'<div class="warnings"><b>To distrust</b><ul>{warnings}</ul></div>'
        if warnings
        else '<p class="fine">Data quality: nothing to distrust was found.</p>'
    )
    return (
        f'{verdict}<div class="two"><figure><figcaption>Share of kernel time by category</figcaption>'
        f"{charts.shares(analysis.categories, False, palette)}</figure>"
        f"<figure><figcaption>Share of kernel time by op code</figcaption>"
        f"{charts.shares(analysis.op_types, True, palette)}</figure></div>"
        f'<div class="two">{facts(measured.source(analysis))}{facts(measured.outcome(analysis))}</div>'
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
