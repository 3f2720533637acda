"""How a table is declared."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import field, replace
from enum import Flag, auto
from typing import Any, Generic, TypeVar

import numpy as np

from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.kinds import Kind
from perfsheet.text.words import planned, planned_key

Item = TypeVar("Item")
Source = TypeVar("Source")
R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)

Cells = np.ndarray[Any, Any] | Texts | Sequence[Any]
"""A column of values: an array (NaN = unknown), texts, or a mixture (None = unknown)."""


class In(Flag):
    """The outputs in which a column stands."""

    JSON = auto()
    CSV = auto()
    FRAME = auto()
    TERMINAL = auto()
    PAGE = auto()
    MARKDOWN = auto()
    SHEET = auto()
    ALL_OPS = auto()
    """The workbook's sheet All Ops; of ops only."""
    DATA = JSON | CSV | FRAME
    TEXT = TERMINAL | PAGE | MARKDOWN
    EVERYWHERE = DATA | TEXT | SHEET | ALL_OPS


@dataclass(frozen=True)
class Mark(Generic[R_contra]):
    """A warning on some cells of a column: `few-cores`, `noisy` or `not-physical`; `where` has a bool per row."""

    name: str
    where: Callable[[R_contra], Sequence[bool]]


@dataclass(frozen=True)
class Column(Generic[R_contra]):
    """A column of a table; R is the type of the table's rows as a whole.

    `key` is its name in JSON, CSV and frames, and its address in every output; `title` its name on screen and on paper,
    `short` the abbreviation for the terminal. `values` gives the value of every row, fractions for percentages.
    `capture` names the capture's own column behind it. What else can be set:

    - `text`, `data`, `cell` replace those of the kind for one value;
    - `row_texts`: the texts of all rows, where a value alone does not tell how it is shown;
    - `when`: whether people see it for these rows (data always have it); `text_when`: the same for the terminal, the
      page and Markdown only;
    - `bar`: a bar behind the figures, from 0 to the largest; `mark`: a warning on some cells; `tone`: `good`, `bad`,
      `warn`, `quiet` or blank for every cell;
    - `wrap`: long text, over several lines; `width`: characters in the workbook;
    - `cell_style`: the style of each cell in the workbook, where they differ;
    - `exact`: a header to be shown as it is, such as the capture's own;
    - `own`: words of our own, which Markdown need not escape;
    - `code`: text of the capture, set as code in Markdown; `right`: text that stands to the right, as figures do;
    - `measured`: only a device tells it, so that a plan lacks it;
    - `frame`: its name in data frames, where that is another one; `frame_data` replaces `data` there;
    - `flexible` and `narrow`: the terminal may cut the text, or replace it by a shorter form;
    - `drop`: the terminal leaves the column out where there is no room, the highest number first; 0 = never.
    """

    key: str
    title: str
    kind: Kind
    values: Callable[[R_contra], Cells]
    meaning: str = ""
    page: str = ""
    outputs: In = In.EVERYWHERE
    short: str = ""
    capture: str = ""
    unit: str | None = None
    text: Callable[[Any], str] | None = None
    row_texts: Callable[[R_contra], Sequence[str]] | None = None
    data: Callable[[Any], Any] | None = None
    cell: Callable[[Any], Any] | None = None
    when: Callable[[R_contra], bool] | None = None
    text_when: Callable[[R_contra], bool] | None = None
    bar: bool = False
    mark: Mark[R_contra] | None = None
    tone: Callable[[R_contra], Sequence[str]] | None = None
    cell_style: Callable[[R_contra], Sequence[str]] | None = None
    wrap: bool = False
    width: float | None = None
    flexible: bool = False
    narrow: Callable[[Any], str] | None = None
    drop: int = 0
    exact: str = ""
    own: bool = False
    code: bool = False
    right: bool = False
    measured: bool = False
    frame: str = ""
    frame_data: Callable[[Any], Any] | None = None

    def changed(self, **settings: Any) -> Column[R_contra]:
        """The column with other settings, for one output."""
        return replace(self, **settings)

    def of_plan(self) -> Column[R_contra]:
        """The column of a plan, whose times are least times."""
        short = self.short.replace("Kernel", "Least").replace("kernel", "least")
        return replace(self, title=planned(self.title), short=short, meaning=planned(self.meaning))

    @property
    def number(self) -> bool:
        """Whether the values stand to the right."""
        return self.kind.number or self.right

    def header(self, output: In) -> str:
        """`KERNEL [ns]` in the terminal and the workbook, `Kernel [ns]` on the page and in Markdown."""
        if self.exact:
            return self.exact
        text = self.short if output is In.TERMINAL and self.short else self.title
        shown = text.upper() if output & (In.TERMINAL | In.SHEET | In.ALL_OPS) else text
        unit = self.kind.unit if self.unit is None else self.unit
        unit = unit or ("" if output & In.TEXT else self.kind.cell_unit)
        if unit:
            return f"{shown} [{unit}]"
        return f"{shown} {self.kind.text_unit}" if self.kind.text_unit and output & In.TEXT else shown

    def listed(self, rows: R_contra) -> list[Any]:
        """The values one by one; None = unknown."""
        cells = self.values(rows)
        if isinstance(cells, np.ndarray):
            cells = cells.tolist()
        return [None if isinstance(value, float) and math.isnan(value) else value for value in cells]

    def texts(self, rows: R_contra) -> list[str]:
        """The values as people read them."""
        if self.row_texts is not None:
            return list(self.row_texts(rows))
        return list(map(self.text or self.kind.text, self.listed(rows)))

    def exported(self, rows: R_contra) -> list[Any]:
        """The values as programs read them."""
        return list(map(self.data or self.kind.data, self.listed(rows)))

    def cells(self, rows: R_contra) -> Cells:
        """The values as the workbook has them, before links and live formulas."""
        convert = self.cell or self.kind.cell
        return self.values(rows) if convert is None else list(map(convert, self.listed(rows)))

    def shown(self, output: In, rows: R_contra) -> bool:
        """Whether an output has the column, and shows it for these rows."""
        conditions = (self.when, self.text_when if output & In.TEXT else None)
        return bool(self.outputs & output) and all(condition is None or condition(rows) for condition in conditions)


