"""From capture files to an analysis, with what lies beside them: the record of the run, and its graph report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import PerfsheetError

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.provenance import Provenance

NO_GRAPH = "none"
_MUCH = 0.1
"""Part of the ops without a partner in the graph report from which a warning says so."""

Say = Callable[[str], object]


def analyse_files(
    captures: Sequence[str],
    options: Options,
    say: Say = lambda text: None,
    only: frozenset[str] | None = None,
    reference: Analysis | None = None,
    graph: str | None = None,
) -> Analysis:
    """Analyse captures as the commands do; `say` is told how a capture or a graph report was chosen.

    `only`: the columns to read. `reference`: the analysis of another capture, in which the same ops may have run
    faster. `graph`: the graph report of the captures; None = that of the run, if it left one, `none` = no report.
    Raises PerfsheetError like `read` and `analyze`.
    """
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
        return _with_recorded_graph(analysis, say)
    return analysis if graph == NO_GRAPH else _with_graph(analysis, graph, say)


def _with_graph(analysis: Analysis, path: str, say: Say) -> Analysis:
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


def _with_recorded_graph(analysis: Analysis, say: Say) -> Analysis:
    """The analysis with the graph report that `perfsheet run --graph` left beside the capture, if it did."""
    record = analysis.provenance.record
    if record is None or not record.graph_report:
        return analysis
    folder = Path(analysis.summary.paths[0]).with_name(record.graph_report)
    try:
        return _with_graph(analysis, str(folder), say)
    except PerfsheetError as error:
        say(f"warning: the graph report of this run is left out: {error}")
        return analysis


def _provenance(captures: Sequence[str]) -> Provenance | None:
    """The record of the run behind a single capture, if there is one."""
    from perfsheet.provenance import RECORD_NAME, recorded_provenance

    if len(captures) != 1 or not Path(captures[0]).with_name(RECORD_NAME).is_file():
        return None
    return recorded_provenance(Path(captures[0]))
