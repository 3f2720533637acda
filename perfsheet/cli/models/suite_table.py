"""`perfsheet suite table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.cli.models import suite_options as ours
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.models.results_table import Document, ResultsTable


@command
def table(
    path: Annotated[Path, typer.Argument(metavar="FILE.md", help="A Markdown file with a results table.")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where it goes: .md, .csv, .xlsx or .json; default: Markdown on standard output.",
        ),
    ] = None,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    force: shared.Force = False,
) -> None:
    """Read a results table, sort it, and write it: all text around it, all columns and links stay."""
    from perfsheet.models.results_table import read_document
    from perfsheet.outputs import paths

    if output is not None:
        paths.check_file(output, [], force)
        if output.suffix.lower() not in (".md", ".csv", ".xlsx", ".json"):
            raise usage(f"{output}: no format is called {output.suffix!r}", "end the name in .md, .csv, .xlsx or .json")
    document = read_document(path)
    found = document.results()
    if sort:
        found = found.sorted(sort, descending)
    if len(document.tables) > 1:
        say(f"note: {path} has {len(document.tables)} tables: that with {', '.join(found.headers[:3])}, … is taken")
    for note in document.notes:
        say(f"warning: {note}")
    if output is None:
        from perfsheet.models.outputs import results_markdown

        typer.echo(results_markdown.table(found), nl=False)
        return
    _write(output, document, found)
    typer.echo(f"{len(found.rows)} rows: {output}")


def _write(output: Path, document: Document, found: ResultsTable) -> None:
    from perfsheet.atomic_write import replace_text

    if output.suffix.lower() == ".md":
        from perfsheet.models.outputs import results_markdown

        replace_text(output, results_markdown.document(document.with_results(found)))
    elif output.suffix.lower() == ".xlsx":
        from perfsheet.models.outputs import results_workbook

        results_workbook.write(found, output)
    else:
        from perfsheet.models.outputs import results_text

        write = results_text.csv_text if output.suffix.lower() == ".csv" else results_text.json_text
        replace_text(output, write(found))
