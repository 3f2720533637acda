"""Reading perf files of any generation, single or merged, end-to-end or device, and recomputing their figures."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TypeVar

from perfsheet.light_dataclass import dataclass
from perfsheet.models.e2e.model import (
    HEADERS,
    MAY_BE_UNKNOWN,
    NAME_HEADERS,
    REQUIRED,
    UNKNOWN,
    DeviceRow,
    Figure,
    PerfFile,
    PerfRow,
    Refusal,
    field_of,
    is_device_header,
)
from perfsheet.models.impossible import condition_of_header, find_impossible
from perfsheet.text.safe import unguarded

_UNKNOWN = {"", "unknown", "n/a", "na", "none", "null", "-"}
_GIT_LINE = re.compile(r"(branch|hash):\s*(.*?)\s*", re.IGNORECASE)
_LONGEST_QUOTE = 60
_FLOAT_NOISE = 1e-9

Row = TypeVar("Row", PerfRow, DeviceRow)
Interval = tuple[float, float]


class _RefusedError(Exception):
    """Why a header or a line cannot be used; reading continues without it."""


def read_perf_file(path: str | Path) -> PerfFile:
    """Read a perf file. Never raises: a missing file or an unusable line is in `refused`."""
    name = str(path)
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        return PerfFile(refused=(Refusal(name, 0, f"cannot be read: {error.strerror or error}"),))
    except UnicodeDecodeError:
        return PerfFile(refused=(Refusal(name, 0, "is not UTF-8 text"),))
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    git: dict[str, str] = {}
    while lines and (match := _GIT_LINE.fullmatch(lines[0][1])):
        git[match[1].lower()] = match[2].strip()
        del lines[0]
    branch, commit = (None if git.get(name) in (None, UNKNOWN) else git[name] for name in ("branch", "hash"))
    if not lines:
        return PerfFile((), (), (Refusal(name, 0, "is empty"),), branch, commit)
    number, header = lines[0]
    try:
        headers = _split(header)
        if is_device_header(headers):
            _check_device_headers(headers)
            return _read_device_rows(name, headers, lines, branch, commit)
        fields = _fields(headers)
    except _RefusedError as refusal:
        return PerfFile((), (), (Refusal(name, number, str(refusal)),), branch, commit)
    results = [_row_or_refusal(name, *line, partial(_perf_row, fields=fields, headers=headers)) for line in lines[1:]]
    rows = tuple(row for row in results if isinstance(row, PerfRow))
    return PerfFile(rows, (), _refusals(name, results), branch, commit, tuple(headers))


def _read_device_rows(
    name: str, headers: list[str], lines: Sequence[tuple[int, str]], branch: str | None, commit: str | None
) -> PerfFile:
    results = [_row_or_refusal(name, *line, partial(_device_row, headers=headers)) for line in lines[1:]]
    rows = tuple(row for row in results if isinstance(row, DeviceRow))
    return PerfFile((), rows, _refusals(name, results), branch, commit, tuple(headers))


def _row_or_refusal(name: str, number: int, line: str, read: Callable[[str, int, str], Row]) -> Row | Refusal:
    try:
        return read(name, number, line)
    except _RefusedError as refusal:
        return Refusal(name, number, str(refusal))


def _refusals(name: str, results: Sequence[object]) -> tuple[Refusal, ...]:
    if not results:
        return (Refusal(name, 0, "has a header but no values"),)
    return tuple(result for result in results if isinstance(result, Refusal))


def read_figure(text: str) -> Figure | None:
    """A number as written, or "unknown"; None if the text is neither, or not finite."""
    text = text.strip()
    if text.lower() in _UNKNOWN:
        return Figure(UNKNOWN, None)
    try:
        exact = Decimal(text)
        exponent = exact.as_tuple().exponent
        half_digit = 0.5 * 10.0**exponent if isinstance(exponent, int) else math.nan
        value = float(exact)
    except (InvalidOperation, OverflowError):
        return None
    return Figure(text, value, half_digit) if math.isfinite(value) and math.isfinite(half_digit) else None


def _split(line: str) -> list[str]:
    """The cells of a line; a cell with a comma may be quoted."""
    try:
        cells = next(csv.reader([line.replace("\0", "")], skipinitialspace=True), [])
        return [unguarded(cell.strip()) for cell in cells]
    except csv.Error as error:
        raise _RefusedError(f"cannot be read as CSV: {error}") from None


def _fields(headers: list[str]) -> list[str]:
    """The field of each column. Raises _RefusedError if these are not the columns of a perf file."""
    fields = [field for header in headers if (field := field_of(header)) is not None]
    unknown = [header for header in headers if field_of(header) is None]
    if len(unknown) == len(headers) or "model" not in fields:
        raise _RefusedError(f"its header is not that of a perf file: {_quote(', '.join(headers))}")
    if unknown:
        raise _RefusedError(f"its header has a column that no perf file has: {', '.join(map(repr, unknown))}")
    if repeated := [header for header in headers if fields.count(field_of(header) or "") > 1]:
        raise _RefusedError(f"its header has a column twice: {', '.join(repeated)}")
    if missing := [field for field in REQUIRED if field not in fields]:
        raise _RefusedError(f"its header lacks {', '.join(HEADERS[field] for field in missing)}")
    if fields[:3] != ["model", "setting", "batch"]:
        raise _RefusedError(f"its header does not begin with {', '.join(NAME_HEADERS)}")
    return fields


def _check_device_headers(headers: list[str]) -> None:
    if tuple(headers[:3]) != NAME_HEADERS:
        raise _RefusedError(f"its header does not begin with {', '.join(NAME_HEADERS)}")
    if repeated := sorted({header for header in headers if headers.count(header) > 1}):
        raise _RefusedError(f"its header has a column twice: {', '.join(repeated)}")


def _perf_row(file: str, line: int, text: str, fields: Sequence[str], headers: Sequence[str]) -> PerfRow:
    cells, notes = _align(_split(text), text, len(fields))
    figures: dict[str, Figure] = {}
    for field, header, cell in zip(fields[2:], headers[2:], cells[2:], strict=True):
        figure = read_figure(cell)
        if figure is None:
            raise _RefusedError(f"{header} is {_quote(cell)!r}, which is not a number")
        if figure.value is None and field not in MAY_BE_UNKNOWN:
            raise _RefusedError(f"{header} is {cell!r}: a perf file must state it")
        if figure.value is not None and figure.value < 0 and field != "compile_s":  # noise may make this one negative
            raise _RefusedError(f"{header} is {cell}, which cannot be a measurement")
        figures[field] = figure
    batch = figures["batch"].value
    if batch is None or batch < 1 or batch != int(batch):
        raise _RefusedError(f"Batch is {figures['batch'].text!r}, which is not a number of samples")
    if not cells[0]:
        raise _RefusedError("Model is blank")
    row = PerfRow(file, line, cells[0], cells[1], figures, notes)
    wrong = {disagreement.field for disagreement in find_disagreements(row)}
    if notes and {"inference_s", "throughput"} <= wrong:
        raise _RefusedError(f"it has more values than columns, and they do not fit the columns: {_quote(text)}")
    return row


def _device_row(file: str, line: int, text: str, headers: Sequence[str]) -> DeviceRow:
    cells, _ = _align(_split(text), text, len(headers))
    for header, cell in zip(headers[2:], cells[2:], strict=True):
        if read_figure(cell) is None:
            raise _RefusedError(f"{header} is {_quote(cell)!r}, which is not a number")
    return DeviceRow(file, line, dict(zip(headers, cells, strict=True)))


def _align(cells: list[str], text: str, columns: int) -> tuple[list[str], tuple[str, ...]]:
    """Bring the cells under their headers: an unquoted comma in Setting shifts all that follow."""
    while len(cells) > columns and not cells[-1]:  # a comma at the end of the line
        del cells[-1]
    extra = len(cells) - columns
    if extra == 0:
        return cells, ()
    refusal = _RefusedError(f"it has {len(cells)} values for {columns} columns")
    unquoted = text.split(",")[: len(cells)]
    if extra < 0 or [cell.strip() for cell in unquoted] != cells:
        raise refusal
    if not all(read_figure(cell) for cell in cells[2 + extra :]):
        raise refusal
    # Everything between the first value and the numbers is the setting, with its commas and blanks.
    setting = ",".join(unquoted[1 : 2 + extra]).strip()
    aligned = [cells[0], setting, *cells[2 + extra :]]
    return aligned, (f"Setting has a comma in it ({_quote(setting)!r}): the values after it were moved back",)


def _quote(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


@dataclass(frozen=True)
class Disagreement:
    """A computed figure that does not follow from the others of its row: `formula` gives a value in `recomputed`."""

    row: PerfRow
    field: str
    formula: str
    recomputed: Interval

    @property
    def why(self) -> str:
        """The other figures' value: `First Run − Second Run is 14.46`."""
        return f"{self.formula} is {sum(self.recomputed) / 2:.4g}"

    @property
    def sentence(self) -> str:
        """The message for users."""
        return (
            f"{self.row.file}, line {self.row.line}: {HEADERS[self.field]} is {self.row.text(self.field)}, "
            f"but {self.why}"
        )


