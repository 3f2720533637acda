"""Benchmark records: one run of a model and its measurements, as tt-metal's data collection reads them.

    write_record(record_of_row(row, started, ended), Path("generated/benchmark_data"))

Format: PartialBenchmarkRun in infra/data_collection/pydantic_models.py of tt-metal. docs/e2e.md has the measurements.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass
from perfsheet.models.e2e.model import PerfRow
from perfsheet.text.json_text import json_text
from perfsheet.text.safe import clean

END_TO_END = "end_to_end_perf"
"""The type of the run and its only step, as tt-metal's own writer of perf files has it."""
_TIME = "%Y-%m-%dT%H:%M:%S%z"
_MEASUREMENTS = (
    ("inference_time_s", "inference_s", "expected_inference_s"),
    ("compile_time_s", "compile_s", "expected_compile_s"),
    ("throughput_iter_per_s", "throughput", ""),
    ("first_run_s", "first_run_s", ""),
    ("expected_inference_time_s", "expected_inference_s", ""),
    ("expected_compile_time_s", "expected_compile_s", ""),
    ("inference_time_cpu_s", "inference_cpu_s", ""),
    ("throughput_cpu_iter_per_s", "throughput_cpu", ""),
    ("latency_ms", "latency_ms", ""),
    ("latency_std_ms", "latency_std_ms", ""),
    ("pearson_correlation", "pcc", "least_pcc"),
    ("device_kernel_duration_ns", "kernel_ns", ""),
    ("device_samples_per_s", "device_fps", ""),
)
"""Measurement, figure of a perf file or of a suite's result, and the figure that is its target. The first eight are
those of tt-metal's own writer."""
_NOT_OURS = (
    *("git_repo_name", "git_commit_ts", "github_pipeline_id", "github_pipeline_link", "github_job_id", "user_name"),
    *("docker_image", "device_hostname", "device_ip", "ml_model_type", "num_layers", "precision", "dataset_name"),
    *("profiler_name", "output_sequence_length", "image_dimension", "perf_analysis"),
)
"""Fields of the format that nothing here knows: null."""


@dataclass(frozen=True)
class BenchmarkMeasurement:
    """A value, and its target (None = none)."""

    step_name: str
    name: str
    value: float
    target: float | None = None
    iteration: int = 0
    step_warm_up_num_iterations: int | None = None


@dataclass(frozen=True)
class BenchmarkRecord:
    """One run of a model. `setting` is that of its perf file; `card_type` is the board; None or blank = unknown."""

    model: str
    started: datetime
    ended: datetime
    measurements: tuple[BenchmarkMeasurement, ...]
    batch: int | None = None
    setting: str = ""
    sequence_length: int | None = None
    run_type: str = END_TO_END
    card_type: str = ""
    branch: str | None = None
    commit: str | None = None


def measurements_of(figure: Callable[[str], float | None]) -> Iterator[BenchmarkMeasurement]:
    """The figures that are known; `figure` gives the one of a field."""
    for name, field_name, target in _MEASUREMENTS:
        value = figure(field_name)
        if value is not None:
            yield BenchmarkMeasurement(END_TO_END, name, value, figure(target) if target else None)


def record_of_row(
    row: PerfRow, started: datetime, ended: datetime, branch: str | None = None, commit: str | None = None
) -> BenchmarkRecord:
    """The record of a perf file."""
    measured = tuple(measurements_of(row.value))
    return BenchmarkRecord(row.model, started, ended, measured, row.batch, row.setting, branch=branch, commit=commit)


def record_json(record: BenchmarkRecord) -> dict[str, Any]:
    """The record as JSON: what is unknown is null, times are in UTC."""
    started, ended = _utc(record.started), _utc(record.ended)
    return {
        "run_start_ts": started,
        "run_end_ts": ended,
        "run_type": record.run_type,
        "git_commit_hash": record.commit,
        "git_branch_name": record.branch,
        "device_info": {"card_type": record.card_type} if record.card_type else None,
        "ml_model_name": clean(record.model).replace("/", "_"),  # as tt-metal's writer has it
        "batch_size": record.batch,
        "config_params": {"setting": clean(record.setting)} if record.setting else None,
        "input_sequence_length": record.sequence_length,
        "training": False,
        **dict.fromkeys(_NOT_OURS),
        "measurements": [
            {
                "step_start_ts": started,
                "step_end_ts": ended,
                "iteration": one.iteration,
                "step_name": one.step_name,
                "step_warm_up_num_iterations": one.step_warm_up_num_iterations,
                "name": one.name,
                "value": one.value,
                "target": one.target,
                "device_power": None,
                "device_temperature": None,
            }
            for one in record.measurements
        ],
    }


