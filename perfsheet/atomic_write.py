"""Writing files atomically: whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import PerfsheetError, not_written

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Sink(io.FileIO):
    """A file that silently discards everything once writing has failed.

    The zip file around it is closed again when it is garbage-collected, and must not raise a second time.
    """

    failed = False
    _pretended = 0
    """The position without the failure: the zip file computes sizes from it."""

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
    """Let `write` fill a file beside `path`, then rename it to `path`, so that there is never half a file.

    Raises PerfsheetError (exit status 7), and leaves an existing `path` as it was, when the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _Sink(partial, "w") as sink:
            try:
                write(sink)
                os.fsync(sink.fileno())  # a network file system may report only now that it is full
            except BaseException:
                sink.failed = True
                raise
        partial.replace(path)
    except PermissionError:
        raise (
            locked(path)
            if path.exists()
            else not_written(f"{path.parent} is not writable", "choose another folder with -o")
        ) from None
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "free space, or use -o") from None
    finally:
        with contextlib.suppress(OSError):  # a read-only folder has nothing to remove
            partial.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """The same for text, in UTF-8."""

    def write(sink: io.FileIO) -> None:
        sink.write(text.encode("utf-8"))

    replace(path, write)


def append_text(path: Path, text: str) -> None:
    """Append text, in UTF-8, to a file. Raises PerfsheetError (exit status 7)."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "choose another file") from None


def locked(path: Path) -> PerfsheetError:
    """The error for a workbook that is open in Excel or read-only."""
    return not_written(f"{path} cannot be replaced: it is open in Excel or read-only", "close it, or use -o")


def make_folder(folder: Path, hint: str = "choose another folder with -o") -> Path:
    """Make the folder and its parents if they do not exist. Raises PerfsheetError (exit status 7)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(f"{folder} cannot be created: {error.strerror}", hint) from None
    return folder
