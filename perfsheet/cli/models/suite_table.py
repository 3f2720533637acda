"""`perfsheet suite table`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.models import suite_options as ours
from perfsheet.errors import unusable, usage

if TYPE_CHECKING:
    from perfsheet.models.published import Layout
    from perfsheet.models.results_table import Document, ResultsTable
    from perfsheet.models.suite import ModelResult


@command
def table(
    path: Annotated[
        Path, typer.Argument(metavar="FILE.md|SUITE.toml", help="A Markdown file with a results table, or a suite.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Output: .md, .csv, .xlsx or .json; default: Markdown on standard output.",
        ),
    ] = None,
    layout: Annotated[
        str,
        typer.Option("--layout", metavar="NAME", help="Of a suite: the columns of torch-ttnn, or torch-ttnn-2025."),
    ] = "torch-ttnn",
    results_folder: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="Of a suite: where its results are; default: its output folder."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="README.md", help="Of a suite: update the results table of this file in place."),
    ] = None,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    force: shared.Force = False,
) -> None:
    """Read a results table, sort it, and write it; or publish the results of a suite as a table, or in a README."""
    from perfsheet.models.results_table import read_document
    from perfsheet.outputs import paths

    if output is not None:
        paths.check_file(output, [str(path)], force)
        if output.suffix.lower() not in (".md", ".csv", ".xlsx", ".json"):
            raise usage(f"{output}: unknown format {output.suffix!r}", "end the name in .md, .csv, .xlsx or .json")
    if path.suffix.lower() == ".toml":
        if sort or descending:
            raise usage("--sort orders a Markdown table", "a published one has the order of its project")
        if into is not None and output is not None:
            raise usage("--into and -o exclude each other", "choose one")
        _publish(_stored(path, results_folder), layout, into, output, force)
        return
    if into is not None:
        raise usage("--into needs a suite", "give SUITE.toml, whose results shall be in the file")
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


def _stored(path: Path, folder: Path | None) -> list[ModelResult]:
    """The results of a suite. Raises PerfsheetError (exit status 3) if there are none."""
    from perfsheet.models.suite import read_suite
    from perfsheet.models.suite.results_store import ResultsStore

    suite = read_suite(path, with_captures=False)
    output = suite.output if folder is None else folder.absolute()
    results = ResultsStore(output, say).load_all(suite)
    if not results:
        raise unusable(f"{output} has no results of {path}", "run the suite first, or give --results DIR")
    return results


def _publish(
    results: Sequence[ModelResult], name: str, into: Path | None, output: Path | None, overwrite: bool
) -> None:
    """Write the stored results of a suite as a published table."""
    from perfsheet.models.published import as_table, block, layout
    from perfsheet.models.results_table import parse_document
    from perfsheet.text.safe import printed

    wanted = layout(name)
    if replayed := [result.name for result in results if result.replayed]:
        say(f"warning: device figures are of recorded captures, not of this run: {'; '.join(replayed)}")
    if into is not None:
        _update(into, results, wanted)
        return
    text = block(wanted, results)
    if output is None:
        typer.echo(printed(text), nl=False)
        return
    if output.suffix.lower() == ".md":
        from perfsheet.atomic_write import replace_text

        replace_text(output, text, overwrite)
    else:
        _write(output, parse_document(text), as_table(wanted, results), overwrite)
    tell(f"Wrote {len(results)} rows to {output}")


def _update(path: Path, results: Sequence[ModelResult], wanted: Layout) -> None:
    """Update the results table of a README in place; nothing is written if nothing changes."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.capture.notes import rows
    from perfsheet.models.published import updated

    try:
        before = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise unusable(f"{path} is not UTF-8 text", "give a Markdown file") from None
    except OSError as error:
        raise unusable(f"{path}: {error.strerror or error}", "check the path") from None
    after = updated(before, results, wanted, str(path))
    if after.text != before:
        replace_text(path, after.text, overwrite=True)
    tell(f"{path}: {rows(len(after.changed))} changed, {len(after.added)} added")


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
