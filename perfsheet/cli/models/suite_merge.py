"""`perfsheet suite merge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.cli.models import suite_options as ours
from perfsheet.errors import ExitStatus, unusable, usage

if TYPE_CHECKING:
    from perfsheet.models.e2e import Merged
    from perfsheet.models.suite import ModelResult


@command
def merge(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PERF.csv...", help="Perf files of models, merged ones, device_perf files."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.csv", help="The merged file.")] = Path(
        "perf.csv"
    ),
    markdown: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--md", metavar="FILE.md", help="The table as Markdown, too."),
    ] = None,
    lower: ours.Lower = 0.80,
    upper: ours.Upper = 1.0,
    no_check: ours.NoCheck = False,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    json: shared.Json = False,
    force: shared.Force = False,
) -> int:
    """Merge perf files by column name, verify what they have computed, and check them against what they expect."""
    from perfsheet.capture.notes import rows
    from perfsheet.models.e2e import Limits, breaches, merge_targets, write_merged
    from perfsheet.models.e2e import merge as merged_of
    from perfsheet.models.e2e.limits import device_breaches
    from perfsheet.models.outputs import suite_json
    from perfsheet.models.outputs.results_markdown import in_order
    from perfsheet.models.suite.of_perf_file import of_row
    from perfsheet.outputs import json_output
    from perfsheet.outputs import paths as place

    limits = Limits(lower, upper)
    in_order([], sort, descending)  # refuses a column that is not there
    if markdown is not None and markdown.resolve() == output.resolve():
        raise usage("two outputs have the same name", "give each its own")
    outputs = [path for path in (output, markdown) if path is not None]
    # The file of an earlier merge may be caught by the pattern of this one.
    inputs = [path for path in paths if path.resolve() not in {one.resolve() for one in outputs}]
    merged = merged_of(inputs)
    for path in [*merge_targets(merged, output), *([markdown] if markdown else [])]:
        place.check_file(path, [str(one) for one in inputs], force)
    _warn(merged)
    if not merged.rows and not merged.device_rows:
        raise unusable("none of the files could be merged", "nothing is written")
    results = in_order([of_row(row) for row in merged.rows], sort, descending)
    files = [str(path) for path in write_merged(merged, output, *_head(merged))]
    if markdown is not None:
        _write_markdown(markdown, merged, results)
        files.append(str(markdown))
    broken = [] if no_check else [*breaches(merged.rows, limits), *device_breaches(merged.device_rows)]
    if json:
        typer.echo(json_output.dumps(suite_json.merge(merged, results, broken, files)))
    else:
        from perfsheet.models.outputs import suite_terminal as terminal

        if results:
            terminal.render(results, sys.stdout, with_success=False)
        if merged.device_rows:
            terminal.render_devices(merged, sys.stdout)
    for breach in broken:
        say(f"perfsheet: {breach.sentence}")
    count = len(merged.rows) + len(merged.device_rows)
    typer.echo(f"Merged: {rows(count)} in {', '.join(files)}", err=json)
    if broken:
        return ExitStatus.BUDGET_BREACHED
    return ExitStatus.CAPTURE_UNUSABLE if merged.refused else ExitStatus.DONE


def _head(merged: Merged) -> tuple[str | None, str | None]:
    """Branch and commit: of what was merged before, else of the current folder; none where they are several."""
    from perfsheet.machine import checkout

    if not merged.commits and not merged.branches:
        return checkout.head(Path.cwd())
    if len(merged.commits) > 1 or len(merged.branches) > 1:
        say(f"warning: merged files are of several commits: {', '.join(merged.commits)}; the merge names none")
        return None, None
    return next(iter(merged.branches), None), next(iter(merged.commits), None)


def _warn(merged: Merged) -> None:
    for refused in merged.refused:
        say(f"perfsheet: {refused.sentence}")
    for sentence in (*merged.notes, *(one.sentence for one in merged.disagreements)):
        say(f"warning: {sentence}")


def _write_markdown(path: Path, merged: Merged, results: list[ModelResult]) -> None:
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs import results_markdown as tables

    found = [tables.of_results(results, with_success=False)] if results else []
    found += [tables.of_devices(merged)] if merged.device_rows else []
    replace_text(path, "\n".join(map(tables.table, found)))
