"""Ops CSVs as text: dialects, encodings, stray bytes."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from perfsheet.capture import foreign
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Bulk, Record, Records
from perfsheet.errors import unusable

_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BOM_AS_LATIN_1 = "\ufeff\xef\xbb\xbf"
_HEAD_BYTES = 1 << 12
_PIECE = 1 << 20
# ATTRIBUTES cells of a megabyte exist; csv's own limit is 128 KiB.
_LARGEST_CELL = 1 << 28
_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = "sep="
"""Excel's hint at the separator, as a line of its own before the header."""
_WORTH_BULK = 8 << 20
"""Bytes from which on reading by blocks wins more than loading its library costs."""


@dataclass(frozen=True)
class _Scan:
    """What one look at all bytes of a file tells."""

    utf8: bool
    nul: bool
    quoted: bool
    ends_in_newline: bool
    size: int


def csv_records(label: str, stream: BinaryIO) -> Records:
    """The records of a delimited text file. Raises PerfsheetError (exit status 3) when it is not an ops CSV."""
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if not head.strip():
        raise unusable(f"{label} is empty", "run the profiler again, and look at its log")
    encoding = _encoding(head)
    wide = encoding.startswith("utf-16")
    if not wide and b"\0" in head and b"OP CODE" not in head.replace(b"\0", b""):
        raise unusable(f"{label} is a binary file, not an ops CSV", "give the ops_perf_results_*.csv")
    notes: list[Note] = []
    scan = _scan(stream, encoding)
    if not wide and not scan.utf8:
        encoding = "latin-1"
        notes.append(Note("not-utf8", f"{label} is not UTF-8: read as Latin-1, names may look odd", 1))
    # Only UTF-16 can still hold what is no character: half of one, where a file was cut.
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    before, first_line, delimiter = _preamble(text)
    text.seek(0)
    csv.field_size_limit(_LARGEST_CELL)
    lines = _without_nul(text, label, notes) if scan.nul else iter(text)
    for _ in before:
        next(lines)
    reader = csv.reader(lines, delimiter=delimiter)
    records = _records(label, reader, lambda: reader.line_num + len(before))
    headers = next(records, [])
    headers[:1] = [header.lstrip(_BOM_AS_LATIN_1) for header in headers[:1]]
    if not foreign.is_ops_header(headers):
        raise foreign.refuse(label, headers, first_line)
    bulk = None
    if scan.utf8 and not wide and not scan.nul and scan.size >= _WORTH_BULK and reader.line_num == 1:
        mark = len(head) - len(head.removeprefix(_ENCODINGS[0][0]))
        start = mark + sum(len(line.encode()) for line in (*before, first_line))
        bulk = Bulk(stream, start, delimiter, scan.quoted)
    return Records(
        headers,
        records,
        notes,
        scan.ends_in_newline,
        first_row=2 + len(before),
        delimiter=delimiter,
        quoted=scan.quoted,
        bulk=bulk,
    )


def _encoding(head: bytes) -> str:
    """By the mark at its beginning, or by the zeros between the letters of a UTF-16 file without one."""
    for mark, name in _ENCODINGS:
        if head.startswith(mark):
            return name
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[offset::2].count(0), head[1 - offset :: 2].count(0)
        if zeros > len(head) // 4 and not others:
            return name
    return "utf-8"


def _scan(stream: BinaryIO, encoding: str) -> _Scan:
    """Look at all bytes once, before anything is read: a fallback chosen midway would come too late."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, nul, quoted, last = not encoding.startswith("utf-16"), False, False, b""
    while piece := stream.read(_PIECE):
        # The decoder does 1 GB/s, isascii thirty times that; half a character may wait in the decoder.
        if utf8 and not (piece.isascii() and not decoder.getstate()[0]):
            utf8 = _decodes(decoder, piece)
        nul = nul or b"\0" in piece
        quoted = quoted or b'"' in piece
        # NUL bytes at the end are what a copy that failed leaves, or half of a UTF-16 character.
        last = piece.rstrip(b"\0")[-1:] or last
    size = stream.tell()
    stream.seek(0)
    return _Scan(utf8 and _decodes(decoder, b"", final=True), nul, quoted, last in b"\r\n", size)


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _preamble(text: TextIO) -> tuple[list[str], str, str]:
    """The lines before the header (blank ones, Excel's `sep=;`), the header's first line, and the separator."""
    before: list[str] = []
    stated = ""
    while line := text.readline():
        word = line.lstrip(_BOM_AS_LATIN_1).strip().lower()
        if word.startswith(_SEP_LINE) and len(word) <= len(_SEP_LINE) + 1:
            stated = line.lstrip(_BOM_AS_LATIN_1).strip("\r\n")[len(_SEP_LINE) :]
        elif word.strip("".join(_DELIMITERS)):
            break
        before.append(line)
    first_line = line.lstrip(_BOM_AS_LATIN_1)
    return before, first_line, stated or max(_DELIMITERS, key=first_line.count)


def _without_nul(text: TextIO, label: str, notes: list[Note]) -> Iterator[str]:
    """NUL bytes come from copies that failed; csv of Python 3.10 refuses them."""
    count = 0
    for line in text:
        count += line.count("\0")
        yield line.replace("\0", "")
    if count:
        notes.append(Note("nul-bytes", f"{label}: {rows(count, 'NUL byte')} ignored", count))


def _records(label: str, reader: Iterator[Record], line_number: Callable[[], int]) -> Iterator[Record]:
    try:
        yield from reader
    except csv.Error as error:
        raise unusable(f"{label}, line {line_number()}: {error}", "look at that line; a quote may be open") from None
