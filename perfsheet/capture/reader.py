"""Read captures: one file, or the files of several hosts, become one ops table."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perfsheet.capture.build import FileColumns, build_columns
from perfsheet.capture.delimited import csv_records
from perfsheet.capture.devices import unique_devices
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.order import restored
from perfsheet.capture.records import Records
from perfsheet.capture.schema import REALTIME, generation
from perfsheet.capture.sources import Source, locate
from perfsheet.capture.table import FloatArray, OpsTable, RowKind, content_key
from perfsheet.capture.texts import Texts, TextsBuilder
from perfsheet.capture.zones import refuse_other_units, removed_rows
from perfsheet.errors import unusable, usage

if TYPE_CHECKING:
    from perfsheet.capture.planned import PlanHead

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""The first bytes of zip archives (workbooks among them), gzip, bzip2 and xz."""

PLAN = "plan"
"""The schema of a plan."""
_PLAN_START = re.compile(rb'\s*\{\s*"perfsheet_plan"')
"""What every plan begins with, also one that was formatted anew."""
_START_BYTES = 64
_KINDS = {
    "tt_dnn_device": RowKind.DEVICE,
    "tt_dnn_cpu": RowKind.HOST,
    "python_fallback": RowKind.PYTHON_FALLBACK,
    "signpost": RowKind.SIGNPOST,
}


def read(inputs: Sequence[str | Path] | str | Path = (), only: frozenset[str] | None = None) -> OpsTable:
    """Read an ops CSV, or several of one run, into one table.

    `inputs`: paths of CSV or .xlsx files, of folders (their newest report), or "-"; without one, the newest report of
    the profiler is read. `only`: the canonical names of the columns to keep, for speed.

    Raises PerfsheetError: exit status 3 for a file that cannot be read or is not an ops CSV, 2 for one given twice.
    """
    return read_sources(locate([inputs] if isinstance(inputs, str | Path) else inputs), only)


def read_sources(sources: list[Source], only: frozenset[str] | None = None) -> OpsTable:
    """Read the captures that `locate` returned, as `read` does."""
    parts: list[FileColumns] = []
    schemas: list[str] = []
    for source in sources:
        part, schema = _columns(source, only)
        if schema == REALTIME:
            from perfsheet.capture.realtime import complete

            complete(part, source.path, lambda path: _columns(Source(str(path), path), only)[0])
        schemas.append(schema)
        parts.append(part)
    _refuse_copies(parts)
    table = restored(_merge(sources, parts, "+".join(dict.fromkeys(schemas))))
    refuse_other_units(table)
    removed = tuple(removed_rows(table))
    return replace(table, notes=(*table.notes, *removed)) if removed else table


def _refuse_copies(parts: list[FileColumns]) -> None:
    """Refuse a capture that is given twice under two names: no two captures have the same cycles and durations."""
    seen: dict[object, str] = {}
    for part in parts if len(parts) > 1 else ():
        key = content_key(part.numbers)
        if key is not None and key in seen:
            raise usage(f"{part.label} is the same capture as {seen[key]}", "name each capture once")
        seen[key] = part.label


def _columns(source: Source, only: frozenset[str] | None) -> tuple[FileColumns, str]:
    if _is_plan(source):
        from perfsheet.capture.planned import read_plan

        assert source.path is not None
        return read_plan(source.label, source.path, only), PLAN
    with _open_records(source) as records:
        return build_columns(source.label, records, only), generation(records.headers)


def _is_plan(source: Source) -> bool:
    """Whether a file is a plan; pipes and the like are captures."""
    try:
        if source.path is None or not source.path.is_file():
            return False
        return is_plan(source.path)
    except OSError:  # said when it is read
        return False