@dataclass(frozen=True)
class Table(Generic[R]):
    """A table: its id in the docs, its title, what it holds in one line, its columns in order, where it is written."""

    id: str
    title: str
    about: str
    columns: tuple[Column[R], ...]
    outputs: In = In.EVERYWHERE
    _by_key: dict[str, Column[R]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {column.key: column for column in self.columns})
        assert len(self._by_key) == len(self.columns), f"{self.id}: a key stands twice"

    def __getitem__(self, key: str) -> Column[R]:
        return self._by_key[key]

    def pick(self, *keys: str) -> list[Column[R]]:
        """These columns, in this order."""
        return [self[key] for key in keys]

    def columns_in(self, output: In, rows: R | None = None) -> list[Column[R]]:
        """The columns of an output; with `rows` only those that it shows of these rows."""
        if rows is None:
            return [column for column in self.columns if column.outputs & output]
        shown = [column for column in self.columns if column.shown(output, rows)]
        if not is_planned(rows):
            return shown
        if output & (In.SHEET | In.ALL_OPS):  # live formulas look for their cells
            return [(column.changed(values=_unknown) if column.measured else column).of_plan() for column in shown]
        return [column.of_plan() for column in shown if not column.measured]

    def exported(self, output: In, rows: R) -> list[Column[R]]:
        """The columns of an output for programs: of a plan all are there, those that only a device tells are empty."""
        columns = self.columns_in(output)
        if not is_planned(rows):
            return columns
        return [column.changed(values=_unknown) if column.measured else column for column in columns]

    def records(self, rows: R, only: Collection[str] | None = None) -> list[dict[str, Any]]:
        """The rows as JSON objects; `only`: these columns (None = all)."""
        columns = [column for column in self.exported(In.JSON, rows) if only is None or column.key in only]
        keys = [planned_key(column.key) if is_planned(rows) else column.key for column in columns]
        return [
            dict(zip(keys, values, strict=True)) for values in zip(*(c.exported(rows) for c in columns), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Rows(Generic[Source, Item]):
    """The rows of a table whose values need more than the row itself: `source` is an analysis or a comparison."""

    source: Source
    items: Sequence[Item]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def part(self, first: int, end: int) -> Rows[Source, Item]:
        """The rows from `first` up to `end`."""
        return Rows(self.source, self.items[first:end])


def is_planned(rows: Any) -> bool:
    """Whether the rows are of a plan."""
    analysis = getattr(rows, "analysis", None) or getattr(rows, "source", None)
    return getattr(analysis, "plan", None) is not None


def _unknown(rows: Any) -> list[None]:
    return [None] * len(rows)


def each(value: Callable[[Item], Any]) -> Callable[[Iterable[Item]], list[Any]]:
    """Values of a column from a function of one row."""
    return lambda rows: [value(row) for row in rows]
