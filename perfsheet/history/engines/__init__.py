"""The engines that answer questions to a store: DuckDB in this process, or Apache Spark. Both take the same SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from perfsheet.errors import usage
from perfsheet.history.schema import StoreTable
from perfsheet.history.store import Contents

if TYPE_CHECKING:
    from perfsheet.history.adding import Work, Written
    from perfsheet.history.facts import Found

DUCKDB, SPARK = "duckdb", "spark"


class Engine(Protocol):
    """Answers questions to a store, as a context manager.

    The tables of the store are views of their names: those of `tables`, and table `runs`.
    """

    def open(self, contents: Contents, tables: Sequence[StoreTable], runs: pa.Table | None = None) -> None:
        """Take a store; `runs`: only the files of these runs are read (None = of all)."""

    def register(self, name: str, rows: pa.Table) -> None:
        """Make rows a table of this name."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer to a question; `:name` in it stands for a parameter. Raises PerfsheetError (exit status 2)."""

    def lock(self) -> None:
        """Let what follows read the store only: no other file, no network, no settings."""

    def spread(self, work: Work, portions: Sequence[Sequence[Found]]) -> Iterable[Written]:
        """Analyse portions of files, and write their rows (see `adding.add`)."""

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def engine_of(name: str) -> Engine:
    """The engine `duckdb`, `spark` (its master from its own settings, else this machine) or `spark://HOST:PORT`.

    Raises PerfsheetError (exit status 2) for another name, or if its package is not installed.
    """
    try:
        if name == DUCKDB:
            from perfsheet.history.engines.duckdb_engine import DuckdbEngine

            return DuckdbEngine()
        if name == SPARK or name.startswith((f"{SPARK}://", "local")):
            from perfsheet.history.engines.spark_engine import SparkEngine

            return SparkEngine(None if name == SPARK else name)
    except ImportError as error:
        extra = "history" if name == DUCKDB else "spark"
        raise usage(f"the engine {name} needs {error.name}", f"pip install 'perfsheet[{extra}]'") from None
    raise usage(f"--engine {name} is unknown", "give duckdb, spark or spark://HOST:PORT")


_READS = ("select", "with", "from", "values", "describe", "show", "explain", "summarize")


def check_reads(sql: str) -> None:
    """Refuse a question that does not begin as one that reads. Raises PerfsheetError (exit status 2)."""
    plain = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).strip(" \t\r\n(;")
    if not plain:
        raise usage("the query is empty", "for instance SELECT model, count(*) FROM runs GROUP BY model")
    if plain.split(None, 1)[0].lower() not in _READS:
        raise usage(f"a query only reads, and {plain.split(None, 1)[0]} does not", "ask with SELECT")
