"""Ops CSVs as text files: encodings, separators, stray bytes."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, TextIO

from perfsheet.capture.notes import Note, rows
from perfsheet.capture.other_files import is_ops_header, is_realtime_header, other_file_error
from perfsheet.capture.records import ByteBlocks, Record, Records, has_lines
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.light_dataclass import dataclass

_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BOM_AS_LATIN_1 = "\ufeff\xef\xbb\xbf"
_HEAD_BYTES = 1 << 12
_PIECE = 1 << 20
# ATTRIBUTES cells of a megabyte exist; csv's own limit is 128 KiB.
_LARGEST_CELL = 1 << 26
_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = "sep="
"""Excel writes the separator into a line of its own before the header: `sep=;`."""
_BLANK = "".join(_DELIMITERS) + _BOM_AS_LATIN_1 + ' \r\n"'
_MAX_LINES_BEFORE = 20
_LONGEST_LINE = 16 << 20
"""Bytes. A line is read as a whole, and its cells and several copies of it have to have room in memory."""
_SHIFTED_NEWLINE = "\u0a00"
"""What a line break of UTF-16 reads as behind half a character; no other text has it."""
_MIN_ARROW_BYTES = 8 << 20
"""Files from this size on are read with Arrow: below it, importing Arrow costs more than it saves."""
_MIN_BYTES_WITH_ARROW = 1 << 20
"""The same where it is imported already, as in a history."""


@dataclass(frozen=True)
class _Scan:
    """Facts about a file that need a look at all of its bytes."""

    utf8: bool
    nul: bool
    quoted: bool
    ends_in_newline: bool


def csv_records(label: str, stream: BinaryIO, so_far: Sequence[Note] = (), in_blocks: bool = True) -> Records:
    """The records of a delimited text file; `so_far` are notes about the file that come first.

    `in_blocks`: of a long file only the beginning is looked at, if it is one whose records may be read in blocks.
    Raises PerfsheetError (exit status 3) when it is not an ops CSV.
    """
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if not head.strip():
        raise unusable(f"{label} is empty", "run the profiler again and look at its log")
    encoding = _encoding(head)
    wide = encoding.startswith("utf-16")
    if not wide and b"\0" in head and b"OP CODE" not in head.replace(b"\0", b""):
        raise unusable(f"{label} is a binary file, not an ops CSV", "give the ops_perf_results_*.csv")
    notes = list(so_far)
    in_blocks = in_blocks and not wide and _is_long(stream)
    scan = _scan(label, stream, encoding, only_the_first=in_blocks)
    if in_blocks and (scan.nul or not scan.utf8):
        in_blocks, scan = False, _scan(label, stream, encoding)
    if not wide and not scan.utf8:
        encoding = "latin-1"
        notes.append(Note("not-utf8", f"{label} is not UTF-8: read as Latin-1, so names may look wrong", 1))
    # Only UTF-16 can still have invalid bytes: half a character, where the file was cut.
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    csv.field_size_limit(_LARGEST_CELL)
    before, first_line, delimiter = _preamble(iter(partial(text.readline, _PIECE), "") if in_blocks else text)
    notes += _lines_before_header(label, before)
    text.seek(0)
    lines = _without_nul(text, label, notes) if scan.nul else _not_too_long(text, label) if in_blocks else iter(text)
    for _ in before:
        next(lines)
    reader = _Reader(label, lines, delimiter, len(before))
    records = iter(reader)
    headers = next(records, [])
    headers[:1] = [header.lstrip(_BOM_AS_LATIN_1) for header in headers[:1]]

    def again() -> Records:
        text.detach()
        stream.seek(0)
        return csv_records(label, stream, so_far, in_blocks=False)

    blocks = None
    if in_blocks:
        mark = len(head) - len(head.removeprefix(_ENCODINGS[0][0]))
        start = mark + sum(len(line.encode()) for line in (*before, first_line))
        if not _is_header(headers) or reader.lines > 1 or start > _PIECE or delimiter not in _DELIMITERS:
            return again()
        blocks = ByteBlocks(stream, text, start, delimiter, again)
    if not _is_header(headers):
        raise other_file_error(label, headers, first_line)
    if any(has_lines(header) and delimiter in header for header in headers):
        where = f"{label}, line {len(before) + 1}"
        raise unusable(f"{where}: the header opens a quote, which takes rows with it", "remove the quote")
    return Records(
        headers,
        records,
        notes,
        scan.ends_in_newline,
        first_row=2 + len(before),
        delimiter=delimiter,
        quoted=scan.quoted or in_blocks,
        blocks=blocks,
    )


def _is_long(stream: BinaryIO) -> bool:
    """Whether a file is one for Arrow."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    least = min(_MIN_ARROW_BYTES, _MIN_BYTES_WITH_ARROW) if "pyarrow" in sys.modules else _MIN_ARROW_BYTES
    return size >= least


def _not_too_long(text: TextIO, label: str) -> Iterator[str]:
    """The lines. Raises PerfsheetError (exit status 3) at one that would fill the memory."""
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise _too_long(label)
        yield line


def _too_long(label: str) -> PerfsheetError:
    return unusable(f"{label} has a line of more than {_LONGEST_LINE >> 20} MiB", "look at what wrote it")


