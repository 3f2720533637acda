"""Text columns. A capture repeats few texts, so a column is its distinct texts and a code per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import eq
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from perfsheet.capture import arrow

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.signedinteger[Any]]
Rows = npt.NDArray[np.int64]

_MOST_CODES = 1 << 62


class Texts(Sequence[str]):
    """The texts of a column, one per row; it reads like a list.

    `values` are the distinct texts (some may have no row), `codes[row]` is the index of a row's text in them. `mapped`
    and `where` call their function once per distinct text.
    """

    __slots__ = ("codes", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, codes: Codes, values: Sequence[str]) -> None:
        self.codes = codes
        self.values = values

    @classmethod
    def of(cls, cells: Iterable[str]) -> Texts:
        """The column with these texts."""
        builder = TextsBuilder()
        builder.extend(list(cells))
        return builder.built()

    @classmethod
    def blank(cls, count: int) -> Texts:
        """A column without any text."""
        return cls(np.zeros(count, dtype=np.int8), ("",))

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return map(self.values.__getitem__, self.codes.tolist())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Texts: ...
    def __getitem__(self, index: int | slice) -> str | Texts:
        if isinstance(index, slice):
            return Texts(self.codes[index], self.values)
        return self.values[int(self.codes[index])]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sequence) and not isinstance(other, str):
            return len(self) == len(other) and all(map(eq, self, other))
        return NotImplemented

    def __repr__(self) -> str:
        return f"<Texts of {len(self):,} rows, {len(self.values):,} distinct>"

    def take(self, rows: Rows) -> Texts:
        """The texts of these rows."""
        return Texts(self.codes[rows], self.values)

    def mapped(self, function: Callable[[str], str]) -> Texts:
        """The column with `function` of every text."""
        numbers = _Numbers()
        codes = compact(np.array([numbers[function(value)] for value in self.values], dtype=np.int32), len(numbers))
        return Texts(codes[self.codes] if len(codes) else self.codes, list(numbers))

    def where(self, predicate: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """A mask of the rows whose text satisfies `predicate`."""
        matches = np.array([predicate(value) for value in self.values], dtype=np.bool_)
        return matches[self.codes] if len(matches) else np.zeros(len(self), dtype=np.bool_)

    def places(self) -> Iterator[tuple[str, Rows]]:
        """Each text that rows have, in the order of their first rows, with those rows."""
        order = np.argsort(self.codes, kind="stable")
        starts = np.flatnonzero(np.diff(self.codes[order].astype(np.int64), prepend=-1))
        members = np.split(order, starts[1:]) if len(order) else []
        for rows in sorted(members, key=lambda rows: int(rows[0])):
            yield self[int(rows[0])], rows

    def present(self) -> list[str]:
        """The distinct texts that rows have, in the order of their first rows."""
        used, first = np.unique(self.codes, return_index=True)
        return [self.values[code] for code in used[np.argsort(first, kind="stable")].tolist()]


def compact(codes: npt.NDArray[np.int32], distinct: int) -> Codes:
    """The codes in the smallest type that has room for so many distinct texts: a capture has a hundred such columns."""
    if distinct <= np.iinfo(np.int8).max:
        return codes.astype(np.int8)
    return codes.astype(np.int16) if distinct <= np.iinfo(np.int16).max else codes


class _Numbers(dict[str, int]):
    """Numbers of texts; a new text gets the next number."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


class TextsBuilder:
    """Builds a column piece by piece."""

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._pieces: list[Codes] = []

    def __len__(self) -> int:
        """How many distinct texts there are so far."""
        return len(self._numbers)

    def distinct(self, first: int) -> Iterator[str]:
        """The distinct texts so far, from this one on."""
        return islice(self._numbers, first, None)

    def extend(self, cells: Sequence[str]) -> None:
        """Add these cells."""
        if cells and cells[0] == cells[-1] == cells[len(cells) // 2] and cells.count(cells[0]) == len(cells):
            self._append(np.full(len(cells), self._numbers[cells[0]], dtype=np.int32))
            return
        self._append(np.fromiter(map(self._numbers.__getitem__, cells), np.int32, len(cells)))

    def extend_column(self, column: Texts) -> None:
        """Add the cells of another column."""
        self._add(column.codes, column.values)

    def extend_chunks(self, cells: pa.ChunkedArray) -> None:
        """Add the cells of an Arrow array of strings; a null is blank."""
        for chunk in cells.chunks:
            if chunk.null_count == len(chunk):
                self._append(np.full(len(chunk), self._numbers[""], dtype=np.int32))
            else:
                codes, values = arrow.encoded(chunk)
                self._add(codes, values)

    def _add(self, codes: Codes, values: Sequence[str]) -> None:
        own_codes = np.fromiter(map(self._numbers.__getitem__, values), np.int32, len(values))
        self._pieces.append(compact(own_codes, len(self._numbers)).take(codes))

    def _append(self, codes: npt.NDArray[np.int32]) -> None:
        self._pieces.append(compact(codes, len(self._numbers)))

    def built(self) -> Texts:
        """The whole column."""
        codes = np.concatenate(self._pieces) if self._pieces else np.empty(0, dtype=np.int8)
        return Texts(codes, list(self._numbers))


def combinations(columns: Sequence[Texts], count: int) -> tuple[Rows, Rows]:
    """For each of `count` rows the number of its combination of texts, and the first row of each combination.

    Combinations are numbered in the order of their codes, column by column.
    """
    combined = np.zeros(count, dtype=np.int64)
    possible = 1
    for column in columns:
        distinct = len(column.values)
        if distinct < 2:
            continue
        if possible > _MOST_CODES // distinct:
            present, combined = np.unique(combined, return_inverse=True)
            combined, possible = combined.reshape(-1), max(1, len(present))
        combined = combined * distinct + column.codes
        possible *= distinct
    _, first, numbers = np.unique(combined, return_index=True, return_inverse=True)
    return numbers.reshape(-1), first
