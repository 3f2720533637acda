"""`perfsheet card`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from perfsheet.cli import numerics
from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.errors import usage


@command
def card(
    path: Annotated[Path, typer.Argument(metavar="SUITE.toml", help="The targets (docs/suite.md).")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="FILE.md", help="The cards; default: standard output."),
    ] = None,
    results: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--results", metavar="DIR", help="Results of `perfsheet suite run`; default: where it puts them."),
    ] = None,
    model: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--model", metavar="MODEL", help="Only this model; may be given several times."),
    ] = None,
    force: shared.Force = False,
) -> None:
    """Write the model card of each target: reference, inputs, ops needed and missing, accuracy, times, reports."""
    numerics.load()
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs import card_markdown as page
    from perfsheet.models.suite import ModelResult, read_suite
    from perfsheet.models.suite.card import card as card_of
    from perfsheet.models.suite.keeping import Kept
    from perfsheet.outputs import paths

    if output is not None:
        paths.check_file(output, [str(path)], force)
    suite = read_suite(path, with_captures=False)
    if results is not None:
        suite = replace(suite, output=results.absolute())
    if strange := [one for one in model or [] if one not in {target.model for target in suite.targets}]:
        raise usage(f"--model {strange[0]}: the suite has none of that name", "it has those of its targets")
    kept = Kept(suite.output)
    cards = []
    for number, target in enumerate(suite.targets):
        if model and target.model not in model:
            continue
        found = kept.found(number, target, of_any_capture=True)
        if found is None:
            say(f"note: {target.name} has no result in {suite.output}: run the suite first")
            found = ModelResult(target.model, target.setting, target.batch, target.command)
        cards.append(card_of(suite, target, kept.relative(found)))
    text = page.markdown(suite.name, cards, suite.output, (output or Path.cwd() / "card.md").absolute().parent)
    if output is None:
        typer.echo(text, nl=False)
        return
    replace_text(output, text)
    typer.echo(f"Wrote {output}")
