"""What stands above every table: what was analysed, and the headline."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from perfsheet.analysis.capture_summary import CaptureSummary
from perfsheet.render import phrases, words
from perfsheet.render.terminal.console import line


def print_head(console: Console, summary: CaptureSummary) -> None:
    """The capture, its kernel time, passes, devices, FPS and speed of light; a replayed capture says so first."""
    if summary.provenance.replayed:
        console.print(line(words.REPLAYED, "bold yellow"))
    if summary.provenance.tests:
        console.print(line(f"tests: {summary.provenance.tests}", "red" if summary.provenance.tests_failed else "green"))
    names = ", ".join(Path(path).name for path in summary.paths)
    facts = (names, summary.arch or "arch not stated", words.worker_cores(summary), f"schema {summary.schema}")
    console.print(line(" · ".join((*facts, summary.window)), "bold"))
    console.print(line(f"{words.device_ops(summary)} · kernel time {words.span_of_time(summary.kernel_ns)}"))
    for told in (
        (phrases.passes(summary.passes), phrases.layers(summary.passes)),
        (phrases.device_totals(summary),),
    ):
        if any(told):
            console.print(line(" · ".join(filter(None, told))))
    fps = summary.fps
    console.print(
        line(
            f"FPS {words.rate(fps.all)} (batch {summary.batch:g}; matmul + conv alone {words.rate(fps.matmul_conv)}, "
            f"the rest {words.rate(fps.other)}){_per_pass(summary)}"
        )
    )
    console.print(line(" · ".join(filter(None, (phrases.speed_of_light(summary), phrases.pm_generation(summary))))))
    console.print(line(phrases.capture(summary), "" if not summary.warnings else "yellow"))
    console.print()


def _per_pass(summary: CaptureSummary) -> str:
    return f"; {words.rate(summary.passes.fps_per_pass)} a pass" if summary.passes.count > 1 else ""
