"""Ops CSVs as text: dialects, encodings, stray bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from perfsheet.capture import foreign
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Record, Records
from perfsheet.errors import unusable

_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BOM_AS_LATIN_1 = "\ufeff\xef\xbb\xbf"
_HEAD_BYTES = 1 << 12
_TAIL_BYTES = 1 << 16
# ATTRIBUTES cells of a megabyte exist; csv's own limit is 128 KiB.
_LARGEST_CELL = 1 << 28


def csv_records(label: str, stream: BinaryIO) -> Records:
    """The records of a delimited text file. Raises PerfsheetError (exit status 3) when it is not an ops CSV."""
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if not head.strip():
        raise unusable(f"{label} is empty", "run the profiler again, and look at its log")
    if head.startswith(b"\x1f\x8b"):
        raise unusable(f"{label} is gzip-compressed", "decompress it, or pipe it: gzip -dc FILE | perfsheet … -")
    encoding = next((name for mark, name in _ENCODINGS if head.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in head and b"OP CODE" not in head.replace(b"\0", b""):
        raise unusable(f"{label} is a binary file, not an ops CSV", "give the ops_perf_results_*.csv")
    notes: list[Note] = []
    if encoding != "utf-16" and not _is_utf8(stream):
        encoding = "latin-1"
        notes.append(Note("not-utf8", f"{label} is not UTF-8: read as Latin-1, names may look odd", 1))
    ends_in_newline = _ends_in_newline(stream)
    # Only UTF-16 can still hold what is no character: half of one, where a file was cut.
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    first_line = text.readline().lstrip(_BOM_AS_LATIN_1)
    text.seek(0)
    csv.field_size_limit(_LARGEST_CELL)
    delimiter = _delimiter(first_line)
    records = _records(label, text, delimiter, notes)
    headers = next(records, [])
    headers[:1] = [header.lstrip(_BOM_AS_LATIN_1) for header in headers[:1]]
    if not foreign.is_ops_header(headers):
        raise foreign.refuse(label, headers, first_line)
    # Where `;` separates the cells, a comma in a number is as likely a decimal point.
    return Records(headers, records, notes, ends_in_newline, grouped_numbers=delimiter != ";")


def _is_utf8(stream: BinaryIO) -> bool:
    """Decode the file once in pieces: the C decoder does 1 GB/s, and a fallback chosen midway would be too late."""
    decoder = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        while decoder.read(1 << 20):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        decoder.detach()
        stream.seek(0)
    return True


def _ends_in_newline(stream: BinaryIO) -> bool:
    """Whether the last row is whole; NUL bytes after it are what a copy that failed leaves, or half of a UTF-16 one."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _TAIL_BYTES))
    tail = stream.read().rstrip(b"\0")
    stream.seek(0)
    return tail.endswith((b"\n", b"\r")) or not tail


def _delimiter(first_line: str) -> str:
    return max((",", ";", "\t"), key=first_line.count)


def _records(label: str, text: TextIO, delimiter: str, notes: list[Note]) -> Iterator[Record]:
    nul_bytes = 0

    def lines() -> Iterator[str]:
        # NUL bytes come from copies that failed; csv of Python 3.10 refuses them.
        nonlocal nul_bytes
        for line in text:
            nul_bytes += line.count("\0")
            yield line.replace("\0", "")

    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        yield from reader
        if nul_bytes:
            notes.append(Note("nul-bytes", f"{label}: {rows(nul_bytes, 'NUL byte')} ignored", nul_bytes))
    except csv.Error as error:
        raise unusable(f"{label}, line {reader.line_num}: {error}", "look at that line; a quote may be open") from None
