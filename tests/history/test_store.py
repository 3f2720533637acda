"""The store: each content once, whatever happens while it is written."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.captures import op, write_csv
from support.histories import NAMES, added
from support.real import CAPTURES as REAL
from support.real import needs_real_captures

import perfsheet
from perfsheet.analysis import Options
from perfsheet.analysis.statistics import known
from perfsheet.errors import PerfsheetError
from perfsheet.history import rows, schema
from perfsheet.history import store as stores
from perfsheet.history.adding import Work, write_portion
from perfsheet.history.engines import engine_of
from perfsheet.history.facts import Stated, find
from perfsheet.history.places import Place, place_of, without_credentials
from perfsheet.history.schema import TABLES, Field
from perfsheet.history.store import commit, commit_removed, contents_of, merge, open_store, remove_abandoned, tidy

CAPTURES = Path(__file__).resolve().parents[2] / "examples" / "captures"
BEFORE, AFTER = (CAPTURES / f"generated_encoder_block_{name}.csv" for name in ("before", "after"))


HOW_WRITTEN = ("batch", "added", "revision", "batch_runs")


def everything(store: Path) -> dict[str, list[dict[str, object]]]:
    """What a store answers, without what differs from one writing to the next."""
    with engine_of("duckdb") as engine:
        engine.open(open_store(str(store)), TABLES)
        return {
            table.name: engine.query(
                f"SELECT {', '.join(field.name for field in table.fields if field.name not in HOW_WRITTEN)} "
                f"FROM {table.name} ORDER BY ALL"
            ).to_pylist()
            for table in TABLES
        }


def nights_of(nights: Path, count: int) -> list[Path]:
    return sorted(nights.rglob("*.csv"), key=lambda path: path.name)[:count]


def same_figures(found: dict[str, list[dict[str, object]]], capture: Path) -> None:
    """What a store has of a capture is what its own analysis says."""
    analysis = perfsheet.analyze(perfsheet.read(capture))
    (run,) = (run for run in found["runs"] if run["capture"] == str(capture))
    summary = analysis.summary
    assert run["kernel_duration_ns"] == known(summary.kernel_ns)
    assert run["fps"] == summary.fps.all
    assert run["elapsed_ns"] == known(summary.time_split.elapsed_ns)
    assert run["idle_ns"] in (None, summary.time_split.idle_ns)
    assert (run["ops"], run["passes"]) == (summary.ops, summary.passes.count)
    assert (run["measured_window"], run["arch"]) == (summary.window, summary.arch)
    mine = {row["signature"]: row for row in found["signatures"] if row["run_id"] == run["run_id"]}
    assert len(mine) == len(analysis.groups) == run["signatures"]
    for group in analysis.groups:
        row, times = mine[group.signature.text], analysis.ops.kernel_ns[group.positions]
        assert (row["count"], row["kernel_duration_ns"]) == (group.count, group.kernel_ns)
        assert (row["min_ns"], row["max_ns"]) == (np.nanmin(times), np.nanmax(times))
        assert row["median_ns"] == group.median_ns
        assert (row["cores_min"], row["cores_max"]) == (min(group.cores, default=None), max(group.cores, default=None))
    causes = [row for row in found["causes"] if row["run_id"] == run["run_id"]]
    assert {row["cause_id"]: row["expected_saving_ns"] for row in causes} == {
        cause.id: cause.expected_saving_ns for cause in analysis.causes
    }
    ops = sorted((row for row in found["ops"] if row["run_id"] == run["run_id"]), key=lambda row: row["position"])
    assert [row["kernel_duration_ns"] for row in ops] == [known(time) for time in analysis.ops.kernel_ns]
    assert [row["file_row"] for row in ops] == [ref.row for ref in analysis.row_refs(range(len(ops)))]


def test_every_figure_is_that_of_the_captures_own_analysis(store: Path, nights: Path) -> None:
    found = everything(store)
    for capture in nights_of(nights, 60)[::20]:
        same_figures(found, capture)
    assert {(run["model"], run["board"]) for run in found["runs"]} == {("encoder_block", "n150")}


@needs_real_captures
def test_figures_of_real_captures_are_those_of_their_own_analysis(tmp_path: Path) -> None:
    captures = [path for path in REAL if path.stat().st_size < 3_000_000]
    result = added(tmp_path / "store", *captures, with_ops=True)
    assert result.runs == len(captures)
    found = everything(tmp_path / "store")
    for capture in captures:
        same_figures(found, capture)


def test_adding_twice_adds_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert added(store, BEFORE, AFTER).runs == 2
    before = everything(store)
    again = added(store, BEFORE, AFTER)
    assert (again.runs, again.there) == (0, 2)
    copy = tmp_path / "copy of it.csv"
    shutil.copy(BEFORE, copy)
    assert added(store, copy).there == 1
    assert everything(store) == before


def test_the_same_content_twice_in_one_call_is_one_run(tmp_path: Path) -> None:
    shutil.copy(BEFORE, tmp_path / "ops_perf_results_a.csv")
    shutil.copy(BEFORE, tmp_path / "ops_perf_results_b.csv")
    result = added(tmp_path / "store", tmp_path)
    assert (result.runs, result.there) == (1, 1)


def test_a_bad_capture_is_named_and_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(BEFORE, folder / "good.csv")
    (folder / "ops_perf_results_empty.csv").write_bytes(b"")
    (folder / "torn.csv").write_bytes(BEFORE.read_bytes()[:3000])
    (folder / "prices.csv").write_text("a,b\n1,2\n")
    plan = CAPTURES / "planned_encoder_block_before.json"
    result = added(tmp_path / "store", folder, plan)
    assert result.runs == 1
    reasons = {Path(one.address).name: one.reason for one in result.refused}
    assert reasons.keys() == {"ops_perf_results_empty.csv", "torn.csv", plan.name}
    assert "plan" in reasons[plan.name]
    assert find([str(folder)])[1] == [str(folder / "prices.csv")]


def test_replace_writes_a_run_anew_and_the_old_rows_no_longer_count(tmp_path: Path) -> None:
    store = tmp_path / "store"
    added(store, BEFORE, AFTER, model="first")
    added(store, BEFORE, model="second", replace=True)
    contents = open_store(str(store))
    assert sorted(contents.runs["model"].to_pylist()) == ["first", "second"]
    assert not contents.whole
    found = everything(store)
    merge(contents)
    merged = open_store(str(store))
    assert merged.whole
    assert everything(store) == found
    assert len(found["signatures"]) == sum(
        len(perfsheet.analyze(perfsheet.read(path)).groups) for path in (BEFORE, AFTER)
    )


class Killed(BaseException):
    """Ends everything, as SIGKILL does."""


@pytest.mark.parametrize("writes", range(20))
def test_killed_at_any_write_the_store_opens_and_a_second_add_completes_it(
    writes: int, nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures = nights_of(nights, 8)
    whole, torn = tmp_path / "whole", tmp_path / "torn"

    def add_all(store: Path) -> None:
        for start in range(0, len(captures), 2):  # 4 batches of 3 files each, and the file of all runs
            added(store, *captures[start : start + 2], names=NAMES)

    monkeypatch.setattr(stores, "_MANY_FILES", 3)
    add_all(whole)
    count, write = 0, Place.write

    def killed(self: Place, name: str, content: pa.Buffer) -> None:
        nonlocal count
        if count == writes:
            if writes % 2:  # killed in the middle of a file: what is there has another name
                self.folder and (self.folder / ".perfsheet-0123456789abcdef.partial").write_bytes(bytes(content)[:100])
            raise Killed
        count += 1
        write(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(Place, "write", killed)
        try:
            add_all(torn)
        except Killed:
            assert contents_of(place_of(str(torn))).runs.num_rows in (0, 2, 4, 6, 8)
    add_all(torn)
    assert everything(torn) == everything(whole)


def test_many_small_batches_are_merged_and_answer_the_same(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    captures = nights_of(nights, 12)
    added(one, *captures, names=NAMES, with_ops=True)
    monkeypatch.setattr(stores, "_MANY_SMALL", 5)
    monkeypatch.setattr(stores, "_MANY_FILES", 4)
    for capture in captures:
        added(many, capture, names=NAMES, with_ops=True)
    contents = open_store(str(many))
    assert len(contents.batches) <= 5
    assert len(contents.run_files) <= 4
    assert everything(many) == everything(one)


def test_readers_see_the_same_while_files_are_merged(nights: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for capture in nights_of(nights, 6):
        added(store, capture, names=NAMES)
    before = open_store(str(store))
    found = everything(store)
    kept = before.place.remove
    removed: list[str] = []
    object.__setattr__(before.place, "remove", removed.extend)
    try:
        merge(before)
        assert everything(store) == found  # old and new files side by side
    finally:
        object.__setattr__(before.place, "remove", kept)
    before.place.remove(removed)
    assert everything(store) == found


def test_what_a_killed_writer_left_is_removed_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    added(store, BEFORE)
    place = place_of(str(store))
    work = Work(str(store), Options(), Stated(), False, frozenset())
    write_portion(work, find([str(AFTER)])[0])  # and never committed
    files = len(place.names())
    remove_abandoned(contents_of(place))
    assert len(place.names()) == files
    monkeypatch.setattr(stores, "_ABANDONED", stores.timedelta(days=-1))
    remove_abandoned(contents_of(place))
    assert len(place.names()) == files - 2  # its signatures and causes
    assert len(everything(store)["runs"]) == 1


def with_next_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 2: the runs have a driver, and what was `host` is called `machine`; signatures have a count of tiles."""

    def changed(
        table: schema.StoreTable, change: Callable[[tuple[Field, ...]], tuple[Field, ...]]
    ) -> schema.StoreTable:
        return replace(table, fields=change(table.fields))

    runs = changed(
        schema.RUNS,
        lambda fields: (
            *(
                replace(field, name="machine", since=2, was="host") if field.name == "host" else field
                for field in fields
            ),
            Field("driver", schema.TEXT, "version of the kernel driver", since=2),
        ),
    )
    signatures = changed(schema.SIGNATURES, lambda fields: (*fields, Field("tiles", schema.WHOLE, "tiles", since=2)))
    tables = (runs, signatures, *schema.TABLES[2:])
    for module in (schema, stores):
        monkeypatch.setattr(module, "RUNS", runs)
        monkeypatch.setattr(module, "TABLES", tables)
    monkeypatch.setattr(schema, "SIGNATURES", signatures)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 2)
    table = rows._table

    def with_tiles(of: schema.StoreTable, run_id: str, values: dict[str, list[object]]) -> pa.Table:
        return table(of, run_id, {"tiles": [2] * len(next(iter(values.values()))), **values})

    monkeypatch.setattr(rows, "_table", with_tiles)


