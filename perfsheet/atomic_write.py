"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import not_written

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Sink(io.FileIO):
    """A file that, once writing has failed, takes all that comes without a word.

    The zip file around it is closed once more when it is thrown away, and must not complain a second time.
    """

    failed = False
    _pretended = 0
    """Where it would be by now: the zip file computes sizes from it."""

    def write(self, data: Buffer, /) -> int:
        view = memoryview(data).cast("B")
        if not self.failed:
            written = 0
            while written < len(view):
                written += super().write(view[written:]) or 0
        self._pretended += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if not self.failed:
            self._pretended = super().seek(offset, whence)
        elif whence != io.SEEK_END:
            self._pretended = offset + (self._pretended if whence == io.SEEK_CUR else 0)
        return self._pretended

    def tell(self) -> int:
        return self._pretended if self.failed else super().tell()

    def flush(self) -> None:
        if not self.failed:
            super().flush()


def replace(path: Path, write: Callable[[io.FileIO], None]) -> None:
    """Let `write` fill a file beside `path`, then put it in place in one step: never half a file.

    Raises PerfsheetError (exit status 7), and leaves what was at `path`, when the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _Sink(partial, "w") as sink:
            try:
                write(sink)
                os.fsync(sink.fileno())  # a network file system may say only now that it is full
            except BaseException:
                sink.failed = True
                raise
        partial.replace(path)
    except PermissionError:
        raise (
            open_in_excel(path)
            if path.exists()
            else not_written(f"{path.parent} is not writable", "give another place with -o")
        ) from None
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "free space, or use -o") from None
    finally:
        with contextlib.suppress(OSError):  # a folder that is read-only has nothing to remove
            partial.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """The same for a text, in UTF-8."""

    def write(sink: io.FileIO) -> None:
        sink.write(text.encode("utf-8"))

    replace(path, write)


def append_text(path: Path, text: str) -> None:
    """Add a text, in UTF-8, to what others have written to a file. Raises PerfsheetError (exit status 7)."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "give another file") from None


def open_in_excel(path: Path) -> Exception:
    """The error for a workbook that somebody has open."""
    return not_written(f"{path} cannot be replaced: it is open in Excel or read-only", "close it, or use -o")


def made(folder: Path, hint: str = "give another folder with -o") -> Path:
    """The folder, made with those above it where it was not there. Raises PerfsheetError (exit status 7)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(f"{folder} cannot be made: {error.strerror}", hint) from None
    return folder
