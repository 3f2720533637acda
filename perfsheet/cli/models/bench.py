"""`perfsheet bench`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.errors import ExitStatus, usage

if TYPE_CHECKING:
    from perfsheet.models.bench import Bench


@command
def bench(
    function: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="[MODULE.py:FUNCTION]",
            help="What is timed: the function, or what it returns when that can be called. It gets the parameters.",
            show_default=False,
        ),
    ] = None,
    command_line: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("-c", "--command", metavar="COMMAND", help="A command instead, with {NAME} for parameters."),
    ] = None,
    vary: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--vary", metavar="NAME=A,B", help="A parameter and its values; several give every combination."),
    ] = None,
    variant: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--variant", metavar='"NAME=A OTHER=B"', help="One more row, besides the combinations."),
    ] = None,
    baseline: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--baseline", metavar="NAME=A", help="The row that speed-ups are against; default: the first."),
    ] = None,
    iterations: Annotated[int, typer.Option("-n", "--iterations", metavar="N", help="Measured runs a variant.")] = 10,
    warmup: Annotated[int, typer.Option("--warmup", metavar="N", help="Runs before that, not measured.")] = 1,
    timeout: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--timeout", metavar="SECONDS", help="End a variant after that time."),
    ] = None,
    python: shared.Python = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="DIR", help="Folder of the table; default: generated/bench/NAME."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the table, warnings and errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="All output of the variants as it comes.")] = False,
    json: shared.Json = False,
    force: shared.Force = False,
) -> int:
    """Measure latency (mean ± standard deviation) and peak memory of a callable or command, variant by variant."""
    from perfsheet.atomic_write import made
    from perfsheet.cli.views import view
    from perfsheet.models.bench import BenchInterruptedError, Plan, planned, run_bench, variants
    from perfsheet.models.bench.matrix import place
    from perfsheet.outputs import paths as outputs

    if (function is None) == (command_line is None):
        raise usage("one thing is measured: MODULE.py:FUNCTION or -c COMMAND", "give one of them")
    found = variants(vary or [], variant or [])
    plan = Plan(function or "", command_line or "", found, iterations, warmup, timeout, python, place(baseline, found))
    folder = output or Path("generated/bench") / _name(function or command_line or "")
    planned(plan)  # refuses what cannot be followed before anything is written
    for end in ("xlsx", "csv", "md"):
        outputs.check_new(folder / f"bench.{end}", force)
    log = made(folder) / "bench.log"
    interrupted: BenchInterruptedError | None = None
    # Standard output is the table's.
    with view(quiet, verbose, json=True, lines=False) as watch, log.open("w", encoding="utf-8") as stream:
        try:
            result = run_bench(plan, watch, lambda line: print(line, file=stream, flush=True))
        except BenchInterruptedError as error:
            interrupted, result = error, error.bench
    files = [*_written(result, folder), log]
    if json:
        from perfsheet.models.outputs import bench_json
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(bench_json.bench(result, [str(path) for path in files])))
    else:
        from perfsheet.models.outputs import bench_markdown as table

        typer.echo(table.markdown(result))
    if any(row.problem for row in result.rows):
        say(f"perfsheet: what the variants printed is in {log}")
    typer.echo(f"Wrote {files[0]} and {len(files) - 1} more files in {folder}", err=True)
    if interrupted:
        raise interrupted
    return ExitStatus.TESTS_FAILED if any(row.problem for row in result.rows) else ExitStatus.DONE


def _name(what: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", what.rpartition(":")[2]).strip("._")[:60] or "bench"


def _written(result: Bench, folder: Path) -> list[Path]:
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs import bench_csv, bench_workbook
    from perfsheet.models.outputs import bench_markdown as table

    files = [folder / f"bench.{end}" for end in ("xlsx", "csv", "md")]
    bench_workbook.write(result, files[0])
    replace_text(files[1], bench_csv.text(result))
    replace_text(files[2], table.markdown(result))
    return files
