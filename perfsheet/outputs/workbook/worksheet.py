"""The one module that uses private parts of XlsxWriter: fast formulas, rows of long tables as XML, a faster close.

tests/outputs/test_xlsxwriter_contract.py checks these parts, and pyproject.toml limits the versions to those checked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from io import StringIO
from itertools import repeat
from threading import Lock
from typing import TYPE_CHECKING, Any
from zipfile import LargeZipFile, ZipFile

from xlsxwriter import workbook
from xlsxwriter.chart import Chart
from xlsxwriter.packager import Packager
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

if TYPE_CHECKING:
    from xlsxwriter.format import Format

_LEVEL = 2
_LOCK = Lock()
_TEXTS = 256
"""So many are packed at a time: a row of a long table is some kilobytes."""
_SPECIAL = re.compile(r"[<>&_\x00-\x1f\ufffe\uffff]")
"""What a text may have that XML needs written otherwise; `_` begins what stands for a control character."""


def format_index(style: Format) -> int:
    """The number of a format in the workbook's style sheet, as cells refer to it."""
    index: int = style._get_xf_index()
    return index


class LongWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet of formulas that use no function newer than Excel 2007, which takes whole rows as XML.

    Rows that were put may not be written to cell by cell, nor have a format or a comment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dim_rowmin: int
        self.dim_rowmax: int
        self._put: list[tuple[int, Sequence[str]]] = []
        self._points: tuple[int, Sequence[Sequence[str | float | None]]] = (0, ())
        self.words: Callable[[str], str] = str
        """What texts become before they are written: a plan has words of its own for times."""

    def _write_string(self, row: int, column: int, text: str, style: Format | None = None) -> int:
        return int(super()._write_string(row, column, self.words(text), style))

    def put_rows(
        self,
        first: int,
        last_column: int,
        numbers: Sequence[str],
        parts: Sequence[Iterable[str]],
        heights: Sequence[float] = (),
    ) -> None:
        """Add rows below all that is written so far: from row `first` (from 0) on, with these numbers (from 1).

        `parts` are the XML of their cells: a row is what all parts have for it, in this order. `heights` are those of
        the rows, in points; 0 = the usual one.
        """
        if not numbers:
            return
        self._check_dimensions(first, last_column)
        self._check_dimensions(first + len(numbers) - 1, 0)
        ends = [f'" ht="{height:g}" customHeight="1">' if height else '">' for height in heights] or repeat('">')
        rows = map("".join, zip(repeat('<row r="'), numbers, ends, *parts, repeat("</row>")))
        if self.constant_memory:
            self._write_single_row(first)
            self.fh.writelines(rows)
            self.previous_row = first + len(numbers)
        else:
            self._put.append((first, list(rows)))

    def _write_rows(self) -> None:
        """What the base class does, with the rows that were put in between."""
        top, bottom = self.dim_rowmin, self.dim_rowmax
        put, self._put = self._put, []  # the memory is needed for the packed workbook
        for first, rows in put:
            assert not any(cells and first <= row < first + len(rows) for row, cells in self.table.items())
            self.dim_rowmax = first - 1
            super()._write_rows()
            self.fh.writelines(rows)
            self.dim_rowmin = first + len(rows)
        self.dim_rowmax = bottom
        super()._write_rows()
        self.dim_rowmin = top

    def keep_points(self, first: int, columns: Sequence[Sequence[str | float | None]]) -> None:
        """The cells of rows that were put (from row `first` on), by column: charts have a copy of those they show."""
        self._points = (first, columns)

    def _get_range_data(self, top: int, left: int, bottom: int, right: int) -> Sequence[str | None]:
        first, columns = self._points
        if self.constant_memory or left != right or top < first or left >= len(columns):
            return super()._get_range_data(top, left, bottom, right)  # type: ignore[no-any-return]
        values = columns[left][top - first : bottom - first + 1]
        points = [self._point(value) for value in values]
        return [*points, *[None] * (bottom - top + 1 - len(points))]

    def _point(self, value: str | float | None) -> str | None:
        if isinstance(value, str):
            return self.words(value) or None
        return f"{value:.16g}" if value is not None and math.isfinite(value) else None

    def text_reference(self, text: str, uses: int) -> str:
        """The rest of a cell's XML, behind its `r` and `s`, that shows this text; it is used so many times."""
        text = self.words(text)
        if self.constant_memory:
            space = ' xml:space="preserve"' if text != text.strip() else ""
            shown = self._escape_data(self._escape_control_characters(text))
            return f' t="inlineStr"><is><t{space}>{shown}</t></is></c>'
        index = self.str_table._get_shared_string_index(text)
        self.str_table.count += uses - 1
        return f' t="s"><v>{index}</v></c>'

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        """Without the search for thirty newer functions: half the time of a report with a formula per op.

        Should the base class do so elsewhere in a later version, this changes nothing.
        """
        return formula.removeprefix("=")


class QuickWorkbook(Workbook):  # type: ignore[misc]
    """A workbook of such worksheets that is packed in less time: parts that are in memory without a copy of them,
    compressed at level 2, a third of the time of XlsxWriter's 6 for a quarter more bytes; and each point that a chart
    caches is written at once, a third of the time of its six calls.

    XlsxWriter has no setting for it. Should it do so otherwise in a later version, this changes nothing.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.worksheet_class = LongWorksheet

    def _get_packager(self) -> Packager:
        return _Packager()

    def close(self) -> None:
        """Pack the workbook. Raises what XlsxWriter does."""
        with _LOCK:  # of what stands in for parts of modules, in an app several threads
            own = workbook.ZipFile, Chart._write_pt
            workbook.ZipFile, Chart._write_pt = partial(_Package, compresslevel=_LEVEL), _write_point
            try:
                super().close()
            finally:
                workbook.ZipFile, Chart._write_pt = own


class _Packager(Packager):  # type: ignore[misc]
    def _filename(self, name: str) -> _Part | str:
        if not self.in_memory:
            return str(super()._filename(name))
        part = _Part()
        self.filenames.append((part, name, False))
        return part


class _Part(StringIO):
    """A part of the workbook in memory: the texts that were written, which stay apart until they are packed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.write = self.texts.append  # type: ignore[assignment]
        self.writelines = self.texts.extend  # type: ignore[method-assign]

    def getvalue(self) -> Any:
        """Itself: XlsxWriter asks for `getvalue().encode()`, and hands it on to the zip file."""
        return self

    def encode(self, _: str) -> _Part:
        """Itself, as `getvalue` says."""
        return self


class _Package(ZipFile):
    """The zip file of the workbook."""

    def writestr(self, info: Any, data: Any, *_: Any) -> None:
        """Pack a part, whose texts are gone then. Raises LargeZipFile where it is too large."""
        if not isinstance(data, _Part):
            super().writestr(info, data, compresslevel=_LEVEL)
            return
        texts = data.texts
        try:
            with self.open(info.filename, "w") as packed:
                for first in range(0, len(texts), _TEXTS):
                    packed.write("".join(texts[first : first + _TEXTS]).encode())
        except RuntimeError as error:  # zipfile's, of a size that could not be known when it began
            raise LargeZipFile(str(error)) from None
        texts.clear()


def _write_point(chart: Chart, index: int, value: float | str | None) -> None:
    if value is not None:
        special = isinstance(value, str) and _SPECIAL.search(value)
        text = chart._escape_control_characters(chart._escape_data(value)) if special else value
        chart.fh.write(f'<c:pt idx="{index}"><c:v>{text}</c:v></c:pt>')
