"""`perfsheet graph`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, PerfsheetError, not_written
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.models.outputs.graph import Traced
    from perfsheet.models.torch_graph import Registry
    from perfsheet.text.json_view import JsonView
    from perfsheet.trials import Session


@command
@json_options
def graph(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="MODULE.py:FUNCTION...",
            help="Functions that return the torch module, or (module, inputs); also torchvision.models:resnet18, "
            "transformers:GPT2Config.",
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
    json: JsonView | None = None,
    force: shared.Force = False,
) -> int:
    """Trace torch modules on the CPU: the ops that a TTNN port needs, and which of them a capture covers."""
    load_numpy()
    from perfsheet.analysis import Options
    from perfsheet.cli.captures import analyse
    from perfsheet.models.outputs import graph as output_graph
    from perfsheet.models.outputs import op_stats, torch_stat
    from perfsheet.models.torch_graph import registry
    from perfsheet.outputs import json_output, paths
    from perfsheet.trials import session
    from perfsheet.trials.board import board_named

    mock_board = board_named(board)
    first = output / f"fw_{op_stats.NODE_COUNT}"
    paths.check_new(first, force)
    if issues is not None and issues.is_dir() and any(issues.glob("**/*.md")) and not force:
        raise not_written(f"{issues} has issues already", "give --force, or another folder")
    analysis = analyse(capture, Options()) if capture else None
    known = registry(python)
    profiles = output / op_stats.PROFILE if profile else None
    trials = session(*mock_board, python) if tried else None
    traced, status = _traced(specs, inputs or [], Comparison(analysis, known, trials), backward, profiles)
    profiled = [profiles / f"{one.name}.json" for one in traced] if profiles else []
    if force:  # not before they are traced: what is there stays if that fails
        op_stats.clear_folder(output, profiled)
    folders = {one.name: Path() if len(specs) == 1 else Path(one.name) for one in traced}
    files = [*_write(traced, folders, output, backward, force), *profiled]
    if issues is not None:
        files += _write_issues(traced, folders, issues, known, force)
    if json:
        listed = list(map(str, files))
        json_output.write(output_graph.graph_json(traced, known, listed, len(specs) > 1), sys.stdout, json)
    else:
        for one in traced:
            output_graph.print_graph(one, known, sys.stdout)
    if not torch_stat.has_plots():
        say("note: size distributions have no plots: matplotlib is not installed here")
    tell(f"Wrote {first} and {len(files) - 1} more files in {output}", err=bool(json))
    return status


@dataclass(frozen=True)
class Comparison:
    """What the ops of a module are held against: a capture, TTNN's registry, and a mock board that tries them."""

    analysis: Analysis | None
    registry: Registry
    board: Session | None


def _traced(
    specs: Sequence[str], inputs: Sequence[str], against: Comparison, backward: bool, profiles: Path | None
) -> tuple[list[Traced], ExitStatus]:
    """Trace the modules one after another; with `profiles` also write torch's own trace of each.

    Of several, those that fail are reported, and set the exit status.
    """
    from perfsheet.models.torch_graph.building import names_of

    traced = []
    failed: PerfsheetError | None = None
    for spec, name in zip(specs, names_of(specs), strict=True):
        profile = profiles / f"{name}.json" if profiles else None
        try:
            traced.append(_traced_alone(spec, name, inputs, against, backward, profile))
        except PerfsheetError as error:
            if len(specs) == 1:
                raise
            say(f"perfsheet: left out: {error}")
            failed = failed or error
    if not traced and failed:
        raise failed
    return traced, ExitStatus.CAPTURE_UNUSABLE if failed else ExitStatus.DONE


def _traced_alone(
    spec: str, name: str, inputs: Sequence[str], against: Comparison, backward: bool, profile: Path | None
) -> Traced:
    from perfsheet.models.outputs.graph import Traced
    from perfsheet.models.torch_graph import find_coverage
    from perfsheet.models.torch_graph.building import build
    from perfsheet.models.torch_graph.tracing import trace, write_profile
    from perfsheet.models.torch_graph.trying import try_types
    from perfsheet.tables import Rows

    module, positional, named = build(spec, inputs)
    if module.training:
        say(f"warning: {spec} is in training mode, with more ops (dropout, statistics); return it after .eval()")
    graph = trace(spec, module, positional, named, backward)
    accepted = {} if against.board is None else try_types(graph.forward, against.board)
    coverage = find_coverage(graph.forward, against.analysis, against.registry)
    if profile is not None:
        write_profile(module, positional, named, profile, backward)
    return Traced(name, graph, Rows(accepted, coverage))


def _write(
    traced: Sequence[Traced], folders: Mapping[str, Path], output: Path, backward: bool, overwrite: bool
) -> list[Path]:
    """Write the tables of all modules together, then those of each."""
    from perfsheet.models.op_stats import Source, count_ops
    from perfsheet.models.op_tables import FORMATS
    from perfsheet.models.outputs.graph import write_tables
    from perfsheet.models.outputs.op_stats import write_csv
    from perfsheet.models.outputs.torch_stat import write_stat
    from perfsheet.models.torch_graph.equivalents import running
    from perfsheet.models.torch_graph.model import graph_nodes

    sides = [("fw_", {one.name: running(one.graph.forward) for one in traced})]
    if backward:
        sides.append(("bw_", {one.name: running(one.graph.backward) for one in traced}))
    files: list[Path] = []
    for prefix, graphs in sides:
        files += write_stat(output, graphs, prefix, overwrite)
        formats = count_ops([Source(name, graph_nodes(ops)) for name, ops in graphs.items()]).formats
        files.append(write_csv(output / f"{prefix}layout_and_data_type.csv", FORMATS, formats, overwrite))
    for one in traced:
        folder = folders[one.name]
        files += write_tables(output / "models" / folder if folder.name else output, one, overwrite)
    return files


def _write_issues(
    traced: Sequence[Traced], folders: Mapping[str, Path], output: Path, known: Registry, overwrite: bool
) -> list[Path]:
    """Write an issue for each op that TTNN lacks."""
    from perfsheet.models.outputs.missing_ops import write_issues
    from perfsheet.models.torch_graph import find_missing

    files: list[Path] = []
    for one in traced:
        missing = find_missing(one.graph.forward, known)
        files += write_issues(output / folders[one.name], one.graph, missing, known, overwrite)
    return files
