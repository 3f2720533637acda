"""One run of a store, for `history show`."""

from __future__ import annotations

from typing import Any

from perfsheet.history.engines import Engine
from perfsheet.history.schema import CAUSES, MEASUREMENTS, SIGNATURES
from perfsheet.history.series import run_of
from perfsheet.history.store import Contents
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class ShownRun:
    """A run: its row of table `runs`, and the first rows of its other tables, by their columns."""

    run: dict[str, Any]
    causes: list[dict[str, Any]]
    signatures: list[dict[str, Any]]
    measurements: list[dict[str, Any]]


_OF_RUN = "SELECT * FROM {table} WHERE run_id = :run_id ORDER BY {order} LIMIT {count}"
_NO_LIMIT = 1_000_000


def shown_run(engine: Engine, contents: Contents, name: str, count: int | None) -> ShownRun:
    """A run by its id, commit or capture; `count` of its causes, signatures and measurements (None = all)."""
    run = contents.runs.slice(run_of(contents.runs, name), 1)
    engine.open(contents, [CAUSES, SIGNATURES, MEASUREMENTS], run)
    run_id = run["run_id"][0].as_py()

    def first(table: str, order: str) -> list[dict[str, Any]]:
        sql = _OF_RUN.format(table=table, order=order, count=count or _NO_LIMIT)
        rows: list[dict[str, Any]] = engine.query(sql, {"run_id": run_id}).to_pylist()
        return rows

    return ShownRun(
        run=run.to_pylist()[0],
        causes=first("causes", "coalesce(expected_saving_ns, -1) DESC, cause_id"),
        signatures=first("signatures", "kernel_duration_ns DESC, signature_id"),
        measurements=first("measurements", "step, name"),
    )
