"""Run info: what was measured, fact by fact, the same in the workbook, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.capture.notes import rows
from perfsheet.text import formats, sentences

Fact = tuple[str, str]
_DEVICES_NAMED = 16


def source(analysis: Analysis) -> list[Fact]:
    """The capture, its target, window, board and devices."""
    return [(key, value) for key, value in _source(analysis.summary) if value]


def outcome(analysis: Analysis) -> list[Fact]:
    """Passes, layers, devices, speed of light, and the formulas behind the figures."""
    return [(key, value) for key, value in _outcome(analysis) if value]


def _source(summary: CaptureSummary) -> Iterator[Fact]:
    provenance = summary.provenance
    yield "Capture", ", ".join(summary.paths)
    yield "Target", provenance.command or ""
    yield "Tests", provenance.tests or ""
    yield "Window", f"{summary.window}: {_rows(summary)}"
    yield "Board", _board(summary)
    yield "Worker grid from", formats.grid_sources(summary)
    yield "Devices", _devices(summary)
    yield "Schema", f"{summary.schema} (docs/ops-csv.md)"


def _outcome(analysis: Analysis) -> Iterator[Fact]:
    summary = analysis.summary
    yield "Passes", sentences.passes(summary.passes) or "one"
    yield "Layers", sentences.layers(summary.passes)
    yield "Kernel time of devices", sentences.device_totals(summary)
    yield "Speed of light", sentences.speed_of_light(summary)
    yield "Model of the profiler", sentences.pm_generation(summary)
    yield "Few cores", formats.unchecked(summary)
    if analysis.what_if:
        yield "If all are fixed", sentences.what_if(analysis.what_if[-1], summary.passes.count > 1)
    yield "Utilization", f"{formats.formula(summary)}; blank = no model"
    yield "FPS", "1e9 × batch / kernel time [ns] of the busiest device; gaps are not in it"


def _rows(summary: CaptureSummary) -> str:
    return (
        f"{summary.device_rows:,} device, {summary.host_rows:,} host, {rows(summary.signpost_rows, 'signpost row')}, "
        f"{summary.dropped_rows:,} dropped"
    )


def _board(summary: CaptureSummary) -> str:
    """The arch, and the board: as given with --board, else as inferred for the peaks."""
    stated = f"{summary.board} (--board)" if summary.board else ""
    likely = " and ".join(summary.speed_of_light.boards)
    board = stated or (f"{likely} (by arch, grid and clock)" if likely else "board not in the capture")
    return f"{summary.arch or 'arch not stated'}, {board}"


def _devices(summary: CaptureSummary) -> str:
    """`8 devices: 0, 1, …`; a single one by its id."""
    named = ", ".join(map(str, summary.devices[:_DEVICES_NAMED]))
    more = ", …" if len(summary.devices) > _DEVICES_NAMED else ""
    return f"{rows(len(summary.devices), 'device')}: id {named}{more}"
