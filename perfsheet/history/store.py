"""The store: Parquet files that are never changed, and what of them counts.

A batch writes its rows first, and its runs last; a run counts once it is in table `runs`. Of a run that is there
several times the last batch counts. So two writers lose nothing, what a killed one leaves is ignored, and readers need
no lock.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfsheet.errors import unusable
from perfsheet.history import schema
from perfsheet.history.places import Place, place_of
from perfsheet.history.rows import RunRows
from perfsheet.history.schema import BY_NAME, RUNS, TABLES, StoreTable
from perfsheet.light_dataclass import dataclass

_COUNTS = {"signatures": "signatures", "causes": "causes", "measurements": "measurements", "ops": "ops_stored"}
"""Of each table the column of `runs` that counts its rows."""
_BATCH = re.compile(r"(\d{8}T\d{12})-[0-9a-f]{8}")
_ORDER = {"signatures": ("signature_id", "run_id"), "ops": ("run_id", "position")}
_ROW_GROUP = 1 << 16
_LONGEST_NAME = 120
_READERS = 8
_ABANDONED = timedelta(days=1)
"""Files of a batch without runs are left alone for so long: its writer may still be at work."""


def new_batch() -> str:
    """A name for a batch; later ones come later in the order of texts."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


def file_name(table: StoreTable, batch: str, model: str) -> str:
    """The file of a batch, below the store; those of partitioned tables are in a folder per model."""
    return (
        f"{table.name}/model={_folder(model)}/{batch}.parquet" if table.partitioned else f"{table.name}/{batch}.parquet"
    )


def _folder(model: str) -> str:
    quoted = quote(model, safe="")
    if len(quoted) <= _LONGEST_NAME:
        return quoted
    import hashlib

    return f"{quoted[: _LONGEST_NAME - 17]}-{hashlib.blake2b(model.encode(), digest_size=8).hexdigest()}"


def write_rows(place: Place, batch: str, runs: Sequence[RunRows]) -> pa.Table:
    """Write the rows of some runs as one batch, all but table `runs`; the rows of that."""
    for table in TABLES:
        by_model: dict[str, list[pa.Table]] = {}
        for run in runs:
            rows = run.tables.get(table.name)
            if rows is not None and rows.num_rows:
                by_model.setdefault(run.run["model"] if table.partitioned else "", []).append(rows)
        for model, parts in by_model.items():
            write_table(place, table, batch, model, pa.concat_tables(parts))
    return pa.Table.from_pylist([{**run.run, "batch": batch} for run in runs], schema=RUNS.schema)


def write_table(place: Place, table: StoreTable, batch: str, model: str, rows: pa.Table) -> None:
    """Write one file of a batch."""
    at = rows.schema.get_field_index("batch")
    rows = rows.set_column(at, table.schema.field("batch"), pa.array([batch] * rows.num_rows, type=pa.string()))
    if table.name in _ORDER:
        rows = rows.sort_by([(name, "ascending") for name in _ORDER[table.name]])
    sink = pa.BufferOutputStream()
    pq.write_table(rows.cast(table.schema), sink, compression="zstd", row_group_size=_ROW_GROUP)
    place.write(file_name(table, batch, model), sink.getvalue())


def commit(place: Place, batch: str, runs: pa.Table) -> None:
    """Let a batch count, whose rows are written: this is what makes its runs part of the store."""
    write_table(place, RUNS, batch, "", runs)


@dataclass(frozen=True, eq=False)
class Contents:
    """What counts in a store at one moment: the rows of table `runs`, each run once.

    `batches`: every batch with runs, with how many rows of table `runs` it has and how many of them count.
    """

    place: Place
    runs: pa.Table
    batches: Mapping[str, tuple[int, int]]

    @property
    def whole(self) -> bool:
        """Whether all rows of the files that are read count."""
        return all(rows == counting for rows, counting in self.batches.values() if counting)

    def files(self, table: StoreTable, runs: pa.Table | None = None) -> dict[int, list[str]]:
        """The files with the rows of these runs (None = all), by the version of the schema that they are of."""
        among = self.runs if runs is None else runs
        with_rows = among.filter(pc.greater(among[_COUNTS[table.name]], 0))
        keys = with_rows.select(["batch", "model", "schema_version"]).to_pylist()
        found: dict[int, dict[str, None]] = {}
        for key in keys:
            name = file_name(table, key["batch"], key["model"])
            found.setdefault(key["schema_version"], {})[name] = None
        return {version: list(names) for version, names in sorted(found.items())}


