"""The columns of perf files: their names in each generation, and their format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column: its field of PerfRow, its header as merged files have it, and the digits behind the point that a writer
    gives. `also` are headers of other generations and of per-model files."""

    field: str
    header: str
    digits: int | None = None
    also: tuple[str, ...] = ()


COLUMNS: tuple[Column, ...] = (
    Column("model", "Model"),
    Column("setting", "Setting"),
    Column("batch", "Batch", 0),
    Column("first_run_s", "First Run (sec)", 2),
    Column("second_run_s", "Second Run (sec)", 2),
    Column("compile_s", "Compile Time (sec)", 2, ("Compiler Time (sec)",)),
    Column("expected_compile_s", "Expected Compile Time (sec)", 2),
    Column("inference_s", "Inference Time (sec)", 4, ("Inference Time GS (sec)",)),
    Column("expected_inference_s", "Expected Inference Time (sec)", 4, ("Expected Inference Time GS (sec)",)),
    Column("throughput", "Throughput (Batch*inf/sec)", 4, ("Throughput GS (batch*inf/sec)",)),
    Column("inference_cpu_s", "Inference Time CPU (sec)", 4),
    Column("throughput_cpu", "Throughput CPU (batch*inf/sec)", 4),
)
"""Those of today, in the order of a merged file (models/perf/merge_perf_results.py of tt-metal)."""

HEADERS = {column.field: column.header for column in COLUMNS}
"""The header of each field."""

EXPECTED = ("expected_compile_s", "expected_inference_s")
REQUIRED = tuple(column.field for column in COLUMNS if column.field not in EXPECTED)
"""What every generation has; the first (June to August 2023) has no expectations."""
MAY_BE_UNKNOWN = (*EXPECTED, "inference_cpu_s", "throughput_cpu")

_MEASURES = ("DEVICE FW", "DEVICE KERNEL", "DEVICE BRISC KERNEL")
_KERNEL = "DEVICE KERNEL"


def _device_headers() -> tuple[str, ...]:
    headers = ["Model", "Setting", "Batch"]
    for measure in _MEASURES:
        for unit in ("SAMPLES/S", "DURATION [ns]"):
            for which in ("AVG", "MIN", "MAX"):
                headers.append(f"{which} {measure} {unit}")
                if headers[-1] == f"AVG {_KERNEL} SAMPLES/S":
                    headers += [f"{bound} Threshold {headers[-1]}" for bound in ("Lower", "Upper")]
    return tuple(headers)


DEVICE_HEADERS = _device_headers()
"""The 23 columns of a merged device perf file (models/perf/merge_device_perf_results.py of tt-metal)."""

_FIELDS = {header.casefold(): column.field for column in COLUMNS for header in (column.header, *column.also)}


def field_of(header: str) -> str | None:
    """The field behind a header of any generation; None when there is none. Upper and lower case are the same."""
    return _FIELDS.get(" ".join(header.split()).casefold())


def is_device(headers: list[str]) -> bool:
    """Whether these are the headers of a device perf file."""
    return any(header.strip().upper().startswith("AVG DEVICE") for header in headers)
