"""The tables of suites and merged perf files. Those of op counts, torch ops and benches are in op_tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from perfsheet.accuracy import MARKED
from perfsheet.models.e2e import DeviceRow, Disagreement, Refusal
from perfsheet.models.e2e.reading import find_impossible_cells
from perfsheet.models.impossible import CONDITIONS
from perfsheet.models.suite.model import ModelResult
from perfsheet.tables import Column, In, Mark, Rows, Table, each, kinds
from perfsheet.tables.kinds import COUNT, PERCENT, Kind
from perfsheet.text.safe import csv_cell

R = TypeVar("R")
Results = Iterable[ModelResult]
_SUITE, _E2E = "docs/suite.md", "docs/e2e.md"


def same(value: Any) -> Any:
    """Export a value as it is."""
    return value


def _decimals(most: int) -> Callable[[float | None], str]:
    """Text with at least two decimals and at most `most`, and thousands separators."""

    def text(value: float | None) -> str:
        if value is None:
            return "–"
        digits = f"{round(value, most) + 0.0:,.{most}f}"  # + 0.0: what rounds to zero has no sign
        while digits.endswith("0") and len(digits.partition(".")[2]) > 2:
            digits = digits[:-1]
        return digits

    return text


def _known(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "–" if value is None else text(value)


TEXT = Kind("text", lambda text: text or "–", same, number=False, width=12)
_SECONDS = Kind("seconds", _decimals(4), same, "decimal_4", unit="s")
MILLISECONDS = Kind("milliseconds", _decimals(3), same, "decimal_4", unit="ms")
_THROUGHPUT = Kind("throughput", _decimals(4), same, "decimal_4")
_NS = replace(kinds.NS, data=same)
_DISTANCE = replace(
    PERCENT, name="distance", text=_known(lambda fraction: f"{100 * fraction:+.1f}"), style="delta_percent", signed=True
)
_PCC = Kind("PCC", _known(lambda value: f"{value:.6g}"), same, "accuracy")
_LINES = Kind("sentences", "; ".join, list, cell=lambda lines: "; ".join(lines) or None, number=False, width=60)
_WORDS = {True: "Yes", False: "No", None: "not run"}
"""Run Success in the workbook: not every spreadsheet font has the badges."""


def _device_source(result: ModelResult) -> str | None:
    if result.capture is None:
        return None
    return "replayed" if result.replayed else "measured"


def impossible_figures(result: ModelResult) -> dict[str, str]:
    """Why figures that the result shows are impossible, by field."""
    return {name: why for name, why in result.impossible.items() if getattr(result, name) is not None}


def _impossible_cell(reasons: dict[str, str]) -> str | None:
    """`Compile Time: the first run is shorter than the second`: the title and a colon find the cell to highlight."""
    return "; ".join(f"{figure_title(name)}: {why}" for name, why in reasons.items()) or None


_REASONS = Kind("reasons", lambda reasons: _impossible_cell(reasons) or "–", dict, cell=_impossible_cell, number=False)


def figure_title(name: str) -> str:
    """The title of a figure of ModelResult, without its unit."""
    return SUITE[name].title.partition(" [")[0]


def badge(result: ModelResult) -> str:
    """`✅` for a target that passed, else `❌` and how it ended."""
    if result.run_success is None:
        return "⏳ not run"
    return "✅" if result.run_success else "❌" if result.outcome == "failed" else f"❌ {result.outcome}"


def _tones(results: Results) -> list[str]:
    return [{True: "good", False: "bad", None: "warn"}[result.run_success] for result in results]


def field_of(name: str) -> Callable[[Iterable[Any]], list[Any]]:
    """The values of a column from a field of each row."""
    return lambda rows: [getattr(row, name) for row in rows]


def is_known(column: Column[Results], results: Results) -> bool:
    """Whether any result has a value in this column."""
    return any(value not in (None, "") for value in column.listed(results))


def _written(field: str, kind: Kind) -> Callable[[Results], list[str]]:
    """The texts of a figure: as the perf file has it, else as figures of its kind are shown."""
    return lambda results: [result.written.get(field) or kind.text(getattr(result, field)) for result in results]


def _figure(
    field: str, title: str, kind: Kind, meaning: str, short: str = "", drop: int = 0, key: str = "", **settings: Any
) -> Column[Results]:
    """A column of the results; those that may be dropped are shown only if a result has a value."""
    column: Column[Results] = Column(
        key or field, title, kind, field_of(field), meaning, _SUITE, short=short, drop=drop, width=12, **settings
    )
    if kind in (_SECONDS, _THROUGHPUT):
        column = column.changed(row_texts=_written(field, kind))
    if field in CONDITIONS:
        column = column.changed(
            mark=Mark("impossible", lambda results: [field in impossible_figures(result) for result in results])
        )
    known = column  # `when` asks the column as it is here
    return column.changed(when=lambda results: is_known(known, results)) if drop or field == "setting" else column


# fmt: off
FIGURES: tuple[Column[Results], ...] = (
    _figure("model", "Model", TEXT, "model of the target", flexible=True).changed(width=26),
    _figure("setting", "Setting", TEXT, "variant of the model", flexible=True).changed(width=24),
    _figure("batch", "Batch", COUNT, "samples per run"),
    Column("run_success", "Run Success", replace(TEXT, data=lambda result: result.run_success), list,
        "✅ passed, ❌ and how it ended, ⏳ not run yet or interrupted", _SUITE, short="Run", text=badge,
        cell=lambda result: _WORDS[result.run_success], tone=_tones, width=12),
    Column("reason", "Reason", replace(TEXT, text=str, cell=lambda reason: reason or None),
        each(lambda result: "" if result.run_success else result.problem), "why the target did not pass", _SUITE,
        In.MARKDOWN | In.SHEET, wrap=True, width=40,
        when=lambda results: any(not result.run_success and result.problem for result in results)),
    _figure("first_run_s", "First Run", _SECONDS, "compile and inference, nothing cached", "First", 10),
    _figure("second_run_s", "Second Run", _SECONDS, "inference with a warm program cache", "Second", 12),
    _figure("compile_s", "Compile Time", _SECONDS, "First Run − Second Run", "Compile", 4),
    _figure("inference_s", "Inference Time", _SECONDS, "Second Run", "Infer."),
    _figure("throughput", "Throughput [batch*inf/s]", _THROUGHPUT, "Batch / Inference Time", "batch*inf/s", 3),
    _figure("latency_ms", "Latency", MILLISECONDS, "mean latency, recorded by the test", drop=13),
    _figure("latency_std_ms", "Latency Std", MILLISECONDS, "sample standard deviation of the latency", "±", 14),
    _figure("inference_cpu_s", "Inference Time CPU", _SECONDS, "the torch reference on the CPU", "CPU", 11),
    _figure("throughput_cpu", "Throughput CPU [batch*inf/s]", _THROUGHPUT, "Batch / Inference Time CPU",
        "CPU batch*inf/s", 15),
    Column("device_figures", "Device Figures", TEXT, each(_device_source),
        "measured: in this run; replayed: of a recorded capture", _SUITE, In.TERMINAL | In.MARKDOWN | In.SHEET,
        short="Device", when=lambda results: any(result.replayed and result.capture for result in results)),
    _figure("kernel_ns", "Device Kernel Time", _NS, "kernel time of one inference", "Kernel",
        bar=True).changed(width=16),
    _figure("device_fps", "FPS on Device", _THROUGHPUT, "Batch / Device Kernel Time", "Device FPS", 2),
    _figure("device_ops", "Device Ops", COUNT, "device rows of the capture", "Ops", 5),
    _figure("reshards", "Reshards", COUNT, "ops of the category reshard", drop=6),
    _figure("to_from_device", "To/From Device Ops", COUNT, "ops that move a tensor between host and device",
        "To/from", 16),
    _figure("fallbacks", "Host Fallback Ops", COUNT, "rows of the type python_fallback", "Fallbacks", 17),
    _figure("torch_ops_before", "Torch Ops Before", TEXT, "ops of the torch model", "Torch ops", 18, right=True),
    _figure("torch_ops_remain", "Torch Ops Remain", TEXT, "ops that still run in torch", "Remain", 19, right=True),
    _figure("low_core_share", "Time On Few Cores", PERCENT,
        "share of kernel time in ops on a quarter of the worker grid or less", "Few cores", 7, "low_core_share_pct"),
    _figure("pcc", "Accuracy (PCC)", _PCC, "Pearson correlation with the reference; the lowest of several", "PCC", 3),
    _figure("expected_compile_s", "Expected Compile Time", _SECONDS, "target for Compile Time", "Exp. compile", 20),
    _figure("expected_inference_s", "Expected Inference Time", _SECONDS, "target for Inference Time", "Expected", 21),
    _figure("distance", "Distance To Target", _DISTANCE,
        "(Inference Time / Expected Inference Time − 1) × 100; below 0 is faster", "To target", 1, "distance_pct"),
    Column("impossible", "Impossible", _REASONS, each(impossible_figures),
        "figures that no measurement can give, and why", _SUITE, In.JSON | In.CSV | In.SHEET, wrap=True, width=40),
)
"""The figures of a model, in every output of a suite, in this order."""

_MORE: tuple[Column[Results], ...] = (
    Column("outcome", "Outcome", TEXT, field_of("outcome"), "how the target ended", _SUITE, width=14),
    Column("problem", "Problem", TEXT, field_of("problem"), "why it did not pass, or what is missing", _SUITE,
        wrap=True, width=60, cell=lambda problem: problem or None),
    Column("started", "Started", TEXT, field_of("started"), "start of the run", _SUITE, width=20),
    Column("duration_s", "Duration", replace(_SECONDS, style="decimal"), field_of("duration_s"), "time of all its runs",
        _SUITE, width=10),
    Column("replayed", "Replayed", replace(TEXT, data=bool), field_of("replayed"),
        "whether the device figures are of a recorded capture", _SUITE),
    Column("command", "Command", TEXT, field_of("command"), "its pytest command", _SUITE, width=60),
    Column("perf_file", "Perf File", TEXT, field_of("perf_file"), "the perf file of its test", _SUITE, width=40),
    Column("capture", "Ops CSV", TEXT, field_of("capture"), "its captures", _SUITE, width=40),
    Column("workbook", "Perf Sheet", TEXT, field_of("workbook"), "the workbook of its captures", _SUITE, width=40),
    Column("log", "Log", TEXT, field_of("log"), "the output of its run", _SUITE, width=40),
    Column("breaches", "Limits Breached", _LINES, field_of("breaches"), "limits that it misses", _SUITE,
        outputs=In.JSON, wrap=True, width=40),
    Column("warnings", "Warnings", _LINES, field_of("warnings"), "which figures to be careful with, and why", _SUITE,
        outputs=In.JSON, wrap=True),
)

SUITE: Table[Results] = Table(
    "suite", "Models", "The results of a suite: `suite run`, `suite merge`, results.xlsx, .md, .csv and .json.",
    (*FIGURES, *(column.changed(outputs=column.outputs & (In.JSON | In.CSV)) for column in _MORE)),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.MARKDOWN | In.SHEET,
)
DETAILS: Table[Results] = Table(
    "suite-details", "Details", "How each target of a suite ended, and its files: sheet Details of results.xlsx.",
    (
        Column("name", "Model", TEXT, field_of("name"), "model, setting and batch", _SUITE, outputs=In.SHEET, width=40),
        *(column.changed(outputs=In.SHEET) for column in SUITE.pick("outcome", "problem", "breaches", "warnings")),
        SUITE["device_figures"].changed(outputs=In.SHEET, when=None),
        *(column.changed(outputs=In.SHEET) for column in SUITE.pick(
            "started", "duration_s", "command", "perf_file", "capture", "workbook", "log")),
    ),
)
HISTORY: Table[Rows[str | None, ModelResult]] = Table(
    "suite-history", "History", "Every result of a suite so far: history.csv and sheet History of results.xlsx.",
    (
        SUITE["started"],
        Column("commit", "Commit", TEXT, lambda rows: [rows.source for _ in rows], "commit of the run", _SUITE),
        *(column for column in FIGURES if column.key not in ("reason", "device_figures")),
        *SUITE.pick("outcome", "problem", "replayed"),
    ),
    outputs=In.JSON | In.CSV | In.SHEET,
)
REFUSED: Table[Sequence[Refusal]] = Table(
    "refused", "Refused", "Perf files, and lines of them, that `suite merge` cannot use.",
    (
        Column("file", "File", TEXT, field_of("file"), "the perf file", _E2E, outputs=In.JSON),
        Column("line", "Line", COUNT, each(lambda refusal: refusal.line or None), "its line; null = the whole file",
            _E2E, outputs=In.JSON),
        Column("why", "Why", TEXT, field_of("why"), "why it cannot be used", _E2E, outputs=In.JSON),
    ),
)
DISAGREEMENTS: Table[Sequence[Disagreement]] = Table(
    "disagreements", "Disagreements", "Computed figures of perf files that do not follow from the other figures.",
    (
        Column("file", "File", TEXT, each(lambda wrong: wrong.row.file), "the perf file", _E2E, outputs=In.JSON),
        Column("line", "Line", COUNT, each(lambda wrong: wrong.row.line), "its line", _E2E, outputs=In.JSON),
        Column("column", "Column", TEXT, field_of("field"), "the figure", _E2E, outputs=In.JSON),
        Column("formula", "Formula", TEXT, field_of("formula"), "how it is computed", _E2E, outputs=In.JSON),
    ),
)
# fmt: on


_DEVICE_DROP = {
    "Model": 0,
    "Setting": 0,
    "Batch": 0,
    "AVG DEVICE KERNEL SAMPLES/S": 0,
    "AVG DEVICE KERNEL DURATION [ns]": 1,
    "AVG DEVICE FW SAMPLES/S": 2,
    "AVG DEVICE FW DURATION [ns]": 3,
}
"""The columns of device perf files that the terminal shows."""


def device_table(headers: Sequence[str]) -> Table[Sequence[DeviceRow]]:
    """The rows of merged device perf files, with their own headers as keys and cells as written."""
    return Table("device-perf", "Device perf files", "Merged device perf files.", tuple(map(_device_column, headers)))


def _device_column(header: str) -> Column[Sequence[DeviceRow]]:
    def values(rows: Sequence[DeviceRow]) -> list[str | None]:
        return [row.cells.get(header) for row in rows]

    text = header in ("Model", "Setting")
    outputs = In.MARKDOWN | (In.TERMINAL if header in _DEVICE_DROP else In.MARKDOWN)
    return Column(
        header,
        header,
        TEXT,
        values,
        outputs=outputs,
        drop=_DEVICE_DROP.get(header, 0),
        flexible=text,
        right=not text,
        mark=Mark("impossible", lambda rows: [header in find_impossible_cells(row) for row in rows]),
        when=lambda rows: any(header in row.cells for row in rows),
    )


def marked_texts(column: Column[R], rows: R) -> list[str]:
    """The texts of a column; impossible figures are marked."""
    texts = column.texts(rows)
    if column.mark is None or column.mark.name != "impossible":
        return texts
    return [f"{text}{MARKED}" if bad else text for text, bad in zip(texts, column.mark.where(rows), strict=True)]


def csv_text(table: Table[R], rows: R, unknown: str = "") -> str:
    """A table as CSV under its keys; lists are joined with `; `, an unknown number is `unknown`."""
    columns = table.columns_in(In.CSV)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([csv_cell(column.key) for column in columns])
    writer.writerows(zip(*(_csv_cells(column, rows, unknown) for column in columns), strict=True))
    return stream.getvalue()


def _csv_cells(column: Column[R], rows: R, unknown: str) -> list[Any]:
    return [flat(unknown if value is None and column.number else value) for value in column.exported(rows)]


def flat(value: Any) -> Any:
    """A value of JSON as one cell."""
    if isinstance(value, dict):
        value = "; ".join(f"{name}: {x}" if isinstance(x, str) else f"{name} ×{x}" for name, x in value.items())
    elif isinstance(value, list):
        value = "; ".join(map(str, value))
    return csv_cell(value) if isinstance(value, str) else value
