"""DuckDB over the Parquet files of a store, in this process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from perfsheet.errors import unusable, usage
from perfsheet.history.engines import check_reads
from perfsheet.history.schema import RUNS, StoreTable
from perfsheet.history.store import Contents

if TYPE_CHECKING:
    from perfsheet.history.adding import Work, Written
    from perfsheet.history.facts import Found

_PARAMETER = re.compile(r"(?<![:\w]):(?=[a-z_]\w*)")
_HINT = "the tables are in docs/history.md"
_MEMORY = "640MB"
"""What it may keep in memory; larger sorts and groups go to temporary files."""


class DuckdbEngine:
    """Answers in this process; files of a folder are read by DuckDB itself, those of an object store by Arrow."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"memory_limit": _MEMORY, "autoinstall_known_extensions": False})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._folder: str | None = None
        self._locked = False

    def __enter__(self) -> DuckdbEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def open(self, contents: Contents, tables: Sequence[StoreTable], runs: pa.Table | None = None) -> None:
        """Make views of the tables."""
        self._folder = contents.place.root if contents.place.folder is not None else None
        self.register(RUNS.name, contents.runs if runs is None else runs)
        for table in tables:
            if table is not RUNS:
                self._view(contents, table, runs)

    def _view(self, contents: Contents, table: StoreTable, runs: pa.Table | None) -> None:
        parts: list[str] = []
        for version, names in contents.files(table, runs).items():
            paths = [contents.place.path(name) for name in names]
            columns = ", ".join(
                f'{_quoted(source)} AS "{field.name}"'
                if source
                else f'CAST(NULL AS {_TYPES[field.type]}) AS "{field.name}"'
                for field, source in table.sources(version)
            )
            if contents.place.folder is not None:
                parts.append(
                    f"SELECT {columns} FROM read_parquet([{', '.join(map(_text, paths))}], hive_partitioning = false)"
                )
            else:
                from pyarrow import dataset

                source_name = f"{table.name}_of_version_{version}"
                self._connection.register(source_name, dataset.dataset(paths, filesystem=contents.place.files))
                parts.append(f"SELECT {columns} FROM {source_name}")
        if not parts:
            self.register(table.name, table.schema.empty_table())
            return
        every = " UNION ALL ".join(parts)
        if not contents.whole:
            every = f"SELECT * FROM ({every}) SEMI JOIN runs USING (run_id, batch)"
        self._run(f"CREATE OR REPLACE VIEW {table.name} AS {every}")

    def register(self, name: str, rows: pa.Table) -> None:
        """Make rows a table of this name."""
        self._connection.register(name, rows)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer as a table of Arrow."""
        if self._locked:
            self._check_reads(sql)
        return self._run(_PARAMETER.sub("$", sql) if parameters else sql, parameters)

    def _check_reads(self, sql: str) -> None:
        """Refuse what does more than read. Raises PerfsheetError (exit status 2)."""
        check_reads(sql)
        try:
            statements = self._connection.extract_statements(sql)
        except duckdb.Error as error:
            raise usage(f"the engine says: {_reason(error)}", _HINT) from None
        if not {one.type for one in statements} <= {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}:
            raise usage("a query only reads, and this one does more", "ask with SELECT")
        if len(statements) > 1:
            raise usage("these are several queries", "ask one at a time")

    def _run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        try:
            answer = self._connection.sql(sql, params=dict(parameters or {}))
            return pa.table({}) if answer is None else answer.to_arrow_table()
        except duckdb.Error as error:
            of_files = isinstance(error, duckdb.IOException) or ".parquet" in str(error)
            if of_files and not isinstance(error, duckdb.PermissionException):
                what = f"a file of the store cannot be read: {_reason(error)}"
                raise unusable(what, "ask again; if it is damaged, add its captures again with --replace") from None
            raise usage(f"the engine says: {_reason(error)}", _HINT) from None

    def lock(self) -> None:
        """Let what follows read the folder of the store only."""
        if self._folder is not None:
            self._connection.execute(f"SET allowed_directories = [{_text(self._folder)}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self._locked = True

    def spread(self, work: Work, portions: Sequence[Sequence[Found]]) -> Iterable[Written]:
        """Analyse the files on the cores of this machine."""
        from perfsheet.history.adding import on_this_machine

        return on_this_machine(work, portions)


_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _reason(error: Exception) -> str:
    """The message in one line, without the picture of where it is."""
    return " ".join(re.split(r"\s*LINE \d+:", str(error))[0].split())[:400]
