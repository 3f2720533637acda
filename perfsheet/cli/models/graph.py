"""`perfsheet graph`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.errors import not_written


@command
def graph(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="MODULE.py:FUNCTION", help="Function that returns the torch module, or (module, inputs)."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the tables and plots.")
    ] = Path("stat"),
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="SHAPE[:DTYPE]",
            help="Shape of an input: 1,3,224,224 or 1,128:int64; give it once per input.",
        ),
    ] = None,
    capture: Annotated[
        list[str] | None,
        typer.Option("--capture", metavar="CSV", help="Ops CSV of the port: show what it covers, and what is missing."),
    ] = None,
    backward: Annotated[bool, typer.Option("--backward", help="Also trace the backward graph.")] = False,
    issues: Annotated[
        Path | None,
        typer.Option("--issues", metavar="DIR", help="Write an issue, ready to file, for each op that TTNN lacks."),
    ] = None,
    tried: Annotated[
        bool, typer.Option("--try", help="Build each op on a mock board: which shapes and arguments TTNN accepts.")
    ] = False,
    board: Annotated[str, typer.Option("--board", metavar="NAME", help="That board: n150, p100 or p150.")] = "n150",
    python: shared.TtnnPython = None,
    profile: Annotated[bool, typer.Option("--profile", help="Also write torch's own Chrome trace.")] = False,
    json: shared.Json = False,
    force: shared.Force = False,
) -> None:
    """Trace a torch module on the CPU: the ops that its TTNN port needs, and which of them a capture covers."""
    load_numpy()
    from perfsheet.analysis import Options
    from perfsheet.cli.captures import analyse
    from perfsheet.models.op_stats import Source, count_ops
    from perfsheet.models.outputs import graph as output_graph
    from perfsheet.models.outputs import missing_ops, op_stats
    from perfsheet.models.torch_graph import find_coverage, find_missing, registry
    from perfsheet.models.torch_graph.building import build
    from perfsheet.models.torch_graph.model import graph_nodes
    from perfsheet.models.torch_graph.tracing import trace, write_profile
    from perfsheet.models.torch_graph.trying import try_types
    from perfsheet.outputs import json_output, paths
    from perfsheet.tables import Rows
    from perfsheet.trials import session
    from perfsheet.trials.board import board_named

    mock_board = board_named(board)
    paths.check_new(output / f"fw_{op_stats.NODE_COUNT}", force)
    if issues is not None and issues.is_dir() and any(issues.glob("*.md")) and not force:
        raise not_written(f"{issues} has issues already", "give --force, or another folder")
    analysis = analyse(capture, Options()) if capture else None
    module, positional, named = build(spec, inputs or [])
    if module.training:
        say(f"warning: {spec} is in training mode, with its extra ops (dropout, statistics); return it after .eval()")
    traced = trace(spec, module, positional, named, backward)
    known = registry(python)
    coverage = find_coverage(traced.forward, analysis, known)
    accepted = try_types(traced.forward, session(*mock_board, python)) if tried else {}
    types = Rows(accepted, coverage)
    if force:
        op_stats.clear_folder(output)
    files = op_stats.write_folder(count_ops([Source(spec, graph_nodes(traced.forward))]), output, "fw_", force)
    if backward:
        files += op_stats.write_folder(count_ops([Source(spec, graph_nodes(traced.backward))]), output, "bw_", force)
    files += output_graph.write_tables(output, traced, types, force)
    if profile:
        files.append(write_profile(module, positional, named, output / "profile" / "trace.json"))
    if issues is not None:
        files += missing_ops.write_issues(issues, traced, find_missing(traced.forward, known), known, force)
    if json:
        json_output.write(output_graph.graph_json(traced, types, known, list(map(str, files))), sys.stdout)
    else:
        output_graph.print_graph(traced, types, known, sys.stdout)
    tell(f"Wrote {files[0]} and {len(files) - 1} more files in {output}", err=json)