def test_a_store_of_the_first_schema_is_read_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    added(store, BEFORE)
    with_next_schema(monkeypatch)
    contents = open_store(str(store))
    assert contents.runs.schema.names[-1] == "driver"
    assert contents.runs["driver"].to_pylist() == [None]
    assert contents.runs["machine"].to_pylist() == [None]
    with engine_of("duckdb") as engine:
        engine.open(contents, [schema.SIGNATURES])
        counts = "count(*) AS signatures, count(tiles) AS tiles, sum(kernel_duration_ns) AS time"
        (row,) = engine.query(f"SELECT {counts} FROM signatures").to_pylist()
    assert (row["signatures"], row["tiles"]) == (15, 0)
    assert row["time"] == contents.runs["kernel_duration_ns"][0].as_py()
    added(store, AFTER)  # of the second version
    both = open_store(str(store))
    assert sorted(both.runs["schema_version"].to_pylist()) == [1, 2]
    with engine_of("duckdb") as engine:
        engine.open(both, [schema.SIGNATURES])
        (row,) = engine.query("SELECT count(*) AS signatures, count(tiles) AS tiles FROM signatures").to_pylist()
    assert (row["signatures"], row["tiles"]) == (24, 9)
    merge(both)
    merged = open_store(str(store))
    assert merged.runs["schema_version"].to_pylist() == [2, 2]
    assert len(merged.batches) == 1


