"""The store: Parquet files that are never changed, and what of them counts.

A batch writes its rows first, and its runs last; a run counts once it is in table `runs`. Of a run that is there
several times the last revision counts, and of that the last batch. So two writers lose nothing, what a killed one
leaves is ignored, and readers need no lock. Files are merged into new ones, and removed only then.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfsheet.errors import unusable
from perfsheet.history import schema
from perfsheet.history.places import Place, place_of
from perfsheet.history.schema import RUNS, TABLES, StoreTable
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.history.rows import RunRows

_COUNTS = {"signatures": "signatures", "causes": "causes", "measurements": "measurements", "ops": "ops_stored"}
"""Of each table the column of `runs` that counts its rows."""
_BATCH = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
_ORDER = {"signatures": ("signature_id", "run_id"), "ops": ("run_id", "position")}
_KEY = ("run_id", "batch")
_ROW_GROUP = 1 << 16
_LONGEST_NAME = 120
_READERS = 8
_TRIES = 20
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


def write_rows(place: Place, runs: Sequence[RunRows]) -> pa.Table:
    """Write the rows of some runs as one batch, all but table `runs`; the rows of that."""
    batch = new_batch()
    for table in TABLES:
        by_model: dict[str, list[pa.Table]] = {}
        for run in runs:
            rows = run.tables.get(table.name)
            if rows is not None and rows.num_rows:
                by_model.setdefault(run.model if table.partitioned else "", []).append(rows)
        for model, parts in by_model.items():
            write_table(place, table, batch, model, pa.concat_tables(parts))
    written = pa.concat_tables([RUNS.schema.empty_table(), *(run.run for run in runs)])
    return with_values(written, batch=batch, revision=batch, batch_runs=len(runs))


def with_values(rows: pa.Table, **values: object) -> pa.Table:
    """Rows of table `runs` with the same value in some columns."""
    for name, value in values.items():
        field = RUNS.schema.field(name)
        column = pa.array([value] * rows.num_rows, type=field.type)
        rows = rows.set_column(rows.schema.get_field_index(name), field, column)
    return rows


def write_table(place: Place, table: StoreTable, batch: str, model: str, rows: pa.Table) -> None:
    """Write one file of a batch."""
    if table is not RUNS:  # which say themselves where their rows are
        at = rows.schema.get_field_index("batch")
        rows = rows.set_column(at, table.schema.field("batch"), pa.array([batch] * rows.num_rows, type=pa.string()))
    if table.name in _ORDER:
        rows = _sorted(rows, [(name, "ascending") for name in _ORDER[table.name]])
    sink = pa.BufferOutputStream()
    pq.write_table(rows.cast(table.schema), sink, compression="zstd", row_group_size=_ROW_GROUP)
    place.write(file_name(table, batch, model), sink.getvalue())


def commit(place: Place, runs: pa.Table) -> None:
    """Let runs count, whose rows are written in the batches that they name: this makes them part of the store."""
    write_table(place, RUNS, new_batch(), "", runs)


@dataclass(frozen=True, eq=False)
class Contents:
    """What counts in a store at one moment: the rows of table `runs`, each run once, without those that were removed.

    `outdated`: batches of which nothing counts any more. `run_files`: the files of that table.
    """

    place: Place
    runs: pa.Table
    outdated: frozenset[str]
    run_files: tuple[str, ...]

    @cached_property
    def batches(self) -> Mapping[str, tuple[int, int]]:
        """Every batch that counts: how many runs its files have, and how many of them count."""
        counting = Counter(self.runs["batch"].to_pylist())
        runs_of = dict(zip(self.runs["batch"].to_pylist(), self.runs["batch_runs"].to_pylist(), strict=True))
        return {batch: (runs_of[batch] or 0, count) for batch, count in counting.items()}

    @property
    def whole(self) -> bool:
        """Whether all rows of the files that are read count."""
        return all(rows == counting for rows, counting in self.batches.values())

    def files(self, table: StoreTable, runs: pa.Table | None = None) -> dict[int, list[str]]:
        """The files with the rows of these runs (None = all), by the version of the schema that they are of."""
        among = self.runs if runs is None else runs
        columns = (among[name].to_pylist() for name in (_COUNTS[table.name], "schema_version", "batch", "model"))
        distinct = {
            (version, batch, model if table.partitioned else "")
            for count, version, batch, model in zip(*columns, strict=True)
            if count
        }
        found: dict[int, list[str]] = {}
        for version, batch, model in distinct:
            found.setdefault(version, []).append(file_name(table, batch, model))
        return {version: sorted(names) for version, names in sorted(found.items())}


def open_store(address: str) -> Contents:
    """What counts in a store. Raises PerfsheetError (exit status 3) if there is none, or it cannot be read."""
    contents = contents_of(place_of(address))
    if not contents.run_files:
        where = contents.place.address
        raise unusable(f"{where}: no history here", f"make one: perfsheet history add CAPTURE --into {where}")
    return contents


def contents_of(place: Place) -> Contents:
    """The same, empty where nothing was added yet."""
    for _ in range(_TRIES):
        names = tuple(name for name, _ in place.names(RUNS.name) if name.endswith(".parquet"))
        try:
            rows = _read_all(place, names)
        except FileNotFoundError:  # merged meanwhile: what it had is in a newer one
            continue
        runs = _last_of_each(rows)
        live = runs.filter(pc.not_equal(runs["kind"], "removed"))
        outdated = {*rows["batch"].to_pylist()} - {*live["batch"].to_pylist()}
        return Contents(place, live, frozenset(outdated), names)
    raise unusable(f"the files of {place.address} change faster than they can be read", "try again")


def _read_all(place: Place, names: Sequence[str]) -> pa.Table:
    """Files of table `runs` together. Raises FileNotFoundError if one is gone."""
    if len(names) < 2:
        parts = [_read(place, name) for name in names]
    else:
        with ThreadPoolExecutor(_READERS) as readers:
            parts = list(readers.map(lambda name: _read(place, name), names))
    return pa.concat_tables([RUNS.schema.empty_table(), *parts])


def _read(place: Place, name: str) -> pa.Table:
    """A file of table `runs`, in the columns of today."""
    rows = read_table(place, name)
    return of_today(RUNS, rows, version_of(rows, f"{place.address}/{name}"))


def read_table(place: Place, name: str) -> pa.Table:
    """A file of the store. Raises PerfsheetError (exit status 3), and FileNotFoundError if it is gone."""
    try:
        return pq.ParquetFile(pa.BufferReader(place.read(name))).read(use_threads=False)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise unusable(
            f"{place.address}/{name} is damaged: {reason}", "remove it, and add its captures again"
        ) from None


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
    """Each run once, as its last revision has it, in the order of their times."""
    if not rows.num_rows:
        return rows
    ordered = _sorted(rows, [("run_id", "ascending"), ("revision", "descending"), ("batch", "descending")])
    ids = ordered["run_id"].to_pylist()
    kept = ordered.take([place for place, run in enumerate(ids) if not place or run != ids[place - 1]])
    time = pc.coalesce(kept["committed"], kept["started"])
    order = pa.table({"time": time, **{name: kept[name] for name in ("started", "capture", "run_id")}})
    return kept.take(pc.sort_indices(order, [(name, "ascending") for name in order.column_names]))


def _sorted(rows: pa.Table, keys: Sequence[tuple[str, str]]) -> pa.Table:
    """Rows in an order; `Table.sort_by` does the same, and imports pandas for it."""
    return rows.take(pc.sort_indices(rows, list(keys)))


_MANY_FILES = 16
"""So many files of table `runs` are merged into one."""
_SMALL = 64
"""A batch of fewer runs is small."""
_MANY_SMALL = 48
"""So many small batches are merged; each of them costs every reader a few milliseconds."""
_MERGED_ROWS = 500_000
"""Rows of tables `signatures` and `ops` that a merged batch has at the most, in memory all at once."""


def tidy(contents: Contents) -> None:
    """Merge files where there are so many that reading is slow, as one more batch is added."""
    with contextlib.suppress(FileNotFoundError):  # somebody else merges them
        if len(_small(contents)) >= _MANY_SMALL:
            merge(contents)
        elif len(contents.run_files) >= _MANY_FILES:
            _merge_runs(contents)


def _small(contents: Contents) -> list[str]:
    """Batches of few runs, and of few rows."""
    rows = _rows_in(contents)
    few = _MERGED_ROWS // 4
    return [batch for batch, (runs, _) in sorted(contents.batches.items()) if runs < _SMALL and rows[batch] < few]


def merge(contents: Contents) -> None:
    """Merge small batches into larger ones, and remove what no longer counts. Others may read and add meanwhile.

    Raises FileNotFoundError if another process merges them.
    """
    in_part = [batch for batch, (rows, counting) in sorted(contents.batches.items()) if counting < rows]
    small = list(dict.fromkeys([*_small(contents), *in_part]))
    for group in _groups(contents, small):
        if len(group) == 1 and group[0] not in in_part:
            continue
        runs = contents.runs.filter(pc.is_in(contents.runs["batch"], pa.array(group)))
        batch = new_batch()
        for table in TABLES[1:]:
            for model, rows in _rows_of(contents, table, runs):
                write_table(contents.place, table, batch, model, rows)
        commit(
            contents.place,
            with_values(runs, batch=batch, batch_runs=runs.num_rows, schema_version=schema.SCHEMA_VERSION),
        )
    after = contents_of(contents.place)
    _merge_runs(after)
    _remove(after.place, after.outdated)
    remove_abandoned(after)


def _merge_runs(contents: Contents) -> None:
    """Put all of table `runs` that counts into one file, and remove those that had it."""
    if len(contents.run_files) > 1:
        commit(contents.place, contents.runs)
        contents.place.remove(contents.run_files)


def _rows_in(contents: Contents) -> Counter[str]:
    """Rows of tables `signatures` and `ops` in each batch."""
    rows: Counter[str] = Counter()
    columns = (contents.runs[name].to_pylist() for name in ("batch", "signatures", "ops_stored"))
    for batch, signatures, ops in zip(*columns, strict=True):
        rows[batch] += (signatures or 0) + (ops or 0)
    return rows


def _groups(contents: Contents, batches: Sequence[str]) -> Iterator[list[str]]:
    """The batches in groups that fit into memory."""
    rows = _rows_in(contents)
    group: list[str] = []
    total = 0
    for batch in batches:
        if group and total + rows[batch] > _MERGED_ROWS:
            yield group
            group, total = [], 0
        group.append(batch)
        total += rows[batch]
    if group:
        yield group


def _rows_of(contents: Contents, table: StoreTable, runs: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of these runs in a table, by model (blank = not partitioned), in the columns of today."""
    models = pc.unique(runs["model"]).to_pylist() if table.partitioned else [""]
    wanted = pa.array(f"{run}/{batch}" for run, batch in zip(*(runs[name].to_pylist() for name in _KEY), strict=True))
    for model in models:
        of_model = runs.filter(pc.equal(runs["model"], model)) if table.partitioned else runs
        parts = []
        for version, names in contents.files(table, of_model).items():
            for name in names:
                rows = of_today(table, read_table(contents.place, name), version)
                keys = pc.binary_join_element_wise(*(rows[key] for key in _KEY), "/")
                parts.append(rows.filter(pc.is_in(keys, wanted)))
        if parts:
            yield model, pa.concat_tables(parts)