def write_record(record: BenchmarkRecord, folder: Path, again: bool = False) -> Path:
    """Write `partial_run_TIME.json`, with a number if that is there already; the file.

    `again`: a file that has just this record already is taken for it.
    Raises PerfsheetError (exit status 7).
    """
    from perfsheet.atomic_write import make_folder, replace_text

    make_folder(folder, "give another folder")
    text = json_text(record_json(record), indent=4) + "\n"
    time = _utc(record.started)
    stem, number = f"partial_run_{time.replace(':', '-') if os.name == 'nt' else time}", 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f'_{number}'}.json"
        if again and path.is_file() and path.read_bytes() == text.encode():
            return path
        if not path.exists():
            replace_text(path, text, overwrite=False)
            return path
        number += 1


def _utc(time: datetime) -> str:
    return time.astimezone(timezone.utc).strftime(_TIME)


@dataclass(frozen=True)
class _Value:
    """A measurement in a file."""

    name: str
    step_name: str = ""
    value: float | None = None
    target: float | None = None


@dataclass(frozen=True)
class ReadRecord:
    """A record as it is read from a file: partial or complete, of any writer; unknown fields are left out."""

    ml_model_name: str
    batch_size: int | None = None
    input_sequence_length: int | None = None
    device_info: dict[str, Any] | None = None
    measurements: list[_Value] = field(default_factory=list)
    run_start_ts: str | None = None
    git_commit_hash: str | None = None
    git_branch_name: str | None = None
    config_params: dict[str, Any] | None = None

    @property
    def started(self) -> datetime | None:
        """When the run started; None if that is not known, or no time."""
        return iso_time(self.run_start_ts or "")

    @property
    def setting(self) -> str:
        """The setting of its perf file; blank if it names none."""
        setting = (self.config_params or {}).get("setting")
        return setting if isinstance(setting, str) else ""

    @property
    def name(self) -> str:
        """`falcon-7b, batch 32, sequence length 128`."""
        batch = None if self.batch_size is None else f"batch {self.batch_size}"
        length = None if self.input_sequence_length is None else f"sequence length {self.input_sequence_length}"
        return ", ".join(filter(None, (self.ml_model_name, batch, length)))

    @property
    def sku(self) -> str:
        """The board that it names; blank if it names none."""
        card = (self.device_info or {}).get("card_type")
        return card if isinstance(card, str) else ""

    @property
    def values(self) -> dict[tuple[str, str], float]:
        """The last value of every measurement, by step and name."""
        return {(one.step_name, one.name): one.value for one in self.measurements if one.value is not None}


def iso_time(text: str) -> datetime | None:
    """A time as ISO 8601 has it, in UTC; without a zone it is local time. None if it is no time."""
    try:
        return datetime.fromisoformat(re.sub(r"(Z|[+-]\d\d:?\d\d)$", _with_colon, text.strip())).astimezone(
            timezone.utc
        )
    except (ValueError, OverflowError, OSError):
        return None


def _with_colon(zone: re.Match[str]) -> str:
    """`+00:00` for `Z` and `+0000`: Python 3.10 reads no other."""
    text = zone[1].replace(":", "")
    return "+00:00" if text == "Z" else f"{text[:3]}:{text[3:]}"


def read_record(path: Path) -> ReadRecord:
    """Read a record. Raises PerfsheetError (exit status 3) if it is none."""
    try:
        return read_json(path, ReadRecord)
    except InvalidDocumentError as error:
        raise unusable(f"{path} {error}", "give a partial_run or complete_run file in JSON") from None
    except OSError as error:
        raise unusable(f"{path}: {error.strerror or error}", "check the path") from None


def as_read(record: BenchmarkRecord) -> ReadRecord:
    """What reading the record's file would give."""
    values = [_Value(one.name, one.step_name, one.value, one.target) for one in record.measurements]
    return ReadRecord(record.model, record.batch, record.sequence_length, measurements=values)


def find_records(paths: Iterable[Path]) -> list[Path]:
    """The record files of files and folders, each once, in order. Raises PerfsheetError (exit status 3) without one."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = [
            *path.rglob("partial_run_*.json"),
            *path.rglob("complete_run_*.json"),
        ]
        found.update(dict.fromkeys(sorted(inside) if path.is_dir() else [path]))
    if not found:
        raise unusable("there is no partial_run_*.json or complete_run_*.json", "give the folder benchmark_data")
    return list(found)