def test_a_store_of_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        with_next_schema(patch)
        added(store, BEFORE)
    with pytest.raises(PerfsheetError, match=r"version 2 .* update perfsheet"):
        open_store(str(store))


def test_files_that_are_no_history_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(PerfsheetError, match="no history here"):
        open_store(str(tmp_path / "nothing"))
    (tmp_path / "runs").mkdir()
    pq.write_table(pa.table({"a": [1]}), tmp_path / "runs" / "x.parquet")
    with pytest.raises(PerfsheetError, match="no file of a history"):
        open_store(str(tmp_path))
    (tmp_path / "runs" / "x.parquet").write_bytes(b"PAR1 and so on")
    with pytest.raises(PerfsheetError, match="is damaged"):
        open_store(str(tmp_path))
    with pytest.raises(PerfsheetError, match="give a folder, or an address"):
        open_store("nonsense://bucket/folder")


def test_a_file_address_is_a_folder(tmp_path: Path) -> None:
    added(tmp_path / "store", BEFORE)
    assert open_store(f"file://{tmp_path / 'store'}").runs.num_rows == 1


def test_names_of_models_are_safe_as_folders(tmp_path: Path) -> None:
    names = ["../../etc", "a/b", "модель " * 40, "x" * 300, "a'b\"c", "%2F", "."]
    store = tmp_path / "store"
    for number, name in enumerate(names):
        path = write_csv(tmp_path / f"{number}.csv", [op(duration=1000 + number)])
        assert added(store, path, model=name).runs == 1
    found = everything(store)
    assert {str(run["model"]) for run in found["runs"]} == {name.strip() for name in names}
    assert len(found["signatures"]) == len(names)
    assert {path.name for path in tmp_path.iterdir()} == {"store", *(f"{number}.csv" for number in range(len(names)))}