def open_store(address: str) -> Contents:
    """What counts in a store. Raises PerfsheetError (exit status 3) if there is none, or it cannot be read."""
    contents = contents_of(place_of(address))
    if not contents.batches:
        raise unusable(f"{address}: no history here", f"make one: perfsheet history add CAPTURE --into {address}")
    return contents


def contents_of(place: Place) -> Contents:
    """The same, empty where nothing was added yet."""
    names = [name for name, _ in place.names(RUNS.name) if name.endswith(".parquet")]
    with ThreadPoolExecutor(_READERS) as readers:
        parts = [part for part in readers.map(lambda name: _read(place, name), names) if part is not None]
    rows = pa.concat_tables(parts) if parts else RUNS.schema.empty_table()
    in_batch = {entry["values"]: entry["counts"] for entry in pc.value_counts(rows["batch"]).to_pylist()}
    runs = _last_of_each(rows)
    counting = {entry["values"]: entry["counts"] for entry in pc.value_counts(runs["batch"]).to_pylist()}
    return Contents(place, runs, {batch: (count, counting.get(batch, 0)) for batch, count in in_batch.items()})


def _read(place: Place, name: str) -> pa.Table | None:
    """A file of table `runs`, in the columns of today; None if it is gone by now: what it had is in another one."""
    try:
        rows = pq.read_table(pa.BufferReader(place.read(name)))
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise unusable(
            f"{place.address}/{name} is damaged: {reason}", "remove it, and add its captures again"
        ) from None
    return of_today(RUNS, rows, version_of(rows, f"{place.address}/{name}"))


def version_of(rows: pa.Table, where: str) -> int:
    """The version of the schema that a file says. Raises PerfsheetError (exit status 3) if it is none of ours."""
    text = (rows.schema.metadata or {}).get(b"perfsheet_schema", b"")
    if not text.isdigit():
        raise unusable(f"{where} is no file of a history of perfsheet", "give the folder of one, or another folder")
    return int(text)


