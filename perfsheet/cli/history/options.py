"""Options that the commands about a history share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from perfsheet.cli.options import parameter, with_parameters
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.history.engines import Engine
    from perfsheet.history.series import Chosen

T = TypeVar("T")
Store = Annotated[
    str, typer.Argument(metavar="STORE", help="A folder, or an address of an object store (s3://bucket/folder).")
]
EngineName = Annotated[
    str,
    typer.Option("--engine", metavar="NAME", help="duckdb, in this process; or spark, spark://HOST:PORT."),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE.xlsx", help="Write a workbook with charts.")
]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE.html", help="Write a page.")]
Count = Annotated[
    int | None,
    typer.Option("-n", "--top", metavar="N", help="How many, 0 = all; by default a screenful, all in JSON and CSV."),
]

# fmt: off
_CHOSEN = (
    ("model", str | None, "--model", "NAME", "Only this model; * stands for anything."),
    ("setting", str | None, "--setting", "NAME", "Only this setting of it."),
    ("board", str | None, "--board", "NAME", "Only runs on this board."),
    ("branch", str | None, "--branch", "NAME", "Only runs of this branch."),
    ("since", str | None, "--since", "TIME", "Only commits (else runs) of this time or later: 2026-11-01."),
    ("until", str | None, "--until", "TIME", "Only commits (else runs) of this time or earlier."),
    ("last", int | None, "--last", "N", "Only the newest N runs of each model and board."),
)
# fmt: on


def chosen_options(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that choose runs; it gets them as `chosen`."""
    parameters = [parameter(name, kind, None, (flag,), metavar, text) for name, kind, flag, metavar, text in _CHOSEN]
    return with_parameters(function, "chosen", parameters, _chosen)


def _chosen(
    model: str | None,
    setting: str | None,
    board: str | None,
    branch: str | None,
    since: str | None,
    until: str | None,
    last: int | None,
) -> Chosen:
    from perfsheet.history.series import Chosen

    if last is not None and last < 1:
        raise usage(f"--last {last}: not a count", "give 1 or more")
    return Chosen(
        model or "",
        setting or "",
        board or "",
        branch or "",
        time("--since", since),
        time("--until", until, end_of_day=True),
        last,
    )


def count(given: int | None, screenful: int, data: bool) -> int | None:
    """How many to show, None = all; `data`: for a program."""
    from perfsheet.cli.options import first

    if given is None:
        return None if data else screenful
    return first(given)


def check_name(path: Path | None, suffix: str) -> None:
    """Refuse an output whose name says that it is of another format. Raises PerfsheetError (exit status 2)."""
    if path is not None and path.suffix.lower() not in (suffix, ""):
        raise usage(f"{path}: unknown format {path.suffix!r}", f"end the name in {suffix}")


def time(option: str, text: str | None, end_of_day: bool = False) -> datetime | None:
    """The time of an option; a day alone is its begin, or its end. Raises PerfsheetError (exit status 2)."""
    from datetime import timedelta

    from perfsheet.history.facts import time_of

    if text is None:
        return None
    found = time_of(text)
    if found is None:
        raise usage(f"{option} {text}: not a time", "for instance 2026-11-29 or 2026-11-29T10:00:00+01:00")
    alone = re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip())
    return found + timedelta(days=1, microseconds=-1) if end_of_day and alone else found


def engine(name: str) -> Engine:
    """The engine of this name. Spark works with pandas, the other one does without."""
    from perfsheet.cli.handling import load_arrow, load_numpy

    (load_arrow if name == "duckdb" else load_numpy)()
    from perfsheet.history.engines import engine_of

    return engine_of(name)
