"""Ops CSVs that are compressed or in a zip archive."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from perfsheet.capture.notes import Note
from perfsheet.errors import unusable

_PIECE = 1 << 20
_OPENERS: dict[bytes, Callable[..., object]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_ALWAYS_ALLOWED, _MAX_RATIO = 256 << 20, 500
"""Bytes that any file may decompress to; a larger result may have this many times the compressed size."""
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, ValueError)


class _Decompressor(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...
    def __enter__(self) -> _Decompressor: ...
    def __exit__(self, *_: object) -> bool | None: ...


def beginning(path: Path, count: int) -> bytes:
    """The first bytes of a file, of one that ends in `.gz` those in it; none where it cannot be read."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            return bytes(stream.read(count))
    except (OSError, EOFError, zlib.error):
        return b""


def decompress(label: str, stream: BinaryIO, files: ExitStack, notes: list[Note]) -> BinaryIO | None:
    """The ops CSV in a compressed file or zip archive, None for a workbook. Of a damaged file, what can be read.

    Raises PerfsheetError (exit status 3) when there is no ops CSV in it, or several.
    """
    head, size = stream.read(8), stream.seek(0, io.SEEK_END)
    stream.seek(0)
    opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
    if opener is not None:
        return _decompressed(label, files.enter_context(cast(_Decompressor, opener(stream, "rb"))), size, files, notes)
    try:
        archive = files.enter_context(zipfile.ZipFile(stream))
        if "[Content_Types].xml" not in archive.namelist():
            return _ops_csv_of(label, archive, files, notes)
        _refuse_bomb(label, archive)
    except zipfile.BadZipFile:
        raise unusable(f"{label} is a damaged workbook or zip archive", "give the ops CSV itself") from None
    stream.seek(0)
    return None


def _refuse_bomb(label: str, archive: zipfile.ZipFile) -> None:
    """Refuse a workbook with parts that no program writes. Raises PerfsheetError (exit status 3)."""
    for part in archive.infolist():
        # Sheets are read row by row, other parts (the texts of all cells, styles) as a whole.
        most = (
            max(_ALWAYS_ALLOWED, _MAX_RATIO * part.compress_size) if "worksheets/" in part.filename else _ALWAYS_ALLOWED
        )
        if part.file_size > most:
            raise unusable(
                f"{label} is a workbook with a part of {part.file_size / 1e6:,.0f} MB ({part.filename[:60]!r})",
                "give the ops CSV itself",
            )


def _ops_csv_of(label: str, archive: zipfile.ZipFile, files: ExitStack, notes: list[Note]) -> BinaryIO:
    """The one ops CSV in a zip archive. Raises PerfsheetError (exit status 3) when there is none, or several."""
    names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
    tables = [name for name in names if name.lower().endswith(".csv")]
    reports = [name for name in tables if PurePosixPath(name).name.startswith("ops_perf_results")] or tables
    if len(reports) != 1:
        listed = ", ".join(repr(name[:60]) for name in (reports or names)[:4]) or "empty"
        content = f"{len(reports)} files that may be the ops CSV" if reports else "no CSV"
        raise unusable(
            f"{label} is a zip archive with {content} ({listed})", "unpack it and give the ops_perf_results_*.csv"
        )
    try:
        member, size = archive.open(reports[0]), archive.getinfo(reports[0]).compress_size
    except (RuntimeError, NotImplementedError) as error:  # a password, a method that zipfile lacks
        raise unusable(f"{label}: {reports[0][:60]!r} cannot be unpacked: {error}", "unpack it yourself") from None
    return _decompressed(label, files.enter_context(cast(_Decompressor, member)), size, files, notes)


def copy_to_file(stream: BinaryIO, files: ExitStack) -> BinaryIO:
    """A pipe copied to a temporary file, in which the reader can seek."""
    copy = _temporary_file(files)
    shutil.copyfileobj(stream, copy, _PIECE)
    copy.seek(0)
    return copy


def _temporary_file(files: ExitStack) -> BinaryIO:
    return cast(BinaryIO, files.enter_context(tempfile.TemporaryFile()))


def _decompressed(label: str, compressed: _Decompressor, size: int, files: ExitStack, notes: list[Note]) -> BinaryIO:
    copy = _temporary_file(files)
    try:
        while piece := compressed.read1(_PIECE):  # read() would lose the data before the damage
            copy.write(piece)
            if copy.tell() > max(_ALWAYS_ALLOWED, _MAX_RATIO * size):
                raise unusable(
                    f"{label} decompresses to more than {_MAX_RATIO} times its size, which no capture does",
                    "decompress it yourself and look at it",
                )
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # a problem of the disk, not of the data
        reason = str(error) or type(error).__name__
        if not copy.tell():
            raise unusable(f"{label} is compressed and damaged: {reason}", "compress it again") from None
        text = f"{label}: compressed data are damaged ({reason}): only the first {copy.tell():,} bytes of text are read"
        notes.append(Note("compressed-cut", text, 1, loses=True))
    copy.seek(0)
    if copy.read(8).startswith(tuple(_OPENERS)):
        raise unusable(f"{label} is compressed twice", "decompress it once")
    copy.seek(0)
    return copy
