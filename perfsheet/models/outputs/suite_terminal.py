"""The table of a suite, and what was merged, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.models.e2e import Merged
from perfsheet.models.e2e.model import DeviceRow
from perfsheet.models.outputs import suite_cells
from perfsheet.models.suite.columns import Column, shown_columns
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import Field, print_table


def render(results: Sequence[ModelResult], out: TextIO, with_success: bool = True) -> None:
    """A line per model, in as many columns as there is room for; what went wrong stands below.

    `with_success` is for runs: perf files alone do not tell how theirs ended.
    """
    console = console_for(out)
    fields = [_field(column) for column in shown_columns(results, with_success)]
    left_out = print_table(console, fields, results)
    console.print()
    for result in results:
        if result.problem:
            style = "red" if result.run_success is False else "yellow"
            console.print(line(f"{result.name}: {result.problem}", style))
    for sentence, names in _warnings(results).items():
        console.print(line(f"warning: {'; '.join(names)}: {sentence}", "yellow"))
    if note := suite_cells.replayed(results):
        console.print(line(note, "yellow"))
    if left_out:
        console.print(line(f"Left out for want of room: {', '.join(left_out)}.", "dim"))


_OF_DEVICES = (
    "AVG DEVICE KERNEL SAMPLES/S",
    "AVG DEVICE KERNEL DURATION [ns]",
    "AVG DEVICE FW SAMPLES/S",
    "AVG DEVICE FW DURATION [ns]",
)


def render_devices(merged: Merged, out: TextIO) -> None:
    """A line per row of device perf files; the merged file has all columns."""
    console = console_for(out)

    def field(header: str, rank: int) -> Field[DeviceRow]:
        text = header in ("Model", "Setting")
        return Field(header, lambda row: row.cells.get(header, "–"), number=not text, flexible=text, optional=rank)

    headers = [header for header in _OF_DEVICES if any(header in row.cells for row in merged.device_rows)]
    fields = [field(header, 0) for header in ("Model", "Setting", "Batch")]
    print_table(console, [*fields, *(field(header, rank) for rank, header in enumerate(headers))], merged.device_rows)
    console.print()


def _field(column: Column) -> Field[ModelResult]:
    text = column.kind in ("text", "success")
    return Field(
        column.short,
        lambda result: suite_cells.worded(column, result),
        number=not text,
        flexible=column.name in ("model", "setting"),
        optional=column.rank,
        style=_style if column.kind == "success" else None,
    )


def _style(result: ModelResult) -> str:
    return "yellow" if result.run_success is None else "green" if result.run_success else "red"


def _warnings(results: Sequence[ModelResult]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in results:
        for warning in result.warnings:
            found.setdefault(warning, []).append(result.name)
    return found
