"""Time the history at the size of a fleet, and print what docs/performance.md holds.

    make benchmark-history CAPTURE=path/to/ops_perf_results.csv

A generated store of 10,000 captures with 1,200 signatures each, and 1,000 captures of some 2,000 ops made of one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
from measure import Cost, once, pairs

from perfsheet.history import schema
from perfsheet.history.places import place_of
from perfsheet.history.store import commit, contents_of, new_batch, tidy, write_table

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "generated" / "benchmarks" / "history"
PERFSHEET = Path(sys.executable).with_name("perfsheet")
_FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)
_IN_BATCH = 160


@dataclass(frozen=True)
class Fleet:
    """A store to generate: models on one board each, their runs, and the signatures of a run."""

    models: int
    runs: int
    signatures: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.models}x{self.runs}x{self.signatures}"


def write_fleet(fleet: Fleet) -> Path:
    """A store of generated runs, as `history add` would have written it in batches."""
    folder = WORK / f"store-{fleet.name}"
    if folder.exists():
        return folder
    place = place_of(str(folder))
    random = np.random.default_rng(1)
    for model in range(fleet.models):
        names = [
            f"MatmulDeviceOperation | 1×1×{32 * one}×4096 BFLOAT8_B DRAM_INTERLEAVED → L1 | LoFi"
            for one in range(fleet.signatures)
        ]
        ids = [f"{model:04x}{one:012x}" for one in random.permutation(fleet.signatures)]
        base = random.lognormal(9, 1.2, fleet.signatures)
        for start in range(0, fleet.runs, _IN_BATCH):
            _write_batch(
                str(place.root),
                f"model_{model}",
                range(start, min(fleet.runs, start + _IN_BATCH)),
                fleet.runs / 2,
                ids,
                names,
                base,
                random,
            )
    tidy(contents_of(place))
    return folder


def _write_batch(
    store: str,
    model: str,
    runs: range,
    half: float,
    ids: list[str],
    names: list[str],
    base: np.ndarray,
    random: np.random.Generator,
) -> None:
    place, batch = place_of(store), new_batch()
    count, each = len(runs), len(ids)
    run_ids = [f"{model}-{run:060d}" for run in runs]
    grown = np.array([1.0 if run < half else 1.3 for run in runs])
    times = base[None, :] * (1 + 0.012 * random.standard_normal((count, each)))
    times[:, 7] *= grown
    rows = {
        "run_id": pa.array(run_ids)
        .dictionary_encode()
        .take(pa.array(np.repeat(np.arange(count), each)))
        .cast(pa.string()),
        "batch": [batch] * (count * each),
        "signature_id": pa.array(ids * count),
        "signature": pa.array(names * count),
        "op_code": ["MatmulDeviceOperation"] * (count * each),
        "shape": pa.array([name.split(" ")[2] for name in names] * count),
        "count": np.full(count * each, 2),
        "kernel_duration_ns": times.ravel(),
        "median_ns": times.ravel() / 2,
    }
    signatures = schema.SIGNATURES
    arrays = [
        pa.array(rows[f.name], type=f.type) if f.name in rows else pa.nulls(count * each, f.type)
        for f in signatures.fields
    ]
    write_table(place, signatures, batch, model, pa.Table.from_arrays(arrays, schema=signatures.schema))
    records = [
        {
            "run_id": run_id,
            "batch": batch,
            "schema_version": 1,
            "kind": "capture",
            "model": model,
            "setting": "",
            "board": "n150",
            "devices": 1,
            "batch_size": 1.0,
            "commit": f"{run:040x}",
            "started": _FIRST + timedelta(hours=run),
            "kernel_duration_ns": float(times[at].sum()),
            "fps": 1e9 / float(times[at].sum()),
            "signatures": each,
            "causes": 0,
            "measurements": 0,
            "ops_stored": 0,
            "capture": run_id,
        }
        for at, (run, run_id) in enumerate(zip(runs, run_ids, strict=True))
    ]
    commit(place, pa.Table.from_pylist(records, schema=schema.RUNS.schema))


def questions(store: Path) -> Iterator[tuple[str, list[str]]]:
    """What a team asks."""
    yield "a model's trend", ["trend", str(store), "--model", "model_0"]
    yield "one signature over its runs", ["ops", str(store), "--model", "model_0", "--op", f"{0:04x}{7:012x}"]
    yield "its ten slowest growers", ["ops", str(store), "--model", "model_0"]
    yield "all models", ["list", str(store)]


def write_captures(capture: Path, count: int) -> Path:
    """So many captures of some 2,000 ops each, which differ in one time of the host."""
    folder = WORK / f"captures-{count}"
    if not folder.exists():
        folder.mkdir(parents=True)
        head, first, rest = capture.read_bytes().split(b"\n", 2)
        place = head.split(b",").index(b"HOST START TS")
        cells = first.split(b",")
        for number in range(count):
            cells[place] = str(10_000_000 + number).encode()
            path = folder / f"ops_perf_results_{_FIRST + timedelta(hours=number):%Y_%m_%d_%H_%M_%S}.csv"
            path.write_bytes(b"\n".join((head, b",".join(cells), rest)))
    return folder


_READ = "import sys, glob, perfsheet\nfor file in glob.glob(sys.argv[1] + '/*.csv'): perfsheet.read(file)"
_PANDAS = "import sys, glob, pandas\nfor file in glob.glob(sys.argv[1] + '/*.csv'): pandas.read_csv(file)"
_PANDAS_TREND = """
import sys, glob, pandas
for file in sorted(glob.glob(sys.argv[1] + '/*.csv')):
    pandas.read_csv(file, usecols=['OP CODE', 'DEVICE KERNEL DURATION [ns]']).groupby('OP CODE').sum()
"""


def adding(captures: Path, store: Path) -> Iterator[tuple[str, list[str | Path]]]:
    """Reading and adding the same captures; a store is made anew each time."""
    yield "`perfsheet.read` of each", [sys.executable, "-c", _READ, captures]
    yield "`pandas.read_csv` of each", [sys.executable, "-c", _PANDAS, captures]
    yield "Σ per op code with pandas", [sys.executable, "-c", _PANDAS_TREND, captures]
    yield "`history add`", [PERFSHEET, "history", "add", captures, "--into", store, "--model", "clip"]
    yield "`history trend`", [PERFSHEET, "history", "trend", store]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--captures", type=int, default=1000)
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print("| what | elapsed | CPU | memory |\n| --- | --- | --- | --- |")
    store = WORK / "added"
    shutil.rmtree(store, ignore_errors=True)
    captures = write_captures(arguments.capture, arguments.captures)
    for title, command in adding(captures, store):
        _show(f"{arguments.captures:,} captures: {title}", once(command))
    for fleet in (Fleet(20, 500, 1200), Fleet(1, 10_000, 1200)):
        # In a process of its own: a child has at least the memory of its parent at its start.
        subprocess.run(
            [sys.executable, "-c", f"import history; history.write_fleet(history.{fleet!r})"],
            cwd=Path(__file__).parent,
            check=True,
        )
        store = WORK / f"store-{fleet.name}"
        size = sum(file.stat().st_size for file in store.rglob("*.parquet"))
        what = f"{fleet.models:,} × {fleet.runs:,} runs × {fleet.signatures:,} signatures ({size / 1e6:.0f} MB)"
        for title, command in questions(store):
            _show(f"{what}: {title}", pairs([[PERFSHEET, "history", *command]], 5)[0])


def _show(title: str, cost: Cost) -> None:
    print(f"| {title} | {cost.wall_s:.2f} s | {cost.cpu_s:.2f} s | {cost.memory_mib:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
