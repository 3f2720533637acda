"""The workbook of a comparison: the headline, what changed, op types, every op side by side, findings."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.compare import Comparison
from perfsheet.outputs.workbook.book import MANY_OPS, opened
from perfsheet.outputs.workbook.comparison import changes, findings, op_types, ops, summary
from perfsheet.outputs.workbook.theme import AMBER, Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

Writer = Callable[["Worksheet"], None]


def write(found: Sequence[Comparison], path: Path) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
    replace(path, lambda sink: _write(found, sink))


def _write(found: Sequence[Comparison], sink: io.FileIO) -> None:
    with opened(sink, on_disk=sum(len(one.ops) for one in found) > MANY_OPS) as book:
        names = " and ".join(formats.file_names(one.new.summary) for one in found)
        title = f"Before and after: {formats.file_names(found[0].base.summary)}, {names}"
        book.set_properties({"title": formats.clean(title, 255), "author": f"perfsheet {__version__}"})
        styles = Styles(book)
        writers = dict(_sheets(book, styles, found))
        sheets = {name: book.add_worksheet(name) for name in writers}
        for name, writer in writers.items():
            writer(sheets[name])
        if any(one.replayed for one in found):
            for sheet in sheets.values():
                sheet.set_header(f"&C&10{formats.REPLAYED}")
                sheet.set_tab_color(AMBER)
        sheets[summary.TITLE].activate()


def _sheets(book: Workbook, styles: Styles, found: Sequence[Comparison]) -> Iterator[tuple[str, Writer]]:
    """Title and writer of every sheet; those of a second capture are numbered."""
    yield summary.TITLE, lambda sheet: summary.write(book, sheet, styles, found)
    for number, one in enumerate(found, 1):
        suffix = f" {number}" if number > 1 else ""
        yield f"{changes.TITLE}{suffix}", partial(changes.write, styles=styles, found=one)
        yield f"{op_types.TITLE}{suffix}", partial(op_types.write, styles=styles, found=one)
        yield from ops.sheets(styles, one, suffix)
        yield f"{findings.TITLE}{suffix}", partial(findings.write, styles=styles, found=one)