def of_today(table: StoreTable, rows: pa.Table, version: int) -> pa.Table:
    """The rows of a file of some version in the columns of today: what it lacks is unknown."""
    columns = [
        rows[source].cast(field.type) if source in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field, source in table.sources(version)
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _last_of_each(rows: pa.Table) -> pa.Table:
    """Each run once, as the last batch has it, in the order of their times."""
    if not rows.num_rows:
        return rows
    ordered = rows.sort_by([("run_id", "ascending"), ("batch", "descending")])
    ids = ordered["run_id"].combine_chunks()
    first = pc.fill_null(pc.not_equal(ids[1:], ids[:-1]), True)
    keep = pa.concat_arrays([pa.array([True]), first.combine_chunks() if isinstance(first, pa.ChunkedArray) else first])
    kept = ordered.filter(keep)
    time = pc.coalesce(kept["committed"], kept["started"])
    order = pa.table({"time": time, "started": kept["started"], "run_id": kept["run_id"]})
    return kept.take(pc.sort_indices(order, [(name, "ascending") for name in order.column_names]))


_SMALL = 64
"""A batch of fewer runs is small."""
_MANY_SMALL = 48
"""So many small batches are merged; each of them costs every reader a few milliseconds."""
_MERGED_ROWS = 2_000_000
"""Rows of table `signatures` or `ops` that a merged batch has at the most, in memory all at once."""


def wants_merging(contents: Contents) -> bool:
    """Whether there are so many small batches that reading is slow."""
    return sum(rows < _SMALL for rows, _ in contents.batches.values()) >= _MANY_SMALL


def merge(contents: Contents, every: bool = False) -> int:
    """Merge small batches into larger ones, and remove what no longer counts; how many batches there are fewer.

    `every`: however few there are. Others may read and add meanwhile: what is merged is the same, and comes last.
    """
    small = [batch for batch, (rows, counting) in sorted(contents.batches.items()) if rows < _SMALL or counting < rows]
    if len(small) < (2 if every else _MANY_SMALL) and contents.whole:
        _remove(contents, [batch for batch, (_, counting) in contents.batches.items() if not counting])
        return 0
    merged = 0
    for group in _groups(contents, small):
        runs = contents.runs.filter(pc.is_in(contents.runs["batch"], pa.array(group)))
        batch = new_batch()
        for table in TABLES[1:]:
            for model, rows in _rows_of(contents, table, runs):
                write_table(contents.place, table, batch, model, rows)
        if runs.num_rows:
            at = runs.schema.get_field_index("schema_version")
            version = pa.array([schema.SCHEMA_VERSION] * runs.num_rows, type=schema.WHOLE)
            commit(contents.place, batch, runs.set_column(at, RUNS.schema.field("schema_version"), version))
        _remove(contents, group)
        merged += len(group) - 1
    remove_abandoned(contents)
    return merged


def _groups(contents: Contents, batches: Sequence[str]) -> Iterator[list[str]]:
    """The batches in groups that fit into memory."""
    rows: dict[str, int] = {}
    for run in contents.runs.select(["batch", "signatures", "ops_stored"]).to_pylist():
        rows[run["batch"]] = rows.get(run["batch"], 0) + (run["signatures"] or 0) + (run["ops_stored"] or 0)
    group: list[str] = []
    total = 0
    for batch in batches:
        if group and total + rows.get(batch, 0) > _MERGED_ROWS:
            yield group
            group, total = [], 0
        group.append(batch)
        total += rows.get(batch, 0)
    if group:
        yield group


def _rows_of(contents: Contents, table: StoreTable, runs: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of these runs in a table, by model (blank = not partitioned), in the columns of today."""
    models = pc.unique(runs["model"]).to_pylist() if table.partitioned else [""]
    for model in models:
        of_model = runs.filter(pc.equal(runs["model"], model)) if table.partitioned else runs
        parts = []
        for version, names in contents.files(table, of_model).items():
            for name in names:
                rows = pq.read_table(pa.BufferReader(contents.place.read(name)))
                parts.append(of_today(table, rows, version))
        if not parts:
            continue
        wanted = of_model.select(["run_id", "batch"])
        yield (
            model,
            pa.concat_tables(parts).join(wanted, ["run_id", "batch"], join_type="inner").select(table.schema.names),
        )


def _remove(contents: Contents, batches: Iterable[str]) -> None:
    """Remove batches of which nothing counts any more: their runs first, so that nobody looks for the rest."""
    gone = set(batches)
    if not gone:
        return
    names = [name for name, _ in contents.place.names()]
    of_batch = [name for name in names if name.rpartition("/")[2].removesuffix(".parquet") in gone]
    contents.place.remove(sorted(of_batch, key=lambda name: not name.startswith(f"{RUNS.name}/")))


def remove_abandoned(contents: Contents) -> None:
    """Remove what a killed writer left a day ago or earlier: files of a batch that has no runs."""
    before = f"{datetime.now(timezone.utc) - _ABANDONED:%Y%m%dT%H%M%S%f}"
    left = []
    for name, _ in contents.place.names():
        batch = name.rpartition("/")[2].removesuffix(".parquet")
        match = _BATCH.fullmatch(batch)
        if match and match[1] < before and batch not in contents.batches and name.partition("/")[0] in BY_NAME:
            left.append(name)
    contents.place.remove(left)


def known_ids(contents: Contents) -> set[Any]:
    """The runs that the store has."""
    return set(contents.runs["run_id"].to_pylist())
