"""Several runs of one target, in the terminal."""

from __future__ import annotations

from typing import TextIO

import numpy as np
from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.repeats import RepeatedRun, Repeats
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.text import formats

_RUNS: tuple[Field[RepeatedRun], ...] = (
    Field("RUN", lambda run: run.label, number=False),
    Field("DEVICE OPS", lambda run: f"{run.ops:,}"),
    Field("KERNEL [ns]", lambda run: formats.whole(run.kernel_ns)),
    Field(
        "TESTS",
        lambda run: run.tests or "–",
        number=False,
        optional=1,
        style=lambda run: "red" if run.tests_failed else "",
    ),
    Field(
        "",
        lambda run: "shown below" if run.shown else run.difference and f"set apart: {run.difference}",
        number=False,
        flexible=True,
        style=lambda run: "yellow" if run.difference else "dim",
    ),
)


def render(analysis: Analysis, repeats: Repeats, count: int, out: TextIO) -> None:
    """The runs, then the `count` ops that took longest by the median, with how they vary."""
    console = console_for(out)
    print_head(console, analysis.summary)
    console.print(line(formats.repeated(repeats), "bold"))
    for failure in repeats.failures:
        console.print(line(failure, "red"))
    print_table(console, _RUNS, repeats.runs)
    console.print()
    _print_ops(console, analysis, repeats, count)


def _print_ops(console: Console, analysis: Analysis, repeats: Repeats, count: int) -> None:
    ops = analysis.ops

    def whole(value: float | None) -> str:
        return formats.whole(None if value is None else round(value))

    def noisy(at: int) -> str:
        return "yellow" if repeats.noisy[at] else ""

    several = len(analysis.summary.paths) > 1
    fields: list[Field[int]] = [
        Field(
            "OP CODE",
            lambda at: ops.codes[at],
            number=False,
            flexible=True,
            short=lambda at: short_code(ops.codes[at]),
        ),
        Field("MEDIAN [ns]", lambda at: whole(repeats.op(at).median_ns)),
        Field("MIN", lambda at: whole(repeats.op(at).min_ns), optional=2),
        Field("MAX", lambda at: whole(repeats.op(at).max_ns), optional=2),
        Field("MEAN ± STD DEV", lambda at: formats.plus_minus(repeats.op(at)), optional=1),
        Field("CV %", lambda at: formats.in_percent(repeats.op(at).cv), style=noisy),
        Field("ROW", lambda at: formats.place(analysis.row_ref(at), several), optional=3),
        Field("", lambda at: "noisy" if repeats.noisy[at] else "", number=False, style=noisy),
    ]
    order = np.argsort(-repeats.median_ns, kind="stable")[:count].tolist()
    left_out = print_table(console, fields, order)
    console.print()
    console.print(
        line(
            f"{len(order):,} of {len(ops):,} ops, over {repeats.aligned} aligned runs, longest median first. "
            f"CV = standard deviation / mean.",
            "dim",
        )
    )
    if left_out:
        console.print(line(f"Left out for want of room: {', '.join(left_out)}; --json has everything.", "dim"))
