"""Open a capture file, whatever wraps it."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from perfsheet.capture import packed
from perfsheet.capture.delimited import csv_records
from perfsheet.capture.notes import Note
from perfsheet.capture.records import Records
from perfsheet.capture.sources import Source
from perfsheet.errors import unusable


@contextmanager
def open_records(source: Source) -> Iterator[Records]:
    """The records of a capture file. Raises PerfsheetError (exit status 3) when it cannot be read as one."""
    try:
        with ExitStack() as files:
            yield _records(source, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(f"{source.label} cannot be read: {reason}", "check the file and its rights") from None
    except zipfile.BadZipFile:
        raise unusable(f"{source.label} is a damaged workbook or zip file", "give the ops CSV itself") from None


def _records(source: Source, files: ExitStack) -> Records:
    notes: list[Note] = []
    stream = _seekable(sys.stdin.buffer if source.path is None else files.enter_context(source.path.open("rb")), files)
    magic = stream.read(packed.MAGIC)
    stream.seek(0)
    if magic.startswith(packed.ZIP):
        archive = files.enter_context(zipfile.ZipFile(stream))
        if packed.is_workbook(archive):
            from perfsheet.capture.spreadsheet import workbook_records

            stream.seek(0)
            return workbook_records(source.label, stream)
        stream = packed.member(source.label, archive, files, notes)
    elif packed.is_compressed(magic):
        stream = packed.unpacked(source.label, stream, magic, files, notes)
    records = csv_records(source.label, stream)
    records.notes[:0] = notes
    return records


def _seekable(stream: BinaryIO, files: ExitStack) -> BinaryIO:
    """A file whose head and end can be looked at before its records: a pipe goes to a temporary one first."""
    if stream is not sys.stdin.buffer and stream.seekable():
        return stream
    copy = packed.temporary(files)
    shutil.copyfileobj(stream, copy, 1 << 20)
    copy.seek(0)
    return copy
