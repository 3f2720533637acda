"""Open a capture file, whatever wraps it."""

from __future__ import annotations

import io
import sys
import zipfile
from typing import BinaryIO

from perfsheet.capture.delimited import csv_records
from perfsheet.capture.records import Records
from perfsheet.capture.sources import Source
from perfsheet.errors import unusable

_ZIP = b"PK\x03\x04"


def open_records(source: Source) -> Records:
    """The records of a capture file. Raises PerfsheetError (exit status 3) when it cannot be read as one."""
    try:
        stream = _open(source)
        magic = stream.read(len(_ZIP))
        stream.seek(0)
        if magic != _ZIP:
            return csv_records(source.label, stream)
        from perfsheet.capture.spreadsheet import workbook_records

        return workbook_records(source.label, stream)
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(f"{source.label} cannot be read: {reason}", "check the file and its rights") from None
    except zipfile.BadZipFile:
        raise unusable(f"{source.label} is a damaged workbook or zip file", "give the ops CSV itself") from None


def _open(source: Source) -> BinaryIO:
    stream: BinaryIO = sys.stdin.buffer if source.path is None else source.path.open("rb")
    # Readers look at a file's head and end before its records, so a pipe is taken whole.
    return stream if stream.seekable() and source.path is not None else io.BytesIO(stream.read())
