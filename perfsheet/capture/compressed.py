"""Ops CSVs that somebody compressed, or put into a zip file."""

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
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol, cast

from perfsheet.capture.notes import Note
from perfsheet.errors import PerfsheetError, unusable

_PIECE = 1 << 20
_OPENERS: dict[bytes, Callable[..., object]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_LARGE, _MOST_RATIO = 256 << 20, 500
"""Bytes up to which any file is unpacked, and times its size beyond: runs of one character are a thousand times."""
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, ValueError)


class _Unpacker(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...
    def __enter__(self) -> _Unpacker: ...
    def __exit__(self, *_: object) -> bool | None: ...


def unwrapped(label: str, stream: BinaryIO, files: ExitStack, notes: list[Note]) -> BinaryIO | None:
    """The ops CSV in a compressed or zip file, None for a workbook; of one that breaks off, as much as there is.

    Raises PerfsheetError (exit status 3) when there is none, or no telling which.
    """
    head, size = stream.read(8), stream.seek(0, io.SEEK_END)
    stream.seek(0)
    opener = next((opener for mark, opener in _OPENERS.items() if head.startswith(mark)), None)
    if opener is not None:
        return _unpacked(label, files.enter_context(cast(_Unpacker, opener(stream, "rb"))), size, files, notes)
    try:
        archive = files.enter_context(zipfile.ZipFile(stream))
        if "[Content_Types].xml" not in archive.namelist():
            return _member(label, archive, files, notes)
    except zipfile.BadZipFile:
        raise unusable(f"{label} is a damaged workbook or zip file", "give the ops CSV itself") from None
    stream.seek(0)
    return None


def _member(label: str, archive: zipfile.ZipFile, files: ExitStack, notes: list[Note]) -> BinaryIO:
    """The one ops CSV in a zip file. Raises PerfsheetError (exit status 3) when there is none, or no telling which."""
    names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
    tables = [name for name in names if name.lower().endswith(".csv")]
    reports = [name for name in tables if PurePosixPath(name).name.startswith("ops_perf_results")] or tables
    if len(reports) != 1:
        seen = ", ".join(repr(name[:60]) for name in (reports or names)[:4]) or "nothing"
        what = f"{len(reports)} files that may be the ops CSV" if reports else "no CSV"
        raise unusable(f"{label} is a zip file with {what} ({seen})", "unpack it, and give the ops_perf_results_*.csv")
    try:
        packed, size = archive.open(reports[0]), archive.getinfo(reports[0]).compress_size
    except (RuntimeError, NotImplementedError) as error:  # a password, a method that zipfile does not know
        raise unusable(f"{label}: {reports[0][:60]!r} cannot be unpacked: {error}", "unpack it yourself") from None
    return _unpacked(label, files.enter_context(cast(_Unpacker, packed)), size, files, notes)


def copied(stream: BinaryIO, files: ExitStack) -> BinaryIO:
    """A pipe as a temporary file, whose head and end can be looked at before its records."""
    copy = _temporary(files)
    shutil.copyfileobj(stream, copy, _PIECE)
    copy.seek(0)
    return copy


def _temporary(files: ExitStack) -> BinaryIO:
    return cast(BinaryIO, files.enter_context(tempfile.TemporaryFile()))


def _unpacked(label: str, packed: _Unpacker, size: int, files: ExitStack, notes: list[Note]) -> BinaryIO:
    copy = _temporary(files)
    try:
        while piece := packed.read1(_PIECE):  # read() would lose what came before a break
            copy.write(piece)
            if copy.tell() > max(_LARGE, _MOST_RATIO * size):
                what = f"{label} unpacks to more than {_MOST_RATIO} times its size, as no capture does"
                raise unusable(what, "unpack it yourself, and look at it")
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's trouble, not the data's
        if not copy.tell():
            raise _broken(label, error) from None
        reason = str(error) or type(error).__name__
        read = f"read as far as they go, {copy.tell():,} bytes of text"
        text = f"{label}: its compressed data are damaged ({reason}): {read}"
        notes.append(Note("compressed-cut", text, 1, loses=True))
    copy.seek(0)
    if copy.read(8).startswith(tuple(_OPENERS)):
        raise unusable(f"{label} is compressed twice", "decompress it once")
    copy.seek(0)
    return copy


def _broken(label: str, error: Exception) -> PerfsheetError:
    return unusable(f"{label} is compressed and damaged: {str(error) or type(error).__name__}", "compress it again")
