"""What stands above every table: what was analysed, and the headline."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.terminal.console import line
from perfsheet.text import formats, sentences


def print_head(console: Console, summary: CaptureSummary) -> None:
    """The capture, its kernel time, passes, devices, FPS and speed of light; a replayed capture says so first."""
    if summary.provenance.replayed:
        console.print(line(formats.REPLAYED, "bold yellow"))
    if summary.provenance.tests:
        console.print(line(f"tests: {summary.provenance.tests}", "red" if summary.provenance.tests_failed else "green"))
    names = ", ".join(Path(path).name for path in summary.paths)
    facts = (names, summary.arch or "arch not stated", formats.worker_cores(summary), f"schema {summary.schema}")
    console.print(line(" · ".join((*facts, summary.window)), "bold"))
    console.print(line(f"{formats.device_ops(summary)} · kernel time {formats.span_of_time(summary.kernel_ns)}"))
    for told in (
        (sentences.passes(summary.passes), sentences.layers(summary.passes)),
        (sentences.device_totals(summary),),
    ):
        if any(told):
            console.print(line(" · ".join(filter(None, told))))
    fps = summary.fps
    console.print(
        line(
            f"FPS {formats.rate(fps.all)} (batch {summary.batch:g}; matmul + conv alone {formats.rate(fps.matmul_conv)}, "
            f"the rest {formats.rate(fps.other)}){_per_pass(summary)}"
        )
    )
    console.print(line(" · ".join(filter(None, (sentences.speed_of_light(summary), sentences.pm_generation(summary))))))
    console.print(line(sentences.capture(summary), "" if not summary.warnings else "yellow"))
    console.print()


def _per_pass(summary: CaptureSummary) -> str:
    return f"; {formats.rate(summary.passes.fps_per_pass)} per pass" if summary.passes.count > 1 else ""
