"""Reading a perf file: per model or merged, of any generation, end-to-end or device."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TypeVar

from perfsheet.models.e2e.columns import MAY_BE_UNKNOWN, REQUIRED, field_of, is_device
from perfsheet.models.e2e.model import UNKNOWN, DeviceRow, Figure, PerfFile, PerfRow, Refused
from perfsheet.models.e2e.verifying import disagreements

_UNKNOWN = {"", "unknown", "n/a", "na", "none", "null", "-"}
_GIT_LINE = re.compile(r"(branch|hash):\s*(.*?)\s*", re.IGNORECASE)
_TEXTS = ("model", "setting")
_DEVICE_NAMES = ("Model", "Setting", "Batch")
_LONGEST_NAMED = 60


Row = TypeVar("Row", PerfRow, DeviceRow)


class _Refusal(Exception):  # noqa: N818  # not an error: the reading goes on without the line
    """Why a header or a line cannot be taken."""


def read_perf_file(path: str | Path) -> PerfFile:
    """What a perf file holds, and what of it was refused; never raises for what is in it, or for a missing file."""
    name = str(path)
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        return PerfFile(refused=(Refused(name, 0, f"cannot be read: {error.strerror or error}"),))
    except UnicodeDecodeError:
        return PerfFile(refused=(Refused(name, 0, "is no text in UTF-8"),))
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    git: dict[str, str] = {}
    while lines and (match := _GIT_LINE.fullmatch(lines[0][1])):
        git[match[1].lower()] = match[2].strip()
        del lines[0]
    branch, commit = git.get("branch"), git.get("hash")
    if not lines:
        return PerfFile((), (), (Refused(name, 0, "is empty"),), branch, commit)
    number, header = lines[0]
    try:
        headers = _cells(header)
        if is_device(headers):
            _checked_device(headers)
            return _device_file(name, headers, lines, branch, commit)
        fields = _checked(headers)
    except _Refusal as refusal:
        return PerfFile((), (), (Refused(name, number, str(refusal)),), branch, commit)
    taken = [_taken(name, number, line, partial(_row, fields=fields, headers=headers)) for number, line in lines[1:]]
    rows = tuple(one for one in taken if isinstance(one, PerfRow))
    return PerfFile(rows, (), (*_refused(taken), *_no_values(name, lines)), branch, commit, tuple(headers))


def _taken(name: str, number: int, line: str, take: Callable[[str, int, str], Row]) -> Row | Refused:
    try:
        return take(name, number, line)
    except _Refusal as refusal:
        return Refused(name, number, str(refusal))


def _refused(taken: Sequence[object]) -> list[Refused]:
    return [one for one in taken if isinstance(one, Refused)]


def _no_values(name: str, lines: Sequence[object]) -> list[Refused]:
    return [Refused(name, 0, "has a header and no values")] if len(lines) == 1 else []


def figure(text: str) -> Figure | None:
    """A number as written; unknown where it says so, None where it is none, or could not be measured (below 0, NaN)."""
    text = text.strip()
    if text.lower() in _UNKNOWN:
        return Figure(UNKNOWN, None)
    try:
        exact = Decimal(text)
        exponent = exact.as_tuple().exponent
        half = 0.5 * 10.0**exponent if isinstance(exponent, int) else math.nan
        value = float(exact)
    except (InvalidOperation, OverflowError):
        return None
    return Figure(text, value, half) if math.isfinite(value) and math.isfinite(half) else None


def _cells(line: str) -> list[str]:
    """The cells of a line; a cell with a comma may be quoted."""
    try:
        return [cell.strip() for cell in next(csv.reader([line.replace("\0", "")], skipinitialspace=True), [])]
    except csv.Error as error:
        raise _Refusal(f"cannot be read as CSV: {error}") from None


def _checked(headers: list[str]) -> list[str]:
    """The field of each column. Raises _Refusal when these are not the columns of a perf file."""
    fields = [field_of(header) for header in headers]
    strange = [header for header, field in zip(headers, fields, strict=True) if field is None]
    found = [field for field in fields if field is not None]
    if len(strange) == len(headers) or "model" not in found:
        raise _Refusal(f"its header is not that of a perf file: {_cut(', '.join(headers))}")
    if strange:
        raise _Refusal(f"its header has a column of no generation: {', '.join(map(repr, strange))}")
    if twice := [header for header, field in zip(headers, fields, strict=True) if found.count(field or "") > 1]:
        raise _Refusal(f"its header has a column twice: {', '.join(twice)}")
    if missing := [field for field in REQUIRED if field not in found]:
        raise _Refusal(f"its header lacks {', '.join(missing)}")
    if found[:2] != list(_TEXTS) or found[2] != "batch":
        raise _Refusal("its header does not begin with Model, Setting, Batch")
    return found


def _checked_device(headers: list[str]) -> None:
    if tuple(headers[:3]) != _DEVICE_NAMES:
        raise _Refusal("its header does not begin with Model, Setting, Batch")
    if twice := sorted({header for header in headers if headers.count(header) > 1}):
        raise _Refusal(f"its header has a column twice: {', '.join(twice)}")


def _row(file: str, line: int, text: str, fields: Sequence[str], headers: Sequence[str]) -> PerfRow:
    cells, notes = _fitted(_cells(text), text, len(fields))
    figures: dict[str, Figure] = {}
    for field, header, cell in zip(fields[2:], headers[2:], cells[2:], strict=True):
        found = figure(cell)
        if found is None:
            raise _Refusal(f"{header} is {_cut(cell)!r}, which is no number")
        if found.value is None and field not in MAY_BE_UNKNOWN:
            raise _Refusal(f"{header} is {cell!r}: a perf file must state it")
        if found.value is not None and found.value < 0 and field != "compile_s":  # which noise may bring below 0
            raise _Refusal(f"{header} is {cell}, which is no measurement")
        figures[field] = found
    batch = figures["batch"].value
    if batch is None or batch < 1 or batch != int(batch):
        raise _Refusal(f"Batch is {figures['batch'].text!r}, which is no number of samples")
    if not cells[0]:
        raise _Refusal("Model is blank")
    row = PerfRow(file, line, cells[0], cells[1], figures, notes)
    if notes and len({one.field for one in disagreements(row)} & {"inference_s", "throughput"}) == 2:
        raise _Refusal(f"it has more values than columns, and they fit under none of them: {_cut(text)}")
    return row


def _fitted(cells: list[str], text: str, columns: int) -> tuple[list[str], tuple[str, ...]]:
    """The cells under their headers: a comma inside Setting, which the format does not quote, shifts the others."""
    while len(cells) > columns and not cells[-1]:  # a comma at the end of the line
        del cells[-1]
    extra = len(cells) - columns
    if extra == 0:
        return cells, ()
    refusal = _Refusal(f"it has {len(cells)} values for {columns} columns")
    plain = text.split(",")[: len(cells)]
    if extra < 0 or [cell.strip() for cell in plain] != cells:
        raise refusal
    if not all(figure(cell) for cell in cells[2 + extra :]):
        raise refusal
    # Whatever lies between the first value and the numbers is the setting, commas and blanks as they were.
    setting = ",".join(plain[1 : 2 + extra]).strip()
    fitted = [cells[0], setting, *cells[2 + extra :]]
    return fitted, (
        f"Setting has a comma in it ({_cut(setting)!r}): the values behind it are moved into their columns",
    )


def _device_file(
    name: str, headers: list[str], lines: Sequence[tuple[int, str]], branch: str | None, commit: str | None
) -> PerfFile:
    taken = [_taken(name, number, line, partial(_device_row, headers=headers)) for number, line in lines[1:]]
    rows = tuple(one for one in taken if isinstance(one, DeviceRow))
    return PerfFile((), rows, (*_refused(taken), *_no_values(name, lines)), branch, commit, tuple(headers))


def _device_row(file: str, line: int, text: str, headers: Sequence[str]) -> DeviceRow:
    cells, _ = _fitted(_cells(text), text, len(headers))
    for header, cell in zip(headers[2:], cells[2:], strict=True):
        if figure(cell) is None:
            raise _Refusal(f"{header} is {_cut(cell)!r}, which is no number")
    return DeviceRow(file, line, dict(zip(headers, cells, strict=True)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAMED else f"{text[: _LONGEST_NAMED - 1]}…"