def _is_header(headers: Record) -> bool:
    return is_ops_header(headers) or is_realtime_header(headers)


def _encoding(head: bytes) -> str:
    """The encoding by the byte-order mark, or by the zeros between the letters of a UTF-16 file without one."""
    for mark, name in _ENCODINGS:
        if head.startswith(mark):
            return name
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[offset::2].count(0), head[1 - offset :: 2].count(0)
        if zeros > len(head) // 4 and not others:
            return name
    return "utf-8"


def _scan(label: str, stream: BinaryIO, encoding: str, only_the_first: bool = False) -> _Scan:
    """Look at all bytes before reading, or at the first million: once records are read, another encoding is too late.

    Raises PerfsheetError (exit status 3) for a line that would fill the memory.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, nul, quoted, last = not encoding.startswith("utf-16"), False, False, b""
    without_end, wide = 0, ""
    while piece := stream.read(_PIECE):
        if not encoding.startswith("utf-8"):
            wide = wide or ("utf-16-be" if encoding.endswith("be") or piece.startswith(b"\xfe\xff") else "utf-16-le")
            if _SHIFTED_NEWLINE in piece.decode(wide, "replace"):
                raise unusable(f"{label} is UTF-16 with a byte too many or too few", "copy it again from its source")
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        without_end = without_end + len(piece) if end < 0 else len(piece) - end
        if without_end > _LONGEST_LINE:
            raise _too_long(label)
        # isascii is thirty times as fast as the decoder, which may still hold half a character.
        if utf8 and not (piece.isascii() and not decoder.getstate()[0]):
            utf8 = _decodes(decoder, piece)
        nul = nul or b"\0" in piece
        quoted = quoted or b'"' in piece
        # NUL bytes at the end are from a failed copy, or half of a UTF-16 character.
        last = piece.rstrip(b"\0")[-1:] or last
        if only_the_first:
            break
    else:
        utf8 = utf8 and _decodes(decoder, b"", final=True)
    stream.seek(0)
    return _Scan(utf8, nul, quoted, last in b"\r\n")


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _preamble(lines: Iterable[str]) -> tuple[list[str], str, str]:
    """The lines before the header (blank ones, Excel's `sep=;`, titles), the header's first line, and the separator."""
    head: list[str] = []
    for line in islice(lines, _MAX_LINES_BEFORE + 1):
        head.append(line)
        if sum(map(len, head)) > _LONGEST_LINE:
            break
    stated = ""
    for index, line in enumerate(head):
        plain = line.lstrip(_BOM_AS_LATIN_1)
        if plain.lower().startswith(_SEP_LINE) and len(plain.strip()) == len(_SEP_LINE) + 1:
            stated = plain[len(_SEP_LINE)]
        for delimiter in filter(None, (stated, _likely_delimiter(plain))):
            if _is_header(next(csv.reader([plain.replace("\0", "")], delimiter=delimiter), [])):
                return head[:index], plain, delimiter
    first = (head[0] if head else "").lstrip(_BOM_AS_LATIN_1)
    return [], first, _likely_delimiter(first)


def _likely_delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _lines_before_header(label: str, before: Sequence[str]) -> Iterator[Note]:
    """A note about lines of text before the header, which are not read."""
    texts = [line for line in before if not line.lower().startswith(_SEP_LINE) and line.strip(_BLANK)]
    if texts:
        text = f"{label}: {rows(len(texts), 'line')} before the header left out; the first: {texts[0].strip()[:60]!r}"
        yield Note("lines-before-header", text, len(texts))


def _without_nul(text: TextIO, label: str, notes: list[Note]) -> Iterator[str]:
    """The lines without NUL bytes, which failed copies leave and csv of Python 3.10 refuses."""
    count = 0
    for line in text:
        count += line.count("\0")
        yield line.replace("\0", "")
    if count:
        notes.append(Note("nul-bytes", f"{label}: {rows(count, 'NUL byte')} ignored", count))


class _Reader:
    """Records as csv.reader reads them; lines without a quote, which nearly all are, are split in half the time."""

    def __init__(self, label: str, lines: Iterator[str], delimiter: str, before: int) -> None:
        self._label, self._rest, self._delimiter = label, lines, delimiter
        self._before = before
        self.lines = 0

    def __iter__(self) -> Iterator[Record]:
        lines, delimiter = self._rest, self._delimiter
        for line in lines:
            if '"' in line:
                yield self._quoted(line)
            else:
                self.lines += 1
                cells = line.split(delimiter)
                cells[-1] = cells[-1].rstrip("\r\n")  # a line without its end would be another copy of it
                yield cells if cells[-1] or len(cells) > 1 else []

    def _quoted(self, line: str) -> Record:
        """The record that begins with this line; csv.reader takes the further lines of its cells."""
        reader = csv.reader(chain((line,), self._rest), delimiter=self._delimiter)
        try:
            return next(reader)
        except csv.Error as error:
            where = f"{self._label}, line {self._before + self.lines + reader.line_num}"
            raise unusable(f"{where}: {error}", "look at that line: a quote may be open") from None
        finally:
            self.lines += reader.line_num
