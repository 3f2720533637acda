"""Apache Spark over the same Parquet files: the same SQL, and captures that its workers analyse.

The workers need perfsheet, and see the captures and the store under the same paths or addresses as this machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from perfsheet.errors import unusable, usage
from perfsheet.history.adding import FileNote, Work, Written, write_portion
from perfsheet.history.engines import check_reads
from perfsheet.history.facts import Found
from perfsheet.history.schema import RUNS, WHOLE, StoreTable
from perfsheet.history.store import Contents

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PACKED = pa.schema([("runs", pa.binary()), ("there", WHOLE), ("refused", pa.binary()), ("incomplete", pa.binary())])
"""What a worker answers: rows of table `runs`, files that were not added, incomplete ones; as streams of Arrow."""
_REFUSED = pa.schema([("address", pa.string()), ("reason", pa.string())])


class SparkEngine:
    """Answers on a cluster. `master` as Spark has it; None = that of Spark's own settings, else this machine."""

    def __init__(self, master: str | None) -> None:
        self._locked = False
        # Workers on this machine take the Python of this process, unless something else is set.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("perfsheet history")
        if master is not None:
            builder = builder.master(master)
        settings = {
            "spark.sql.session.timeZone": "UTC",
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": tempfile.gettempdir(),  # else it makes a folder where one stands
            "spark.log.level": "ERROR",
            "spark.sql.execution.arrow.pyspark.enabled": "true",
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        try:
            self._spark = builder.getOrCreate()
        except Exception as error:  # it has one class of errors for the gateway, and another one for what Java throws
            raise unusable(
                f"Spark does not start: {_reason(error)}", "is Java 17 installed, and the master there?"
            ) from None

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._spark.stop()

    def open(self, contents: Contents, tables: Sequence[StoreTable], runs: pa.Table | None = None) -> None:
        """Make views of the tables."""
        self.register(RUNS.name, contents.runs if runs is None else runs)
        for table in tables:
            if table is not RUNS:
                self._rows(contents, table, runs).createOrReplaceTempView(table.name)

    def _rows(self, contents: Contents, table: StoreTable, runs: pa.Table | None) -> DataFrame:
        every: DataFrame | None = None
        for version, names in contents.files(table, runs).items():
            columns = [
                f"`{source}` AS `{field.name}`" if source else f"CAST(NULL AS {_TYPES[field.type]}) AS `{field.name}`"
                for field, source in table.sources(version)
            ]
            part = self._spark.read.parquet(*(_address(contents, name) for name in names)).selectExpr(*columns)
            every = part if every is None else every.unionAll(part)
        if every is None:
            return self._spark.createDataFrame([], from_arrow_schema(table.schema))
        return every if contents.whole else every.join(self._spark.table(RUNS.name), ["run_id", "batch"], "left_semi")

    def register(self, name: str, rows: pa.Table) -> None:
        """Make rows a table of this name."""
        self._spark.createDataFrame(rows).createOrReplaceTempView(name)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer as a table of Arrow."""
        if self._locked:
            check_reads(sql)
        try:
            return self._spark.sql(sql, args=dict(parameters or {})).toArrow()
        except PySparkException as error:
            raise usage(f"the engine says: {_reason(error)}", "the tables are in docs/history.md") from None

    def lock(self) -> None:
        """Refuse what does more than read; which files may be read, the cluster decides."""
        self._locked = True

    def spread(self, work: Work, portions: Sequence[Sequence[Found]]) -> Iterable[Written]:
        """Let the workers analyse the files and write their rows; only those of table `runs` come back.

        A portion that a worker begins twice is written twice, under two names, and what comes back counts.
        """
        if not portions:
            return
        rows = [
            {"number": number, "path": str(one.path.absolute()) if one.path else "", "address": one.address}
            for number, portion in enumerate(portions)
            for one in portion
        ]
        files = self._spark.createDataFrame(pa.Table.from_pylist(rows, schema=_FILES))
        answers = files.repartitionByRange(len(portions), "number").mapInArrow(
            _worker(work), from_arrow_schema(_PACKED)
        )
        try:
            for answer in answers.toLocalIterator(prefetchPartitions=True):
                yield _unpacked(*answer)
        except PySparkException as error:
            raise unusable(
                f"the cluster says: {_reason(error)}", "do its workers have perfsheet, and see the files?"
            ) from None


_FILES = pa.schema([("number", WHOLE), ("path", pa.string()), ("address", pa.string())])


def _worker(work: Work) -> Any:
    """What every worker does with the files of its partition."""

    def analyse(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pathlib import Path

        found = [
            Found(Path(row["path"]) if row["path"] else None, row["address"])
            for batch in batches
            for row in batch.to_pylist()
        ]
        written = write_portion(work, found)
        packed = [_stream(written.runs), written.there, _named(written.refused), _named(written.incomplete)]
        columns = [pa.array([value], type=field.type) for value, field in zip(packed, _PACKED, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=_PACKED)

    return analyse


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def _named(files: Sequence[FileNote]) -> bytes:
    """Files with what is said of them."""
    rows = [{"address": one.address, "reason": one.reason} for one in files]
    return _stream(pa.Table.from_pylist(rows, schema=_REFUSED))


def _unpacked(runs: bytes, there: int, refused: bytes, incomplete: bytes) -> Written:
    named = [tuple(FileNote(**row) for row in _rows(part).to_pylist()) for part in (refused, incomplete)]
    return Written(_rows(runs), there, *named)


def _rows(stream: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(stream)).read_all()


def _address(contents: Contents, name: str) -> str:
    """A file as Spark names it: it has its own scheme for S3."""
    if contents.place.folder is not None:
        return f"file://{contents.place.path(name)}"
    address = f"{contents.place.address}/{name}"
    return address.replace("s3://", "s3a://", 1) if address.startswith("s3://") else address


_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}


def _reason(error: Exception) -> str:
    """The first line of what Spark says."""
    text = str(error).strip() or type(error).__name__
    return " ".join(text.partition("\n")[0].split())[:400]
