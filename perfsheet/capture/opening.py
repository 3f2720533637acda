"""Open a capture file, whatever wraps it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from perfsheet.capture.delimited import csv_records
from perfsheet.capture.notes import Note
from perfsheet.capture.records import Records
from perfsheet.capture.sources import Source
from perfsheet.errors import unusable

_WRAPPED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""How zip files (workbooks among them), gzip, bzip2 and xz begin."""


@contextmanager
def open_records(source: Source) -> Iterator[Records]:
    """The records of a capture file. Raises PerfsheetError (exit status 3) when it cannot be read as one."""
    try:
        with ExitStack() as files:
            yield _records(source, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(f"{source.label} cannot be read: {reason}", "check the file and its rights") from None


def _records(source: Source, files: ExitStack) -> Records:
    given = sys.stdin.buffer if source.path is None else files.enter_context(source.path.open("rb"))
    if source.path is None or not given.seekable():
        from perfsheet.capture.packed import copied

        given = copied(given, files)
    notes: list[Note] = []
    magic = given.read(max(map(len, _WRAPPED)))
    given.seek(0)
    if magic.startswith(_WRAPPED):
        from perfsheet.capture.packed import unwrapped

        stream = unwrapped(source.label, given, files, notes)
        if stream is None:
            from perfsheet.capture.spreadsheet import workbook_records

            return workbook_records(source.label, given)
        given = stream
    records = csv_records(source.label, given)
    records.notes[:0] = notes
    return records
