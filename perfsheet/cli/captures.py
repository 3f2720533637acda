"""From the arguments of a command to an analysis; notes and warnings go to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.cli.handling import say
from perfsheet.errors import PerfsheetError, usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.outputs.writing import Outputs
    from perfsheet.provenance import Provenance


NO_GRAPH = "none"
_MUCH = 0.1
"""Part of the ops without a partner in the graph report from which a warning says so."""


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
    faster = None if reference is None else analyse_side(reference, options, "reference: ")
    analysis = _analysed(captures or [], options, only, faster, graph)
    for warning in analysis.summary.warnings:
        say(f"warning: {warning}")
    return analysis


def _analysed(
    captures: Sequence[str],
    options: Options,
    only: frozenset[str] | None,
    reference: Analysis | None = None,
    graph: str | None = None,
) -> Analysis:
    from perfsheet.analysis import analyze
    from perfsheet.capture import sources
    from perfsheet.capture.reader import read_sources

    located = sources.locate(captures)
    for source in located:
        if source.how_chosen:
            say(f"{source.how_chosen}: {source.label}")
    provenance = _provenance([source.label for source in located])
    analysis = analyze(read_sources(located, only), options, provenance=provenance, reference=reference)
    if graph is None:
        return _with_recorded_graph(analysis)
    return analysis if graph == NO_GRAPH else _with_graph(analysis, graph)


def _with_graph(analysis: Analysis, path: str) -> Analysis:
    """The analysis with a graph report; of those below a folder the newest that is of this capture."""
    from perfsheet.analysis.graph.fitting import with_fitting_graph
    from perfsheet.capture.notes import rows

    analysis, refused = with_fitting_graph(analysis, path)
    assert analysis.graph is not None
    join = analysis.graph.joined
    if join.report.how_chosen:
        passed_over = f" that is of this capture ({rows(refused, 'newer one')} left out)" if refused else ""
        say(f"{join.report.how_chosen}{passed_over}: {join.report.path}")
    if join.outside > _MUCH * join.rows:
        say(f"warning: {join.outside:,} of {join.rows:,} ops are not in the graph report")
    return analysis


def _with_recorded_graph(analysis: Analysis) -> Analysis:
    """The analysis with the graph report that `perfsheet run --graph` left beside the capture, if it did."""
    record = analysis.provenance.record
    if record is None or not record.graph_report:
        return analysis
    folder = Path(analysis.summary.paths[0]).with_name(record.graph_report)
    try:
        return _with_graph(analysis, str(folder))
    except PerfsheetError as error:
        say(f"warning: the graph report of this run is left out: {error}")
        return analysis


def analyse_side(argument: str, options: Options, name: str = "", graph: str | None = None) -> Analysis:
    """Read and analyse a side of a comparison: a capture, or several runs of it (`A.csv,B.csv`, or a pattern).

    Warnings go to standard error, prefixed with `name`. `graph`: the graph report of the capture, or of the runs.
    """
    from perfsheet.analysis.repeats import analyze_runs
    from perfsheet.capture.sources import runs

    analysis = analyze_runs(runs(argument), lambda capture: _analysed([capture], options, None, graph=graph))
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


def show_signposts(captures: Sequence[str] | None, options: Options, json: bool, csv: bool = False) -> None:
    """List the signposts of a capture and the regions between them, in place of a command's own output."""
    analysis = analyse(captures, options)
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.signposts(analysis), sys.stdout)
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


def _provenance(captures: Sequence[str]) -> Provenance | None:
    """The record of the run behind a single capture, if there is one."""
    from perfsheet.provenance import RECORD_NAME, recorded_provenance

    if len(captures) != 1 or not Path(captures[0]).with_name(RECORD_NAME).is_file():
        return None
    return recorded_provenance(Path(captures[0]))