def _remove(place: Place, batches: Iterable[str]) -> None:
    """Remove the rows of batches of which nothing counts."""
    gone = set(batches)
    if gone:
        place.remove(name for name, batch in _data_files(place) if batch in gone)


def remove_abandoned(contents: Contents) -> None:
    """Remove what a killed writer left a day ago or earlier: files of a batch that has no runs."""
    before = f"{datetime.now(timezone.utc) - _ABANDONED:%Y%m%dT%H%M%S%f}"
    left = [name for name, batch in _data_files(contents.place) if batch < before and batch not in contents.batches]
    contents.place.remove(left)


def _data_files(place: Place) -> Iterator[tuple[str, str]]:
    """The files of all tables but `runs`, each with its batch."""
    for table in TABLES[1:]:
        for name, _ in place.names(table.name):
            batch = name.rpartition("/")[2].removesuffix(".parquet")
            if _BATCH.fullmatch(batch):
                yield name, batch


def commit_removed(place: Place, rows: Sequence[pa.Table]) -> None:
    """Let runs no longer count; `rows` of table `runs` say so."""
    batch = new_batch()
    commit(place, with_values(pa.concat_tables(rows), batch=batch, revision=batch, batch_runs=0))


def known_ids(contents: Contents) -> set[Any]:
    """The runs that the store has."""
    return set(contents.runs["run_id"].to_pylist())
