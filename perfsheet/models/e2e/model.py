"""Perf files: their columns in each generation, and the rows that they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perfsheet.light_dataclass import dataclass

UNKNOWN = "unknown"


@dataclass(frozen=True)
class FileColumn:
    """A column of perf files: its field of PerfRow, its header in merged files, and the number of decimals written.

    `also` are its headers in older generations and in the files of single models.
    """

    field: str
    header: str
    decimals: int | None = None
    also: tuple[str, ...] = ()


COLUMNS: tuple[FileColumn, ...] = (
    FileColumn("model", "Model"),
    FileColumn("setting", "Setting"),
    FileColumn("batch", "Batch", 0),
    FileColumn("first_run_s", "First Run (sec)", 2),
    FileColumn("second_run_s", "Second Run (sec)", 2),
    FileColumn("compile_s", "Compile Time (sec)", 2, ("Compiler Time (sec)",)),
    FileColumn("expected_compile_s", "Expected Compile Time (sec)", 2),
    FileColumn("inference_s", "Inference Time (sec)", 4, ("Inference Time GS (sec)",)),
    FileColumn("expected_inference_s", "Expected Inference Time (sec)", 4, ("Expected Inference Time GS (sec)",)),
    FileColumn("throughput", "Throughput (Batch*inf/sec)", 4, ("Throughput GS (batch*inf/sec)",)),
    FileColumn("inference_cpu_s", "Inference Time CPU (sec)", 4),
    FileColumn("throughput_cpu", "Throughput CPU (Batch*inf/sec)", 4),
)
"""The current columns, in the order of a merged file (models/perf/merge_perf_results.py of tt-metal)."""

HEADERS = {column.field: column.header for column in COLUMNS}
"""The header of each field."""

EXPECTED = ("expected_compile_s", "expected_inference_s")
REQUIRED = tuple(column.field for column in COLUMNS if column.field not in EXPECTED)
"""The columns of every generation; the first (June to August 2023) has no expected times."""
MAY_BE_UNKNOWN = (*EXPECTED, "inference_cpu_s", "throughput_cpu")

NAME_HEADERS = ("Model", "Setting", "Batch")
"""The first three columns of every perf file, end-to-end or device."""
_MEASURES = ("DEVICE FW", "DEVICE KERNEL", "DEVICE BRISC KERNEL")
_WITH_THRESHOLDS = "AVG DEVICE KERNEL SAMPLES/S"
LOWER_THRESHOLD, UPPER_THRESHOLD = "Lower Threshold ", "Upper Threshold "


def _device_headers() -> tuple[str, ...]:
    headers = list(NAME_HEADERS)
    for measure in _MEASURES:
        for unit in ("SAMPLES/S", "DURATION [ns]"):
            for statistic in ("AVG", "MIN", "MAX"):
                headers.append(f"{statistic} {measure} {unit}")
                if headers[-1] == _WITH_THRESHOLDS:
                    headers += [LOWER_THRESHOLD + _WITH_THRESHOLDS, UPPER_THRESHOLD + _WITH_THRESHOLDS]
    return tuple(headers)


DEVICE_HEADERS = _device_headers()
"""The 23 columns of a merged device perf file (models/perf/merge_device_perf_results.py of tt-metal)."""

_FIELDS = {header.casefold(): column.field for column in COLUMNS for header in (column.header, *column.also)}


def field_of(header: str) -> str | None:
    """The field of a header of any generation, in upper or lower case; None for an unknown header."""
    return _FIELDS.get(" ".join(header.split()).casefold())


def is_device_header(headers: Sequence[str]) -> bool:
    """Whether these are the headers of a device perf file."""
    return any(header.strip().upper().startswith("AVG DEVICE") for header in headers)


def row_name(model: str, setting: str, batch: str) -> str:
    """`vit, base-patch16, batch 1`."""
    return ", ".join(filter(None, (model, setting, f"batch {batch}")))


@dataclass(frozen=True)
class Figure:
    """A number in a perf file: `text` as written, `value` (None = unknown), and half a unit of its last digit."""

    text: str
    value: float | None
    half_digit: float = 0.0


@dataclass(frozen=True)
class PerfRow:
    """The end-to-end figures of one model. Times are in seconds, throughputs in samples per second.

    `file` and `line` say where the row is, `notes` what was corrected in it.
    """

    file: str
    line: int
    model: str
    setting: str
    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()

    def value(self, field: str) -> float | None:
        """The figure of a field; None if unknown."""
        figure = self.figures.get(field)
        return None if figure is None else figure.value

    def text(self, field: str) -> str:
        """The figure of a field as written; `unknown` if the file has none."""
        figure = self.figures.get(field)
        return UNKNOWN if figure is None else figure.text

    @property
    def batch(self) -> int | None:
        """Samples per run."""
        value = self.value("batch")
        return None if value is None else int(value)

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 1`."""
        return row_name(self.model, self.setting, self.text("batch"))


@dataclass(frozen=True)
class DeviceRow:
    """A row of a device perf file: its cells by header, as written."""

    file: str
    line: int
    cells: Mapping[str, str]

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 1`."""
        model, setting, batch = (self.cells.get(header, "") for header in NAME_HEADERS)
        return row_name(model, setting, batch)


@dataclass(frozen=True)
class Refusal:
    """A file, or a line of one (0 = the whole file), that cannot be used, and why."""

    file: str
    line: int
    why: str

    @property
    def sentence(self) -> str:
        """The message for users."""
        return f"{self.file}{f', line {self.line}' if self.line else ''}: refused: {self.why}"


@dataclass(frozen=True)
class PerfFile:
    """The rows of one file; `branch` and `commit` are those written at the top of a merged file."""

    rows: tuple[PerfRow, ...] = ()
    device_rows: tuple[DeviceRow, ...] = ()
    refused: tuple[Refusal, ...] = ()
    branch: str | None = None
    commit: str | None = None
    headers: tuple[str, ...] = ()
