"""`perfsheet top-ops` and `perfsheet hotspots`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse, show_signposts, with_tried
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView


@command
@json_options
@analysis_options
def top_ops(
    *,
    captures: shared.Captures = None,
    count: Annotated[
        int | None, typer.Option("-n", "--top", metavar="N", help="Ops to show, 0 = all (default: 20).")
    ] = None,
    group: Annotated[bool, typer.Option("--group", help="Rank identical ops together.")] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="module|line|call", help="With --graph: rank modules, lines or Python calls."),
    ] = None,
    graph: shared.Graph = None,
    options: Options,
    signposts: shared.Signposts = False,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Rank ops by device kernel duration."""
    shared.one_format(json, csv)
    chosen = [option for option, given in (("--signposts", signposts), ("--group", group), ("--by", by)) if given]
    if len(chosen) > 1:
        raise usage(f"{chosen[0]} and {chosen[1]} exclude each other", "choose one")
    if signposts:
        show_signposts(captures, options, json, csv)
        return
    limit = shared.first(count if count is not None else _OPS if json is None or json.whole else 0)
    if by is not None:
        _by_source(captures, by, graph, limit, options, json, csv)
        return
    from perfsheet.tables.ops import columns_to_read

    everything = group or options.strict or graph is not None
    analysis = analyse(captures, options, None if everything else columns_to_read(), graph=graph)
    if json:
        from perfsheet.outputs import json_output

        limit, view = (limit, json) if json.whole else (None, json.first(limit))
        json_output.write((json_output.op_groups if group else json_output.top_ops)(analysis, limit), sys.stdout, view)
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.groups import GROUPS, op_groups
        from perfsheet.tables.op_rows import top_ops as ranked
        from perfsheet.tables.ops import OPS

        if group:
            csv_output.write(sys.stdout, GROUPS, op_groups(analysis, limit))
        else:
            csv_output.write(sys.stdout, OPS, ranked(analysis, limit))
    else:
        from perfsheet.outputs.terminal.ops import print_groups, print_top_ops

        (print_groups if group else print_top_ops)(analysis, limit, sys.stdout)


def _by_source(
    captures: list[str] | None,
    by: str,
    graph: str | None,
    limit: int | None,
    options: Options,
    json: JsonView | None,
    csv: bool,
) -> None:
    """Rank modules, lines or calls in place of ops."""
    from perfsheet.analysis.graph.groups import GroupBy

    if by not in {key.value for key in GroupBy}:
        raise usage(f"--by {by}: not something to rank", "give module, line or call")
    key = GroupBy(by)
    analysis = analyse(captures, options, graph=graph)
    if analysis.graph is None:
        raise usage(f"--by {by} needs the source of the ops", "name the graph report with --graph")
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.source_groups(analysis, key, limit), sys.stdout, json)
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.column import Rows
        from perfsheet.tables.sources import MODULES, SOURCE_GROUPS, modules, source_groups

        if key is GroupBy.MODULE:
            csv_output.write(sys.stdout, MODULES, Rows(analysis, modules(analysis).items[:limit]))
        else:
            csv_output.write(sys.stdout, SOURCE_GROUPS, source_groups(analysis, key, limit))
    else:
        from perfsheet.outputs.terminal.ops import print_sources

        print_sources(analysis, key, limit, sys.stdout)


_OPS, _SCREENFUL = 20, 5


@command
@json_options
@analysis_options
def hotspots(
    *,
    captures: shared.Captures = None,
    count: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--top",
            metavar="N",
            help="Causes to show (findings in JSON and CSV), 0 = all (default: 5; all in those).",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Every finding of the causes, with its rows.")
    ] = False,
    tried: shared.Try = False,
    python: shared.TtnnPython = None,
    reference: shared.Reference = None,
    graph: shared.Graph = None,
    options: Options,
    signposts: shared.Signposts = False,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Show what to fix first: causes, their cures, what these are expected to save and why, and what at most."""
    shared.one_format(json, csv)
    if signposts:
        show_signposts(captures, options, json, csv)
        return
    limit = shared.first(count or 0)
    if tried and csv:
        raise usage("--try has no CSV", "take --json, or the workbook of `perfsheet report --try`")
    analysis = analyse(captures, options, reference=reference, graph=graph)
    first = _SCREENFUL if count is None else limit
    if tried:
        analysis = with_tried(analysis, first, python)
    if json:
        from perfsheet.outputs import json_output

        view = json.first(limit) if json.is_brief else json
        found = json_output.hotspots(analysis, limit, view.is_brief, bool(view.fields))
        json_output.write(found, sys.stdout, view)
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.findings import FINDINGS, findings

        csv_output.write(sys.stdout, FINDINGS, findings(analysis, limit))
    else:
        from perfsheet.outputs.terminal.ops import print_findings, print_hotspots

        show = print_findings if verbose else print_hotspots
        show(analysis, first, sys.stdout)
