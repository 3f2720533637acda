"""`perfsheet stats`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import ExitStatus, PerfsheetError

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.models.op_stats import Source
    from perfsheet.text.json_view import JsonView


@command
@json_options
@analysis_options
def stats(
    *,
    captures: Annotated[
        list[str],
        typer.Argument(metavar="CSV...", help="Ops CSV files or folders with reports, each a separate capture."),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the tables and plots.")
    ] = Path("stats"),
    options: Options,
    json: JsonView | None = None,
    force: shared.Force = False,
) -> int:
    """Count device ops and tensor sizes, per capture and over all captures."""
    load_numpy()
    from perfsheet.capture.notes import rows
    from perfsheet.models.op_stats import count_ops
    from perfsheet.models.outputs import op_stats
    from perfsheet.outputs import json_output, paths

    paths.check_new(output / op_stats.NODE_COUNT, force)
    sources, status = _sources(captures, options)
    statistics = count_ops(sources)
    if force:
        op_stats.clear_folder(output)
    files = op_stats.write_folder(statistics, output, overwrite=force)
    if len(sources) > 1:
        for source in sources:
            folder = output / "captures" / source.name
            files += op_stats.write_folder(count_ops([source]), folder, overwrite=force)
    if left := op_stats.without_files(statistics):
        say(f"warning: {rows(left, 'type')} of ops, the rarest, have no files of their own; {files[0]} has all")
    if json:
        json_output.write(op_stats.stats_json(statistics, list(map(str, files))), sys.stdout, json)
    else:
        op_stats.print_statistics(statistics, sys.stdout)
    tell(f"Wrote {files[0]} and {len(files) - 1} more files in {output}", err=bool(json))
    return status


def _sources(captures: list[str], settings: Options) -> tuple[list[Source], ExitStatus]:
    """Read the captures. Those that cannot be read are reported, and set the exit status."""
    from perfsheet.cli.captures import analyse
    from perfsheet.models.op_stats import capture_source
    from perfsheet.models.outputs.op_stats import unique_file_name

    taken = {"op_type", "count"}  # the other columns of node_count.csv
    seen: set[str] = set()
    stems = Counter(Path(capture).stem for capture in captures)
    sources = []
    failed: PerfsheetError | None = None
    for capture in captures:
        if os.path.realpath(capture) in seen:
            say(f"warning: {capture} is given twice; it is counted once")
            continue
        seen.add(os.path.realpath(capture))
        try:
            analysis = analyse([capture], settings)
        except PerfsheetError as error:
            if len(captures) == 1:
                raise
            say(f"perfsheet: left out: {error}")
            failed = failed or error
            continue
        path = Path(analysis.summary.paths[0])
        name = f"{path.absolute().parent.name}_{path.stem}" if stems[Path(capture).stem] > 1 else path.stem
        sources.append(capture_source(unique_file_name(name, taken), analysis))
    if not sources and failed:
        raise failed
    return sources, failed.status if failed else ExitStatus.DONE
