"""From the arguments of a command to an analysis, with what the user should hear on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet.cli.handling import say

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options


def analyse(
    captures: Sequence[str] | None,
    options: Options,
    only: frozenset[str] | None = None,
) -> Analysis:
    """Read the captures and analyse them; how a capture was found and every warning go to standard error."""
    from perfsheet.analysis import analyze
    from perfsheet.capture import sources
    from perfsheet.capture.reader import read_sources

    located = sources.locate(captures or [])
    for source in located:
        if source.found:
            say(f"{source.found}: {source.label}")
    analysis = analyze(read_sources(located, only), options)
    for warning in analysis.summary.warnings:
        say(f"warning: {warning}")
    return analysis
