"""`perfsheet suite targets`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli.handling import command, say
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, PerfsheetError

if TYPE_CHECKING:
    from perfsheet.text.json_view import JsonView


@command
@json_options
def targets(
    records: Annotated[
        list[Path],
        typer.Argument(metavar="RECORD.json|FOLDER...", help="Benchmark records in JSON."),
    ],
    file: Annotated[Path, typer.Option("--targets", metavar="FILE.yaml", help="tt-metal's central targets.")] = Path(
        "models/model_targets.yaml"
    ),
    sku: Annotated[
        str | None,
        typer.Option("--sku", metavar="NAME", help="Board or machine: wh_n150, t3k, …; default: that of each record."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A record without an active target fails, too.")] = False,
    json: JsonView | None = None,
) -> int:
    """Hold benchmark records against tt-metal's model_targets.yaml: the most specific entry, both sides."""
    from perfsheet.models.outputs.targets import RecordVerdict, print_verdicts, verdicts_json
    from perfsheet.models.records import find_records, read_record
    from perfsheet.models.targets import check_targets, read_targets
    from perfsheet.outputs import json_output

    known = read_targets(file)
    if sku is not None:
        known.check_board(sku)
    verdicts = []
    unusable = 0
    for path in find_records(records):
        try:
            run = read_record(path)
        except PerfsheetError as error:
            say(f"perfsheet: left out: {error}")
            unusable += 1
            continue
        board = sku or run.sku
        if not board:
            say(f"perfsheet: left out: {path} does not say its board; give --sku, as the targets have it")
            unusable += 1
            continue
        entry = known.find(run.ml_model_name, board, run.batch_size, run.input_sequence_length)
        checks = () if entry is None or entry.todo else tuple(check_targets(entry, run.values))
        verdicts.append(RecordVerdict(str(path), run.name, board, entry, checks))
    if json:
        json_output.write(verdicts_json(known.path, verdicts), sys.stdout, json)
    else:
        print_verdicts(verdicts, sys.stdout)
    for verdict in verdicts:
        if not verdict.checks:
            say(f"{'perfsheet' if strict else 'warning'}: {verdict.path}: {verdict.gap}")
    missed = any(not check.ok for verdict in verdicts for check in verdict.checks)
    gap = strict and any(not verdict.checks for verdict in verdicts)
    if missed or gap:
        return ExitStatus.BUDGET_BREACHED
    return ExitStatus.CAPTURE_UNUSABLE if unusable else ExitStatus.DONE
