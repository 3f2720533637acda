"""From the arguments of a command to an analysis; notes and warnings go to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.cli.handling import say
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.outputs.writing import Outputs
    from perfsheet.text.json_view import JsonView


def analyse(
    captures: Sequence[str] | None,
    options: Options,
    only: frozenset[str] | None = None,
    reference: str | None = None,
    graph: str | None = None,
) -> Analysis:
    """Read the captures and analyse them; print every warning, and how a capture was chosen, on standard error.

    `reference`: another capture, in which the same ops may have run faster. `graph`: the graph report of the captures.
    """
    from perfsheet.analysis.from_files import analyse_files

    faster = None if reference is None else analyse_side(reference, options, "reference: ")
    analysis = analyse_files(captures or [], options, say, only, faster, graph)
    for warning in analysis.summary.warnings:
        say(f"warning: {warning}")
    return analysis


def analyse_side(argument: str, options: Options, name: str = "", graph: str | None = None) -> Analysis:
    """Read and analyse a side of a comparison: a capture, or several runs of it (`A.csv,B.csv`, or a pattern).

    Warnings go to standard error, prefixed with `name`. `graph`: the graph report of the capture, or of the runs.
    """
    from perfsheet.analysis.from_files import analyse_files
    from perfsheet.analysis.repeats import analyze_runs
    from perfsheet.capture.sources import runs

    analysis = analyze_runs(runs(argument), lambda capture: analyse_files([capture], options, say, graph=graph))
    for warning in analysis.summary.warnings:
        say(f"warning: {name}{warning}")
    return analysis


def analyse_runs(captures: Sequence[str] | None, options: Options, graph: str | None = None) -> Analysis:
    """Read and analyse several captures (hosts of one run), or one argument with several runs (`A.csv,B.csv`)."""
    if captures and len(captures) == 1:
        return analyse_side(captures[0], options, graph=graph)
    return analyse(captures, options, graph=graph)


def inputs(captures: Sequence[str] | None, *others: str | None) -> list[str]:
    """All files that are read: no output may replace them."""
    from perfsheet.capture.sources import runs

    arguments = [*(captures or ()), *(other for other in others if other is not None)]
    return [path for argument in arguments for path in runs(argument)]


def show_signposts(captures: Sequence[str] | None, options: Options, json: JsonView | None, csv: bool = False) -> None:
    """List the signposts of a capture and the regions between them, in place of a command's own output."""
    analysis = analyse(captures, options)
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.signposts(analysis), sys.stdout, json)
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.signposts import SIGNPOSTS

        csv_output.write(sys.stdout, SIGNPOSTS, analysis.signposts.signposts)
    else:
        from perfsheet.outputs.terminal.ops import print_signposts

        print_signposts(analysis, sys.stdout)


def report_left_out(analysis: Analysis, outputs: Outputs) -> None:
    """Print a note about the ops that the workbook leaves out."""
    if outputs.workbook is not None:
        from perfsheet.outputs.workbook import book

        if note := book.left_out(analysis):
            say(f"note: {note}")


def with_tried(analysis: Analysis, count: int | None, python: str | None) -> Analysis:
    """The analysis with what TTNN says of its first `count` causes (None = all), asked of the ttnn in `python`."""
    from perfsheet.trials import session
    from perfsheet.trials.board import board_of
    from perfsheet.trials.causes import try_causes

    board = session(*board_of(analysis), python)
    return analysis.with_tried(try_causes(analysis, analysis.first_causes(count), board))


def open_first(written: Sequence[Path]) -> None:
    """Open the first file that was written: the workbook, or the page if there is no workbook."""
    from perfsheet.machine import open_file

    if not written:
        raise usage("--open: there is no file to open", "write a workbook or a page")
    open_file(written[0])
