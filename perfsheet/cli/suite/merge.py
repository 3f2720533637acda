"""`perfsheet suite merge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.cli.suite import shared as ours
from perfsheet.errors import ExitStatus

if TYPE_CHECKING:
    from perfsheet.e2e import Merged
    from perfsheet.suite import ModelResult


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
    from perfsheet.e2e import Limits, breaches, write_merged
    from perfsheet.e2e import merge as merged_of
    from perfsheet.e2e.limits import device_breaches
    from perfsheet.machine import checkout
    from perfsheet.render import jsonout, place
    from perfsheet.render.jsonout import suite as suite_json
    from perfsheet.suite.of_perf_file import of_row

    limits = Limits(lower, upper)
    outputs = [path for path in (output, markdown) if path is not None]
    # The file of an earlier merge may be caught by the pattern of this one.
    inputs = [path for path in paths if path.resolve() not in {one.resolve() for one in outputs}]
    for path in outputs:
        place.check_file(path, [str(one) for one in inputs], force)
    merged = merged_of(inputs)
    results = [of_row(row) for row in merged.rows]
    branch, commit = checkout.head(Path.cwd())
    files = [str(path) for path in write_merged(merged, output, branch, commit)]
    if markdown is not None:
        _write_markdown(markdown, results, sort, descending)
        files.append(str(markdown))
    broken = [] if no_check else [*breaches(merged.rows, limits), *device_breaches(merged.device_rows)]
    if json:
        typer.echo(jsonout.dumps(suite_json.merge(merged, results, broken, files)))
    elif results:
        from perfsheet.render.terminal import suite as terminal

        terminal.render(results, sys.stdout, with_success=False)
    _warn(merged)
    for breach in broken:
        say(f"perfsheet: {breach.sentence}")
    typer.echo(f"Merged: {len(merged.rows) + len(merged.device_rows)} rows in {', '.join(files)}", err=json)
    if not merged.rows and not merged.device_rows:
        return ExitStatus.CAPTURE_UNUSABLE
    if broken:
        return ExitStatus.BUDGET_BREACHED
    return ExitStatus.CAPTURE_UNUSABLE if merged.refused else ExitStatus.DONE


def _warn(merged: Merged) -> None:
    for refused in merged.refused:
        say(f"perfsheet: {refused.sentence}")
    for sentence in (*merged.notes, *(one.sentence for one in merged.disagreements)):
        say(f"warning: {sentence}")
    if len(merged.commits) > 1:
        say(f"warning: merged files are of several commits: {', '.join(merged.commits)}")


def _write_markdown(path: Path, results: list[ModelResult], sort: str | None, descending: bool) -> None:
    from perfsheet.render.markdown import results as tables
    from perfsheet.whole_file import replace_text

    table = tables.of_results(results, with_success=False)
    replace_text(path, tables.table(table.sorted(sort, descending) if sort else table))
