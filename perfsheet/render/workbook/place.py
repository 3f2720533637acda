"""Where a workbook goes, and how it gets there whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import not_written, usage

if TYPE_CHECKING:
    from typing_extensions import Buffer


def default_path(captures: Sequence[str]) -> Path:
    """`run.csv` becomes `run.xlsx` beside it, a workbook `run.perfsheet.xlsx`, standard input `perfsheet.xlsx` here."""
    first = Path(captures[0])
    if not first.is_file():
        return Path("perfsheet.xlsx")
    if first.suffix.lower() == ".xlsx":
        return first.with_name(f"{first.stem}.perfsheet.xlsx")
    return first.with_suffix(".xlsx")


def check(path: Path, captures: Sequence[str], force: bool) -> None:
    """Refuse an output that cannot or must not be written, before the work is done.

    Raises PerfsheetError: exit status 2 when it would replace a capture, 7 for the rest.
    """
    if path.suffix.lower() != ".xlsx":
        raise usage(f"{path}: a workbook's name ends in .xlsx", "give -o FILE.xlsx")
    if any(os.path.realpath(path) == os.path.realpath(capture) for capture in captures):
        raise usage(f"{path} is the capture itself", "give another name with -o")
    if path.is_dir():
        raise not_written(f"{path} is a folder", "give a file name with -o")
    if not path.parent.is_dir():
        raise not_written(f"{path.parent} is not a folder", "make it first, or give another place with -o")
    if path.exists() and not force:
        raise not_written(f"{path} exists already", "overwrite it with --force, or give another name with -o")
    if path.exists() and path.with_name(f"~${path.name}").exists():
        raise _open_in_excel(path)


class _Sink(io.FileIO):
    """A file that, once writing has failed, takes all that comes without a word.

    The zip file around it is closed once more when it is thrown away, and must not complain a second time.
    """

    failed = False

    def write(self, data: Buffer, /) -> int:
        view = memoryview(data).cast("B")
        if not self.failed:
            written = 0
            while written < len(view):
                written += super().write(view[written:]) or 0
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return 0 if self.failed else super().seek(offset, whence)

    def tell(self) -> int:
        return 0 if self.failed else super().tell()

    def flush(self) -> None:
        if not self.failed:
            super().flush()


def replace(path: Path, write: Callable[[io.FileIO], None]) -> None:
    """Let `write` fill a file beside `path`, then put it in place in one step: never half a workbook.

    Raises PerfsheetError (exit status 7), and leaves what was at `path`, when the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _Sink(partial, "w") as sink:
            try:
                write(sink)
            except BaseException:
                sink.failed = True
                raise
        partial.replace(path)
    except PermissionError:
        raise (
            _open_in_excel(path)
            if path.exists()
            else not_written(f"{path.parent} is not writable", "give another place with -o")
        ) from None
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "free space, or use -o") from None
    finally:
        partial.unlink(missing_ok=True)


def _open_in_excel(path: Path) -> Exception:
    return not_written(f"{path} cannot be replaced: it is open in Excel or read-only", "close it, or use -o")
