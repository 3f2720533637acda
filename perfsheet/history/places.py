"""Where a history is: a folder, or an address of an object store that Arrow knows (s3://, gs://, abfs://, hdfs://)."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyarrow import fs

from perfsheet.atomic_write import make_folder, replace
from perfsheet.errors import not_written, unusable
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import MASK

T = TypeVar("T")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether it is an address of an object store, and not a path."""
    return _ADDRESS.match(text) is not None


@dataclass(frozen=True, eq=False)
class Place:
    """A folder of some file system. `files` is Arrow's, `root` the folder in it; `address` is without credentials."""

    address: str
    files: fs.FileSystem
    root: str

    @property
    def folder(self) -> Path | None:
        """The folder of this machine; None = an object store."""
        return Path(self.root) if isinstance(self.files, fs.LocalFileSystem) else None

    def path(self, name: str) -> str:
        """The path of a file below it, for its file system."""
        return f"{self.root}/{name}"

    def names(self, below: str = "") -> list[tuple[str, int]]:
        """Name and size of the files below a folder of it, in order; none if that does not exist."""

        def listed() -> list[tuple[str, int]]:
            selector = fs.FileSelector(self.path(below).rstrip("/"), allow_not_found=True, recursive=True)
            found = self.files.get_file_info(selector)
            start = len(self.root) + 1
            return sorted((info.path[start:], info.size) for info in found if info.type == fs.FileType.File)

        return self.reading(listed)

    def read(self, name: str) -> pa.Buffer:
        """A file as a whole."""

        def whole() -> pa.Buffer:
            with self.files.open_input_file(self.path(name)) as file:
                return file.read_buffer()

        return self.reading(whole)

    def write(self, name: str, content: pa.Buffer) -> None:
        """Write a file, so that there is never half of it. Raises PerfsheetError (exit status 7)."""
        if self.folder is not None:
            place = Path(self.path(name))
            make_folder(place.parent, "give another store")
            replace(place, lambda sink: _write_all(sink, content))
            return
        try:
            # An object appears once its stream is closed, and what fails before leaves none.
            with self.files.open_output_stream(self.path(name)) as stream:
                stream.write(content)
        except OSError as error:
            raise not_written(f"{self.address}/{name} cannot be written: {_reason(error)}", "check access") from None

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that is gone already is no error."""
        for name in names:
            self._remove(name)

    def _remove(self, name: str) -> None:
        try:
            self.files.delete_file(self.path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise not_written(f"{self.address}/{name} cannot be removed: {_reason(error)}", "check access") from None

    def reading(self, work: Callable[[], T]) -> T:
        """What `work` reads. Raises PerfsheetError (exit status 3), and FileNotFoundError."""
        try:
            return work()
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException, UnicodeError) as error:
            raise unusable(f"{self.address} cannot be read: {_reason(error)}", "check the address and access") from None


def place_of(address: str) -> Place:
    """The place behind an address or a path. Raises PerfsheetError (exit status 3) if Arrow does not know its kind."""
    if not is_address(address):
        return Place(address, fs.LocalFileSystem(), os.path.abspath(address))  # noqa: PTH100 no link is followed
    plain = without_credentials(address).rstrip("/")
    try:
        files, root = fs.FileSystem.from_uri(address.rstrip("/"))
    except (pa.ArrowException, OSError, ValueError) as error:
        hint = "give a folder, or an address such as s3://bucket/folder"
        raise unusable(f"{plain}: {_reason(error)}", hint) from None
    if not root.strip("/"):
        raise unusable(f"{plain}: it names no folder", "give an address such as s3://bucket/folder")
    return Place(plain, files, root.rstrip("/"))


def without_credentials(address: str) -> str:
    """An address without user and password, and without its options (`?…`); a path as it is."""
    if not is_address(address):
        return address
    return re.sub(r"(?<=://)[^/@]*@", f"{MASK}@", address.partition("?")[0])


def files_behind(address: str) -> list[str]:
    """The addresses of the files behind that of a file or a folder, in order.

    Raises PerfsheetError (exit status 3) if there is none.
    """
    place = place_of(address)
    own = place.reading(lambda: place.files.get_file_info(place.root))
    if own.type == fs.FileType.File:
        return [address]
    plain, mark, options = address.partition("?")
    found = [f"{plain.rstrip('/')}/{name}{mark}{options}" for name, _ in place.names()]
    if not found:
        raise unusable(f"{place.address}: nothing is there", "check the address and access")
    return found


def fetch(address: str, folder: Path) -> Path:
    """Copy a file to a folder of this machine, under its own name. Raises PerfsheetError (exit status 3)."""
    place = place_of(address)
    copy = folder / place.root.rpartition("/")[2]
    try:
        with place.reading(lambda: place.files.open_input_stream(place.root)) as source, copy.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    except FileNotFoundError:
        raise unusable(f"{place.address}: no such file", "check the address") from None
    return copy


def _write_all(sink: io.FileIO, content: pa.Buffer) -> None:
    left = memoryview(content)
    while left:  # a call writes two gigabytes at most
        left = left[sink.write(left) :]


def _reason(error: BaseException) -> str:
    """What a file system says, in one line."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return text[:300] or type(error).__name__
