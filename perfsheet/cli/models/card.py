"""`perfsheet card`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.errors import usage


@command
def card(
    path: Annotated[Path, typer.Argument(metavar="SUITE.toml", help="The targets (docs/suite.md).")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.md", help="Where to write the cards; default: standard output."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="Results of `perfsheet suite run`; default: its output folder."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="MODEL", help="Only this model; repeat for several.")
    ] = None,
    variants: Annotated[
        Path | None,
        typer.Option("--variants", metavar="DIR", help="Also write skeleton tests: plain, trace, two queues, both."),
    ] = None,
    force: shared.Force = False,
) -> None:
    """Write a model card per target: reference, inputs, ops needed and missing, accuracy, times, reports."""
    load_numpy()
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.e2e import Limits
    from perfsheet.models.outputs.card import cards_markdown
    from perfsheet.models.outputs.variant_tests import write_variant_tests
    from perfsheet.models.suite import read_suite
    from perfsheet.models.suite.card import make_card
    from perfsheet.models.suite.central_targets import check_central_targets
    from perfsheet.models.suite.model import check_limits, not_run
    from perfsheet.models.suite.results_store import ResultsStore
    from perfsheet.models.targets import read_targets
    from perfsheet.outputs import paths
    from perfsheet.text.safe import printed

    if output is not None:
        paths.check_file(output, [str(path)], force)
    suite = read_suite(path, with_captures=False)
    if results is not None:
        suite = replace(suite, output=results.absolute())
    models = sorted({target.model for target in suite.targets})
    if unknown := [name for name in model or [] if name not in models]:
        raise usage(f"--model {unknown[0]}: the suite has no such model", f"it has {', '.join(models)}")
    central = read_targets(suite.central_targets) if suite.central_targets else None
    store = ResultsStore(suite.output, say)
    cards = []
    for index, target in enumerate(suite.targets):
        if model and target.model not in model:
            continue
        result = store.load(index, target, any_capture=True)
        if result is None:
            say(f"note: {target.name} has no result in {suite.output}; run the suite first")
            result = not_run(target)
        checked = check_limits([store.with_relative_paths(result)], Limits())
        if central is not None:
            checked = check_central_targets(suite, checked, central)
        cards.append(make_card(suite, target, checked[0]))
    if variants is not None:
        wanted = [target for target in suite.targets if not model or target.model in model]
        tests = write_variant_tests(suite, wanted, variants)
        for path_of_test in tests.written:
            tell(f"Wrote {path_of_test}", err=output is None)
        for path_of_test in tests.kept:
            say(f"note: {path_of_test} is there already, and stays as it is")
    text = cards_markdown(suite.name, cards, suite.output, (output or Path.cwd() / "card.md").absolute().parent)
    if output is None:
        typer.echo(printed(text), nl=False)
        return
    replace_text(output, text, force)
    tell(f"Wrote {output}")
