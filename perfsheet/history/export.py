"""The runs of a store as benchmark records of tt-metal, for a warehouse that reads these."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from perfsheet.history.engines import Engine
from perfsheet.history.schema import MEASUREMENTS
from perfsheet.history.store import Contents
from perfsheet.models.records import BenchmarkMeasurement, BenchmarkRecord, measurements_of, write_record

DEVICE_PERF = "device_perf"
"""Type and step of the records of captures."""
_FIELDS = {"kernel_ns": "kernel_duration_ns", "device_fps": "fps", "pcc": "pcc"}


def export(engine: Engine, contents: Contents, runs: pa.Table, folder: Path) -> tuple[int, int]:
    """Write a record per run: how many are new, and how many were there. Raises PerfsheetError (exit status 7)."""
    engine.open(contents, [MEASUREMENTS], runs)
    rows = engine.query(
        "SELECT m.run_id, m.step, m.name, m.value, m.target FROM measurements m JOIN runs r ON m.run_id = r.run_id"
    )
    measured: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        measured.setdefault(row["run_id"], []).append(row)
    before = len(_records(folder))
    written = {
        write_record(_record(run, measured.get(run["run_id"], [])), folder, again=True) for run in runs.to_pylist()
    }
    new = len(_records(folder)) - before
    return new, len(written) - new


def _records(folder: Path) -> list[Path]:
    return list(folder.glob("partial_run_*.json"))


def _record(run: dict[str, Any], measured: list[dict[str, Any]]) -> BenchmarkRecord:
    started: datetime = run["started"]
    of_capture = run["kind"] == "capture"
    found = (
        tuple(_of_capture(run))
        if of_capture
        else tuple(
            BenchmarkMeasurement(one["step"] or "", one["name"], one["value"], one["target"])
            for one in measured
            if one["value"] is not None
        )
    )
    batch = run["batch_size"]
    return BenchmarkRecord(
        model=run["model"],
        started=started,
        ended=started,
        measurements=found,
        batch=int(batch) if batch is not None and float(batch).is_integer() else None,
        setting=run["setting"] or "",
        sequence_length=run["sequence_length"],
        run_type=DEVICE_PERF if of_capture else (found[0].step_name if found else DEVICE_PERF),
        card_type=run["board"] or "",
        branch=run["branch"],
        commit=run["commit"],
    )


def _of_capture(run: dict[str, Any]) -> Iterator[BenchmarkMeasurement]:
    """The measurements that records of a suite have, too, under the same names."""
    for one in measurements_of(lambda name: run.get(_FIELDS.get(name, ""))):
        yield BenchmarkMeasurement(DEVICE_PERF, one.name, one.value, one.target)
    for column in ("elapsed_ns", "idle_ns", "expected_saving_ns"):
        if run[column] is not None:
            yield BenchmarkMeasurement(DEVICE_PERF, f"device_{column}", run[column])
