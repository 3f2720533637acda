"""The Excel perf sheet, written with XlsxWriter (docs/decisions.md says why)."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from perfsheet.errors import not_written
from perfsheet.signals import ignored
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MANY_OPS = 20_000
"""With more ops, rows go to disk as they are written, and All Ops has the declared columns only."""
_LONGEST_HEADER = 240
"""Excel takes 255 characters, codes included."""


@contextmanager
def opened(sink: io.FileIO, on_disk: bool) -> Iterator[Workbook]:
    """A workbook that is complete in `sink` at the end; `on_disk` keeps its rows on disk instead of in memory.

    Raises OSError when it cannot be written; temporary files are removed in any case.
    """
    from xlsxwriter.exceptions import FileCreateError, FileSizeError

    from perfsheet.outputs.workbook.worksheet import QuickWorkbook

    with _scratch() as folder:
        settings = {
            "constant_memory": on_disk,
            "in_memory": not on_disk,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = QuickWorkbook(sink, settings)
        yield book
        try:
            book.close()
        except FileSizeError:
            raise not_written(
                "the workbook would be larger than a zip file can be",
                "report a part of the capture: --pass, --device, --id-range, --start-signpost",
            ) from None
        except FileCreateError as error:
            cause = error.args[0] if error.args else error
            raise cause if isinstance(cause, OSError) else OSError(str(cause)) from None


@contextmanager
def _scratch() -> Iterator[str]:
    """A temporary folder that is removed even if a signal comes while it is made or removed."""
    folder = Path(tempfile.gettempdir(), f"perfsheet-workbook-{uuid4().hex}")
    try:
        folder.mkdir(0o700)
        yield str(folder)
    finally:
        with ignored():
            shutil.rmtree(folder, ignore_errors=True)


def mark(sheets: Iterable[Worksheet], banner: str) -> None:
    """Mark sheets of a replayed capture or of a plan, on paper and on their tabs."""
    from perfsheet.outputs.workbook.theme import AMBER

    text = clean(banner).replace("&", "&&")[:_LONGEST_HEADER]  # `&` begins a code
    for sheet in sheets:
        sheet.set_header(f"&C&10{text}")
        sheet.set_tab_color(AMBER)