def test_two_writers_at_once_lose_nothing(nights: Path, tmp_path: Path) -> None:
    """Each has looked before the other one writes: what both add counts once."""
    store = str(tmp_path / "store")
    captures = nights_of(nights, 8)
    place = place_of(store)
    works = [Work(store, Options(), Stated(names=NAMES), False, frozenset()) for _ in range(2)]
    written = [
        write_portion(work, find(list(map(str, part)))[0])
        for work, part in zip(works, (captures[:6], captures[2:]), strict=True)
    ]
    for one in written:
        commit(place, one.runs)
    assert open_store(store).runs.num_rows == 8
    assert not open_store(store).whole
    alone = tmp_path / "alone"
    added(alone, *captures, names=NAMES)
    assert everything(Path(store)) == everything(alone)
    tidy(open_store(store))
    merge(open_store(store))
    assert everything(Path(store)) == everything(alone)


def test_a_replaced_run_stays_replaced_and_counts_once_whatever_is_merged(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    captures = nights_of(nights, 6)
    monkeypatch.setattr(stores, "_MANY_FILES", 3)
    added(store, *captures[:3], names=NAMES)
    before = open_store(str(store))
    added(store, captures[0], model="new", replace=True)
    merge(before)  # begun before the run was written again
    for capture in captures[3:]:
        added(store, capture, names=NAMES)
    found = everything(store)
    assert [run["model"] for run in found["runs"]].count("new") == 1
    assert len(found["signatures"]) == 6 * 15


def test_equal_captures_in_two_portions_count_once(nights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    captures = nights_of(nights, 52)  # two portions
    twin = copy / "ops_perf_results_2026_01_01_02_00_00.csv"
    shutil.copy(captures[0], twin)
    store = tmp_path / "store"
    result = added(store, *captures, twin, model="m")
    assert (result.runs, result.there) == (52, 1)
    assert len(everything(store)["signatures"]) == 52 * 15


def test_files_that_vanish_while_they_are_read_are_looked_for_again(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    for capture in nights_of(nights, 3):
        added(store, capture, names=NAMES)
    names, merged = Place.names, []

    def listed_before_a_merge(self: Place, below: str = "") -> list[tuple[str, int]]:
        found = names(self, below)
        if below == "runs" and not merged:
            merged.append(True)
            merge(contents_of(self))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Place, "names", listed_before_a_merge)
        assert open_store(str(store)).runs.num_rows == 3
    assert len(everything(store)["signatures"]) == 3 * 15


def test_merging_what_another_process_merges_stops_quietly(nights: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for capture in nights_of(nights, 3):
        added(store, capture, names=NAMES)
    before = open_store(str(store))
    merge(before)
    found = everything(store)
    with pytest.raises(FileNotFoundError):
        merge(before)
    tidy(before)
    assert everything(store) == found


def test_removed_runs_are_gone_until_they_are_added_again(nights: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    captures = nights_of(nights, 3)
    added(store, *captures, names=NAMES)
    contents = open_store(str(store))
    commit_removed(contents.place, [rows.removed_row(contents.runs.slice(1, 1).to_pylist()[0])])
    left = everything(store)
    assert (len(left["runs"]), len(left["signatures"])) == (2, 30)
    merge(open_store(str(store)))
    assert everything(store) == left
    assert added(store, *captures, names=NAMES).runs == 1
    assert len(everything(store)["runs"]) == 3


def test_compressed_copies_are_the_same_run(tmp_path: Path) -> None:
    folder = tmp_path / "captures" / "bert"
    folder.mkdir(parents=True)
    (folder / "ops_perf_results_x.csv.gz").write_bytes(gzip.compress(BEFORE.read_bytes()))
    store = tmp_path / "store"
    assert added(store, folder, names="{model}/ops_perf_results_*.csv").runs == 1
    assert (added(store, BEFORE).runs, added(store, BEFORE).there) == (0, 1)


def test_replacing_looks_at_the_store_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        with_next_schema(patch)
        added(store, BEFORE)
    files = len(place_of(str(store)).names())
    with pytest.raises(PerfsheetError, match="update perfsheet"):
        added(store, AFTER, replace=True)
    assert len(place_of(str(store)).names()) == files


def test_a_file_that_meets_a_bug_stops_nothing(tmp_path: Path) -> None:
    bad = write_csv(tmp_path / "bad.csv", [op(cores="1e30")])
    (tmp_path / "partial_run_1.json").write_text('{"ml_model_name": "m", "run_start_ts": "9999-12-31T23:59:59-05:00"}')
    (tmp_path / "partial_run_2.json").write_text('{"ml_model_name": " "}')
    result = added(tmp_path / "store", bad, BEFORE, tmp_path / "partial_run_1.json", tmp_path / "partial_run_2.json")
    assert result.runs >= 2
    assert {Path(one.address).name for one in result.refused} >= {"partial_run_2.json"}


def test_credentials_of_an_address_are_not_stored() -> None:
    assert without_credentials("s3://key:secret@bucket/x.csv?secret_key=a") == "s3://***@bucket/x.csv"
    assert without_credentials("/a/b@c.csv?x") == "/a/b@c.csv?x"
