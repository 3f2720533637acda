"""`perfsheet graph`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from perfsheet.cli import numerics
from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say


@command
def graph(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="MODULE.py:FUNCTION", help="Builds the torch module: returns it, or the module and its inputs."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the tables and plots.")
    ] = Path("stat"),
    inputs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--input", metavar="SHAPE[:DTYPE]", help="An input: 1,3,224,224 or 1,128:int64; once for each."),
    ] = None,
    capture: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--capture", metavar="CSV", help="Ops CSV of the port: what it covers, and what is missing."),
    ] = None,
    backward: Annotated[bool, typer.Option("--backward", help="Trace the backward graph, too.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Write torch's own Chrome trace, too.")] = False,
    json: shared.Json = False,
    force: shared.Force = False,
) -> None:
    """Trace a torch module on the CPU: the ops that its TTNN port needs, and what of them a capture shows."""
    numerics.load()
    from perfsheet.analysis import Options
    from perfsheet.cli.analysing import analyse
    from perfsheet.models.op_stats import Source, statistics
    from perfsheet.models.outputs import graph_tables, op_stats_folder
    from perfsheet.models.torch_graph import coverage, needed
    from perfsheet.models.torch_graph.building import built
    from perfsheet.models.torch_graph.model import nodes
    from perfsheet.models.torch_graph.profiling import profiled
    from perfsheet.models.torch_graph.tracing import traced
    from perfsheet.outputs import paths

    paths.check_new(output / f"fw_{op_stats_folder.NODE_COUNT}", force)
    analysis = analyse(capture, Options()) if capture else None
    module, given, named = built(spec, inputs or [])
    if module.training:
        say(f"warning: {spec} is in training mode, with the ops of that (dropout, statistics): return it after .eval()")
    found = traced(spec, module, given, named, backward)
    covered = coverage(found.forward, analysis)
    if force:
        op_stats_folder.cleared(output)
    files = op_stats_folder.write(statistics([Source(spec, nodes(found.forward))]), output, "fw_")
    if backward:
        files += op_stats_folder.write(statistics([Source(spec, nodes(found.backward))]), output, "bw_")
    files += graph_tables.write(output, needed(found.forward), found.modules, covered)
    if profile:
        files.append(profiled(module, given, named, output / "profile" / "trace.json"))
    if json:
        from perfsheet.models.outputs import graph_json
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(graph_json.graph(found, covered, [str(path) for path in files])))
    else:
        from perfsheet.models.outputs import graph_terminal as terminal

        terminal.render(found, covered, sys.stdout)
    typer.echo(f"Wrote {files[0]} and {len(files) - 1} more files in {output}", err=json)