def find_impossible_figures(row: PerfRow) -> dict[str, str]:
    """Why figures of a row are impossible, by field: on their own, or because the other figures contradict them."""
    contradicted = {disagreement.field: disagreement.why for disagreement in find_disagreements(row)}
    return {**contradicted, **find_impossible(row.value)}


def find_impossible_cells(row: DeviceRow) -> dict[str, str]:
    """Why figures of a device row are impossible, by header."""
    reasons = {}
    for header, cell in row.cells.items():
        condition, figure = condition_of_header(header), read_figure(cell)
        if condition and figure and figure.value is not None and (why := condition.reason(figure.value)):
            reasons[header] = why
    return reasons


def find_disagreements(row: PerfRow) -> Iterator[Disagreement]:
    """Recompute compile time, inference time and throughputs; what rounding cannot explain is a disagreement."""
    first, second = _interval(row, "first_run_s"), _interval(row, "second_run_s")
    if first and second:
        compile_s = (first[0] - second[1], first[1] - second[0])
        yield from _unless_within(row, "compile_s", "First Run − Second Run", compile_s)
    if second:
        yield from _unless_within(row, "inference_s", "Second Run", second)
    for throughput, inference in (("throughput", "inference_s"), ("throughput_cpu", "inference_cpu_s")):
        time = _interval(row, inference)
        if time and row.batch and time[1] > 0:
            fastest = row.batch / time[0] if time[0] > 0 else math.inf
            yield from _unless_within(row, throughput, f"Batch / {HEADERS[inference]}", (row.batch / time[1], fastest))


def _unless_within(row: PerfRow, field: str, formula: str, expected: Interval) -> Iterator[Disagreement]:
    written = _interval(row, field)
    noise = _FLOAT_NOISE * max(map(abs, filter(math.isfinite, expected)), default=0.0)
    if written and not (written[1] >= expected[0] - noise and written[0] <= expected[1] + noise):
        yield Disagreement(row, field, formula, expected)


def _interval(row: PerfRow, field: str) -> Interval | None:
    """The values that a figure may have had before rounding; None if unknown."""
    figure = row.figures.get(field)
    if figure is None or figure.value is None:
        return None
    return figure.value - figure.half_digit, figure.value + figure.half_digit
