"""`perfsheet suite merge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.cli.models import suite_options as ours
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, unusable, usage

if TYPE_CHECKING:
    from perfsheet.models.e2e import MergeResult
    from perfsheet.models.suite import ModelResult
    from perfsheet.text.json_view import JsonView


@command
@json_options
def merge(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PERF.csv...", help="Perf files: single, merged, or device_perf.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.csv", help="The merged file.")] = Path(
        "perf.csv"
    ),
    markdown: Annotated[
        Path | None, typer.Option("--md", metavar="FILE.md", help="Also write the table as Markdown.")
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="DIR", help="Also write a benchmark record per row, for tt-metal's CI."),
    ] = None,
    lower: ours.Lower = 0.80,
    upper: ours.Upper = 1.0,
    no_check: ours.NoCheck = False,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    json: JsonView | None = None,
    force: shared.Force = False,
) -> int:
    """Merge perf files by column name, recompute their figures, and check them against the expected times."""
    load_numpy()
    from perfsheet.capture.notes import rows
    from perfsheet.models.e2e import Limits, find_breaches, find_device_breaches, merge_paths, write_merge
    from perfsheet.models.e2e import merge as merge_files
    from perfsheet.models.outputs import suite as outputs
    from perfsheet.models.suite.figures import result_of_perf_row
    from perfsheet.outputs import json_output
    from perfsheet.outputs.paths import check_file

    limits = Limits(lower, upper)
    outputs.sort_results([], sort, descending)  # refuses an unknown column
    if markdown is not None and markdown.resolve() == output.resolve():
        raise usage("two outputs have the same name", "give each its own")
    # The shell pattern for the inputs may also match the file of an earlier merge.
    own = {path.resolve() for path in (output, markdown) if path is not None}
    inputs = [path for path in paths if path.resolve() not in own]
    merged = merge_files(inputs)
    for path in [*merge_paths(merged, output), *([markdown] if markdown else [])]:
        check_file(path, list(map(str, inputs)), force)
    _warn(merged)
    if not merged.rows and not merged.device_rows:
        raise unusable("none of the files could be merged", "nothing is written")
    results = outputs.sort_results([result_of_perf_row(row) for row in merged.rows], sort, descending)
    branch, commit = _head(merged)
    files = [str(path) for path in write_merge(merged, output, branch, commit, force)]
    if markdown is not None:
        _write_markdown(markdown, merged, results, force)
        files.append(str(markdown))
    if records is not None:
        files += map(str, _write_records(records, merged, branch, commit))
    breaches = [] if no_check else [*find_breaches(merged.rows, limits), *find_device_breaches(merged.device_rows)]
    if json:
        json_output.write(outputs.merge_json(merged, results, breaches, files), sys.stdout, json)
    else:
        if results:
            outputs.print_results(results, sys.stdout, from_runs=False)
        if merged.device_rows:
            outputs.print_devices(merged, sys.stdout)
    for breach in breaches:
        say(f"perfsheet: {breach.sentence}")
    count = len(merged.rows) + len(merged.device_rows)
    tell(f"Merged {rows(count)} into {', '.join(files)}", err=bool(json))
    if breaches:
        return ExitStatus.BUDGET_BREACHED
    return ExitStatus.CAPTURE_UNUSABLE if merged.refused else ExitStatus.DONE


def _head(merged: MergeResult) -> tuple[str | None, str | None]:
    """Branch and commit: those of the merged files, else of the current folder; none if there are several."""
    from perfsheet.machine import checkout

    if not merged.commits and not merged.branches:
        return checkout.head(Path.cwd())
    if len(merged.commits) > 1 or len(merged.branches) > 1:
        say(f"warning: the files are of several commits: {', '.join(merged.commits)}; the merge names none")
        return None, None
    return next(iter(merged.branches), None), next(iter(merged.commits), None)


def _write_records(folder: Path, merged: MergeResult, branch: str | None, commit: str | None) -> list[Path]:
    """A record per row; its time is that of the perf file."""
    from datetime import datetime, timezone

    from perfsheet.models.records import record_of_row, write_record

    written = []
    for row in merged.rows:
        time = datetime.fromtimestamp(Path(row.file).stat().st_mtime, timezone.utc)
        written.append(write_record(record_of_row(row, time, time, branch, commit), folder))
    return written


def _warn(merged: MergeResult) -> None:
    for refusal in merged.refused:
        say(f"perfsheet: {refusal.sentence}")
    for sentence in (*merged.notes, *(disagreement.sentence for disagreement in merged.disagreements)):
        say(f"warning: {sentence}")
    if merged.unreadable_to_tt_metal:
        say(f"note: {merged.unreadable_to_tt_metal}")


def _write_markdown(path: Path, merged: MergeResult, results: list[ModelResult], overwrite: bool) -> None:
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs.results import table_markdown
    from perfsheet.models.outputs.suite import devices_table, results_table

    tables = [results_table(results, from_runs=False)] if results else []
    tables += [devices_table(merged)] if merged.device_rows else []
    replace_text(path, "\n".join(map(table_markdown, tables)), overwrite)