def is_plan(path: Path) -> bool:
    """Whether a regular file is a plan. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return _PLAN_START.match(file.read(_START_BYTES)) is not None


@contextmanager
def _open_records(source: Source) -> Iterator[Records]:
    """The records of a capture file. Raises PerfsheetError (exit status 3) when it cannot be read as one."""
    try:
        with ExitStack() as files:
            yield _records(source, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(f"{source.label} cannot be read: {reason}", "check the file and its permissions") from None


def _records(source: Source, files: ExitStack) -> Records:
    stream = sys.stdin.buffer if source.path is None else files.enter_context(source.path.open("rb"))
    if source.path is None or not stream.seekable():
        from perfsheet.capture.compressed import copy_to_file

        stream = copy_to_file(stream, files)
    notes: list[Note] = []
    magic = stream.read(max(map(len, _ARCHIVES)))
    stream.seek(0)
    if magic.startswith(_ARCHIVES):
        from perfsheet.capture.compressed import decompress

        decompressed = decompress(source.label, stream, files, notes)
        if decompressed is None:
            from perfsheet.capture.spreadsheet import workbook_records

            return workbook_records(source.label, stream)
        stream = decompressed
    if _PLAN_START.match(stream.read(_START_BYTES)):
        raise unusable(f"{source.label} is a plan, which is read from a file of its own", "save it, not compressed")
    stream.seek(0)
    return csv_records(source.label, stream, notes)


def _merge(sources: list[Source], parts: list[FileColumns], schema: str) -> OpsTable:
    notes = [note for part in parts for note in part.notes]
    lengths = [len(part.row) for part in parts]
    kinds = [_row_kinds(part, notes) for part in parts]
    return OpsTable(
        files=tuple(source.label for source in sources),
        file=np.repeat(np.arange(len(parts)), lengths),
        row=np.concatenate([part.row for part in parts]),
        kind=np.concatenate(kinds),
        device=np.concatenate(unique_devices(parts, kinds, notes)),
        numbers={name: _joined_numbers(parts, name) for part in parts for name in part.numbers},
        texts={name: _joined_texts(parts, name) for part in parts for name in part.texts},
        headers={name: header for part in reversed(parts) for name, header in part.headers.items()}
        if len(parts) > 1
        else parts[0].headers,
        notes=tuple(notes),
        schema=schema,
        plan=_plan(parts),
    )


def _plan(parts: list[FileColumns]) -> PlanHead | None:
    """The plan, which stands alone. Raises PerfsheetError (exit status 2) where it does not."""
    plans = [part for part in parts if part.plan is not None]
    if plans and len(parts) > 1:
        raise usage(f"{plans[0].label} is a plan, and stands alone", "compare it with a capture: perfsheet compare")
    return plans[0].plan if plans else None


def _joined_numbers(parts: list[FileColumns], name: str) -> FloatArray:
    if len(parts) == 1:
        return parts[0].numbers[name]
    return np.concatenate([part.numbers.get(name, np.full(len(part.row), np.nan)) for part in parts])


def _joined_texts(parts: list[FileColumns], name: str) -> Texts:
    if len(parts) == 1:
        return parts[0].texts[name]
    joined = TextsBuilder()
    for part in parts:
        joined.extend_column(part.texts.get(name, Texts.blank(len(part.row))))
    return joined.built()


def _row_kinds(part: FileColumns, notes: list[Note]) -> npt.NDArray[np.int8]:
    """Row kinds by OP TYPE; where that is missing or unknown, a row with device times is a device row."""
    count = len(part.row)
    blank = np.full(count, np.nan)
    has_device_times = np.isfinite(part.numbers.get("kernel_duration_ns", blank)) | np.isfinite(
        part.numbers.get("fw_start_cycle", blank)
    )
    guess = np.where(has_device_times, RowKind.DEVICE, RowKind.HOST).astype(np.int8)
    types = part.texts.get("op_type")
    if types is None:
        notes.append(
            Note("no-op-type", f"{part.label} has no OP TYPE column: rows with device times count as device ops", count)
        )
        return guess
    kind_of = {text: _KINDS.get(text.strip().lower()) for text in types.present()}
    unknown = types.where(lambda text: kind_of.get(text, RowKind.HOST) is None)
    kinds = np.array([kind_of.get(text) or RowKind.DEVICE for text in types.values], dtype=np.int8)[types.codes]
    if not unknown.any():
        return kinds
    number = int(unknown.sum())
    notes.append(
        Note(
            "unknown-op-type",
            f"{part.label}: {rows(number)} with a blank or unknown OP TYPE: device ops if they have device times",
            number,
        )
    )
    return np.where(unknown, guess, kinds)
