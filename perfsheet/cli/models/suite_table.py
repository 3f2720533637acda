"""`perfsheet suite table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.models import suite_options as ours
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.models.results_table import Document, ResultsTable


@command
def table(
    path: Annotated[Path, typer.Argument(metavar="FILE.md", help="A Markdown file with a results table.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Output: .md, .csv, .xlsx or .json; default: Markdown on standard output.",
        ),
    ] = None,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    force: shared.Force = False,
) -> None:
    """Read a results table, sort it, and write it; text around it, columns and links stay."""
    from perfsheet.models.results_table import read_document
    from perfsheet.outputs import paths

    if output is not None:
        paths.check_file(output, [str(path)], force)
        if output.suffix.lower() not in (".md", ".csv", ".xlsx", ".json"):
            raise usage(f"{output}: unknown format {output.suffix!r}", "end the name in .md, .csv, .xlsx or .json")
    document = read_document(path)
    results = document.results()
    if sort:
        results = results.sorted(sort, descending)
    if len(document.tables) > 1:
        say(f"note: {path} has {len(document.tables)} tables; using the one with {', '.join(results.headers[:3])}, …")
    for note in (*document.notes, *_impossible(results)):
        say(f"warning: {note}")
    if output is None:
        from perfsheet.models.outputs.results import table_markdown
        from perfsheet.text.safe import printed

        typer.echo(printed(table_markdown(results)), nl=False)
        return
    _write(output, document, results, force)
    tell(f"Wrote {len(results.rows)} rows to {output}")


def _impossible(table: ResultsTable) -> list[str]:
    from perfsheet.accuracy import MARKED
    from perfsheet.models.results_table import plain_text

    return [
        f"{name}: {table.headers[column]} {cells[column].removesuffix(MARKED)} is impossible: {why}"
        for (row, column), why in table.impossible.items()
        for cells in [table.rows[row]]
        for name in [plain_text(cells[0])]
    ]


def _write(output: Path, document: Document, results: ResultsTable, overwrite: bool) -> None:
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs import results as outputs

    match output.suffix.lower():
        case ".xlsx":
            outputs.write_workbook(results, output, overwrite)
        case ".csv":
            replace_text(output, outputs.table_csv(results), overwrite)
        case ".json":
            replace_text(output, outputs.table_json(results), overwrite)
        case _:
            replace_text(output, outputs.document_markdown(document.with_results(results)), overwrite)
