"""The history of a suite: every result that it ever came to, one line each, never rewritten but for new columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from perfsheet.errors import not_written, usage
from perfsheet.models.suite.columns import COLUMNS, percent
from perfsheet.models.suite.model import ModelResult

_HEAD = ("started", "commit")
_TAIL = ("outcome", "problem")


def appended(path: Path, results: Sequence[ModelResult], commit: str | None) -> list[dict[str, str]]:
    """Add the results that have run to the history; all lines of it, the oldest first.

    A result that is in it already (the same target, started at the same second) is not added twice. Raises
    PerfsheetError: exit status 2 when the file is no history, 7 when it cannot be written.
    """
    from perfsheet.atomic_write import replace_text

    names = [*_HEAD, *(column.output_name for column in COLUMNS), *_TAIL]
    before, headers = read(path)
    known = {(line.get("started"), line.get("model"), line.get("setting"), line.get("batch")) for line in before}
    lines = [_line(result, commit) for result in results if result.started]
    new = [line for line in lines if (line["started"], line["model"], line["setting"], line["batch"]) not in known]
    every = [*before, *new]
    columns = list(dict.fromkeys([*names, *headers]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(every)
    replace_text(path, text.getvalue())
    return every


def _line(result: ModelResult, commit: str | None) -> dict[str, str]:
    values: dict[str, object] = {column.output_name: percent(column, column.value(result)) for column in COLUMNS}
    values |= {"started": result.started, "commit": commit, "outcome": result.outcome, "problem": result.problem}
    return {name: _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The lines of a history and its columns; none where there is no file yet. Raises PerfsheetError as `appended`."""
    if not path.exists():
        return [], []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restkey="more", restval="")
            lines = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise not_written(f"{path} cannot be read: {error}", "move it away; a new one is begun then") from None
    headers = list(reader.fieldnames or [])
    if headers and not {"started", "model"} <= set(headers):
        raise usage(f"{path} is no history of a suite", "move it away, or give another folder with -o")
    return [{name: value for name, value in line.items() if name in headers} for line in lines], headers
