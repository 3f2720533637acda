"""`perfsheet bench`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, PerfsheetError, not_written, usage

if TYPE_CHECKING:
    from perfsheet.models.bench import Bench
    from perfsheet.models.bench.model import Deviation
    from perfsheet.text.json_view import JsonView


_ITERATIONS, _WARMUP = 10, 1


@command
@json_options
def bench(
    function: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODULE.py:FUNCTION|BENCH.toml]",
            help="The function to time, or one that returns a callable to time; it gets the parameters. Or a file with "
            "the tables and rows of a bench.",
            show_default=False,
        ),
    ] = None,
    command_line: Annotated[
        str | None,
        typer.Option("-c", "--command", metavar="COMMAND", help="Time a command instead, with {NAME} for parameters."),
    ] = None,
    latency: Annotated[
        str | None,
        typer.Option(
            "--latency",
            metavar="PATTERN",
            help="Of a command that prints its own latency: the regular expression whose group 1 is it.",
        ),
    ] = None,
    unit: Annotated[
        str, typer.Option("--unit", metavar="UNIT", help="Unit of a printed latency: ms, s, us, ns.")
    ] = "ms",
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="NAME=A,B", help="A parameter and its values; several give all combinations."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar='"NAME=A OTHER=B"', help="One more variant, besides the combinations."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="NAME=A", help="The variant that speed-ups compare with; default: the first."
        ),
    ] = None,
    iterations: Annotated[
        int, typer.Option("-n", "--iterations", metavar="N", help="Measured runs per variant.")
    ] = _ITERATIONS,
    warmup: Annotated[int, typer.Option("--warmup", metavar="N", help="Unmeasured runs before them.")] = _WARMUP,
    tokens: Annotated[
        int | None, typer.Option("--tokens", metavar="N", help="Tokens that a run works on: shows tokens/s.")
    ] = None,
    counted: Annotated[
        str, typer.Option("--counted", metavar="TEXT", help="Which tokens these are, such as 'new tokens'.")
    ] = "",
    hardware: Annotated[str, typer.Option("--hardware", metavar="TEXT", help="Where it runs, for the page.")] = "",
    population: Annotated[
        bool,
        typer.Option("--population", help="Population standard deviation (n) instead of that of a sample (n - 1)."),
    ] = False,
    style: Annotated[
        str, typer.Option("--style", metavar="NAME", help="Of the page: markdown, or myst for tables with a name.")
    ] = "markdown",
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Time limit of a variant.")
    ] = None,
    python: shared.Python = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results; default: generated/bench/NAME."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the table, warnings and errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show all output of the variants.")] = False,
    json: JsonView | None = None,
    force: shared.Force = False,
) -> int:
    """Measure latency (mean ± standard deviation) and memory of functions and commands, row by row."""
    from perfsheet.cli.handling import view
    from perfsheet.models.bench import (
        BenchInterruptedError,
        Runtime,
        baseline_index,
        check_plan,
        parse_variants,
        plan_of_variants,
        read_bench,
        run_bench,
    )
    from perfsheet.models.outputs.bench import STYLES, bench_json, bench_markdown, print_bench, runs_csv
    from perfsheet.outputs import json_output
    from perfsheet.text.safe import printed

    if (function is None) == (command_line is None):
        raise usage("a bench needs either MODULE.py:FUNCTION, BENCH.toml or -c COMMAND", "give one of them")
    if style not in STYLES:
        raise usage(f"unknown style {style!r}", f"choose from {', '.join(STYLES)}")
    if latency is not None:
        _check_printed(command_line, iterations, warmup)
    deviation: Deviation | None = "population" if population else None
    if function is not None and function.endswith(".toml"):
        in_file = {
            "--vary": vary,
            "--variant": variant,
            "--baseline": baseline,
            "--timeout": timeout,
            "--tokens": tokens,
            "--counted": counted,
            "--hardware": hardware,
            "--population": population,
            "--python": python,
            "-n": iterations != _ITERATIONS,
            "--warmup": warmup != _WARMUP,
            "--unit": unit != "ms",
        }
        if given := [name for name, value in in_file.items() if value]:
            raise usage(f"{given[0]} and a file exclude each other", f"write it into {function} (docs/bench.md)")
        plan = read_bench(Path(function))
        name = plan.name
    else:
        variants = parse_variants(vary or [], variant or [])
        runtime = Runtime(
            function or "", command_line or "", latency=latency or "", unit=unit, deviation=deviation, python=python
        )
        of_plan = {
            "baseline": baseline_index(baseline, variants),
            "hardware": hardware,
            "counted": counted,
            "deviation": deviation or "sample",
        }
        plan = plan_of_variants(runtime, variants, iterations, warmup, timeout, tokens, **of_plan)
        name = (function or command_line or "").rpartition(":")[2]
    check_plan(plan)  # refuses an invalid plan before anything is written
    folder = output or Path("generated/bench") / _name(name)
    log, runs = _new_folder(folder, force)
    interrupted: BenchInterruptedError | None = None
    # Standard output is for the table.
    with (
        view(quiet, verbose, json=True, lines=False) as watch,
        _opened(log, force) as log_stream,
        _opened(runs, force) as runs_stream,
    ):
        write_run = _writer(runs_stream)
        write_run(runs_csv([]).encode())
        try:
            result = run_bench(
                plan, watch, _writer(log_stream), lambda run: write_run(runs_csv([run]).partition("\n")[2].encode())
            )
        except BenchInterruptedError as error:
            interrupted, result = error, error.bench
    files = [*_write(result, folder, force, style), runs, log]
    if json:
        json_output.write(bench_json(result, list(map(str, files))), sys.stdout, json)
    elif sys.stdout.isatty():
        print_bench(result, sys.stdout)
    else:
        typer.echo(printed(bench_markdown(result, style)))
    if any(row.failed for row in result.rows):
        say(f"perfsheet: the output of the variants is in {log}")
    tell(f"Wrote {files[0]} and {len(files) - 1} more files in {folder}", err=True)
    if interrupted:
        raise interrupted
    return ExitStatus.TESTS_FAILED if any(row.failed for row in result.rows) else ExitStatus.DONE


def _check_printed(command_line: str | None, iterations: int, warmup: int) -> None:
    if command_line is None:
        raise usage("--latency reads what a command prints", "give -c COMMAND")
    if iterations != _ITERATIONS or warmup != _WARMUP:
        raise usage("-n and --warmup are for what is timed here", "a command with --latency runs once: give it its own")


def _new_folder(folder: Path, overwrite: bool) -> tuple[Path, Path]:
    """The folder for the results, made, with none of an earlier bench; the paths of its log and of its runs."""
    from perfsheet.atomic_write import make_folder
    from perfsheet.outputs import paths

    for name in ("bench.xlsx", "bench.csv", "bench.md", "bench.log", "runs.csv"):
        paths.check_new(folder / name, overwrite)
    made = make_folder(folder)
    return made / "bench.log", made / "runs.csv"


def _opened(path: Path, overwrite: bool) -> BufferedWriter:
    """A file that grows while the bench runs, emptied. Raises PerfsheetError (exit status 7)."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise not_written(f"{path} is no file", "remove it, or give another folder with -o")
    try:
        return path.open("wb" if overwrite else "xb")
    except OSError as error:
        raise not_written(f"cannot write {path} ({error.strerror})", "give another folder with -o") from None


def _writer(stream: BufferedWriter) -> Callable[[bytes], None]:
    """What writes to a file that somebody may be watching."""

    def write(output: bytes) -> None:
        stream.write(output)
        stream.flush()

    return write


def _name(what: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", what).strip("._")[:60] or "bench"


def _write(result: Bench, folder: Path, overwrite: bool, style: str) -> list[Path]:
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs.bench import bench_csv, bench_markdown, write_workbook

    workbook, table, page = (folder / f"bench.{suffix}" for suffix in ("xlsx", "csv", "md"))
    written: list[Path] = []
    try:
        write_workbook(result, workbook, overwrite)
        written.append(workbook)
        replace_text(table, bench_csv(result), overwrite)
        written.append(table)
        replace_text(page, bench_markdown(result, style), overwrite)
    except PerfsheetError as error:
        there = ", ".join(path.name for path in written) or "none"
        error.add_hint(f"{folder} is incomplete: of its results {there} {'are' if len(written) > 1 else 'is'} there")
        raise
    return [*written, page]
