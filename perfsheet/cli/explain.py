"""`perfsheet explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse
from perfsheet.cli.handling import command, load_numpy
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.explanation import Explanation
    from perfsheet.text.json_view import JsonView


# fmt: off
@command
@json_options
@analysis_options
def explain(
    *,
    subject: Annotated[str, typer.Argument(metavar="ID|ROW|RULE",
        help="A cause (C1), a finding (H1), a row of the file, or a rule (low-core-count, LCC).")],
    captures: shared.Captures = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="The Python of every cure, not of the first only.")
        ] = False,
    tried: shared.Try = False,
    python: shared.TtnnPython = None,
    reference: shared.Reference = None,
    graph: shared.Graph = None,
    options: Options,
    json: JsonView | None = None,
) -> None:
    """Explain one cause, finding, op or rule: why, formulas with their numbers, cures with code, siblings.

    A rule is explained without a capture, too: then name none.
    """
    load_numpy()
    from perfsheet import explanation
    from perfsheet.trials.subjects import is_of_a_capture

    named = subject.strip()
    analysis: Analysis | None = None
    found: Explanation
    if captures or is_of_a_capture(named):
        analysis = analyse(captures, options, reference=reference, graph=graph)
        if tried:
            analysis = _tried(analysis, named, python)
        found = explanation.explain(analysis, named)
    else:
        if tried:
            raise usage("--try needs a capture", "name one, and a cause of it")
        found = explanation.explain_rule(explanation.rule_named(named))
    if json:
        from perfsheet.outputs import json_output
        from perfsheet.outputs.json_output.explanation import explanation as as_json

        json_output.write(as_json(found, analysis), sys.stdout, json)
    else:
        from perfsheet.outputs.terminal.explanation import print_explanation

        print_explanation(found, analysis, verbose, sys.stdout)
# fmt: on


def _tried(analysis: Analysis, subject: str, python: str | None) -> Analysis:
    """The analysis with what TTNN says of the cause, asked of the ttnn in `python`."""
    from perfsheet.trials import session
    from perfsheet.trials.board import board_of
    from perfsheet.trials.causes import try_causes
    from perfsheet.trials.subjects import positions_of

    cause = next((one for one in analysis.causes if one.id == subject.upper()), None)
    if cause is None:
        raise usage(f"--try tries causes, and {subject!r} is none", "give C1; `perfsheet try` has rows and findings")
    positions_of(analysis, subject)  # before the board, which takes seconds
    return analysis.with_tried(try_causes(analysis, [cause], session(*board_of(analysis), python)))
