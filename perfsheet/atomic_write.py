"""Writing files: whole or not at all, and never in place of anything but a file.

A file is written under a random name of its own beside its place, and renamed when it is complete. A device, a pipe, a
socket or a file that this process has open (/dev/stdout, /dev/fd/63) is written to.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import PerfsheetError, not_written

if TYPE_CHECKING:
    from typing_extensions import Buffer

PARTIAL_FILES = ".perfsheet-*.part"
"""The names of files that are being written; one that is hours old was left behind by a process that was killed."""

_OWN_FILE = re.compile(r"/(?:dev/fd|proc/self/fd)/(\d{1,9})")
_OWN_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_MOST_LINKS = 40
_HINTS = {
    errno.ENOSPC: "free space, or give another place",
    errno.EDQUOT: "free space of your quota, or give another place",
    errno.EROFS: "give a place that can be written",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EPIPE: "its reader has ended",
}


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

    @contextlib.contextmanager
    def filling(self) -> Iterator[None]:
        """Whatever fails inside ends the writing."""
        try:
            yield
        except BaseException:
            self.failed = True
            raise


def own_file(path: Path) -> int | None:
    """The number of the open file of this process that the path stands for, as /dev/stdout does; else None."""
    for _ in range(_MOST_LINKS):
        text = os.path.normpath(path.absolute())
        if text in _OWN_STREAMS:
            return _OWN_STREAMS[text]
        if match := _OWN_FILE.fullmatch(text):
            return int(match[1])
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def is_stream(path: Path) -> bool:
    """Whether the path is written to and not replaced: a device, pipe, socket or open file of this process."""
    if own_file(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def replace(path: Path, write: Callable[[io.FileIO], None], overwrite: bool = True) -> None:
    """Let `write` fill the file `path`, so that there is never half of it. A link stays one, and its file is replaced.

    `overwrite`: whether a file that is there by now may be replaced.
    Raises PerfsheetError (exit status 7), and leaves what was there as it was, when the file cannot be written.
    """
    try:
        if is_stream(path):
            _write_stream(path, write)
        else:
            _write_file(path, write, overwrite)
    except FileExistsError:
        raise exists_already(path) from None
    except OSError as error:
        raise _failure(path, error) from None


def _write_file(path: Path, write: Callable[[io.FileIO], None], overwrite: bool) -> None:
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    if path.is_symlink() and not place.exists():
        raise not_written(f"{path} is a link to {place}, which does not exist", "remove it, or give another place")
    partial = place.with_name(PARTIAL_FILES.replace("*", os.urandom(8).hex()))
    number = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with _Sink(number, "w") as sink, sink.filling():
            write(sink)
            _take_permissions(place, number)
            os.fsync(number)  # a network file system may report only now that it is full
        if overwrite:
            partial.replace(place)
        else:
            _put_new(partial, place)
    finally:
        with contextlib.suppress(OSError):  # a read-only folder has nothing to remove
            partial.unlink(missing_ok=True)


def _take_permissions(place: Path, number: int) -> None:
    """Give the open file the permissions and the owner of the one that it replaces, or those of any new file."""
    if not hasattr(os, "fchmod"):
        return
    try:
        before = place.stat()
    except OSError:
        umask = os.umask(0o077)
        os.umask(umask)
        os.fchmod(number, 0o666 & ~umask)
        return
    with contextlib.suppress(OSError):  # only root may give files away
        os.fchown(number, before.st_uid, before.st_gid)
    os.fchmod(number, stat.S_IMODE(before.st_mode))


def _put_new(partial: Path, place: Path) -> None:
    """Rename, unless the name has been taken since. Raises FileExistsError."""
    try:
        os.link(partial, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: claim the name, then replace what was claimed
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        partial.replace(place)


def _write_stream(path: Path, write: Callable[[io.FileIO], None]) -> None:
    """Write to what cannot be replaced, in one go: a workbook is not written from its beginning to its end."""
    import tempfile

    with tempfile.TemporaryFile() as waiting, _Sink(os.dup(waiting.fileno()), "w") as sink:
        with sink.filling():
            write(sink)
        waiting.seek(0)
        with _opened(path) as stream:
            shutil.copyfileobj(waiting, stream)


def _opened(path: Path) -> io.BufferedIOBase:
    number = own_file(path)
    if number is not None:
        sys.stdout.flush()
        return os.fdopen(os.dup(number), "wb")
    if stat.S_ISSOCK(path.stat().st_mode):
        import socket

        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            return connection.makefile("wb")
    return path.open("wb")


def _failure(path: Path, error: OSError) -> PerfsheetError:
    if isinstance(error, PermissionError):
        if path.exists() and os.access(path.parent, os.W_OK):
            return locked(path)
        return not_written(f"{path.parent} is not writable", "choose another folder with -o")
    reason = error.strerror or str(error)
    return not_written(f"{path} cannot be written: {reason}", _HINTS.get(error.errno or 0, "give another place"))


def replace_text(path: Path, text: str, overwrite: bool = True) -> None:
    """The same for text, in UTF-8."""

    def write(sink: io.FileIO) -> None:
        sink.write(text.encode("utf-8"))

    replace(path, write, overwrite)


def append_text(path: Path, text: str) -> None:
    """Append text, in UTF-8, to a file. Raises PerfsheetError (exit status 7)."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise _failure(path, error) from None


def exists_already(path: Path) -> PerfsheetError:
    """The error for an output whose name is taken."""
    return not_written(f"{path} exists already", "overwrite it with --force, or give another place with -o")


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
