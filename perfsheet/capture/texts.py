"""A column of texts, of which a capture repeats few: which of its distinct texts every row holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    """The texts of a column, one per row, read like a list.

    `values` are the distinct texts (some may have no row), `codes[row]` is the position of a row's text in them. What
    is to be found out about texts is worked out once for each distinct one: `mapped`, `where`.
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
            return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))
        return NotImplemented

    def __repr__(self) -> str:
        return f"<Texts of {len(self):,} rows, {len(self.values):,} distinct>"

    def take(self, rows: Rows) -> Texts:
        """The texts of these rows."""
        return Texts(self.codes[rows], self.values)

    def mapped(self, function: Callable[[str], str]) -> Texts:
        """The column with `function` of every text; it is called once for each distinct one."""
        to = _Numbered()
        again = compact(np.array([to[function(value)] for value in self.values], dtype=np.int32), len(to))
        return Texts(again[self.codes] if len(again) else self.codes, list(to))

    def where(self, says: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """The rows of whose text `says` holds; it is called once for each distinct one."""
        verdicts = np.array([says(value) for value in self.values], dtype=np.bool_)
        return verdicts[self.codes] if len(verdicts) else np.zeros(len(self), dtype=np.bool_)

    def places(self) -> Iterator[tuple[str, Rows]]:
        """Each text that rows hold, in the order in which they first come, with those rows."""
        order = np.argsort(self.codes, kind="stable")
        starts = np.flatnonzero(np.diff(self.codes[order].astype(np.int64), prepend=-1))
        members = np.split(order, starts[1:]) if len(order) else []
        for rows in sorted(members, key=lambda rows: int(rows[0])):
            yield self[int(rows[0])], rows

    def present(self) -> list[str]:
        """The distinct texts that rows hold, in the order in which they first come."""
        used, first = np.unique(self.codes, return_index=True)
        return [self.values[code] for code in used[np.argsort(first, kind="stable")].tolist()]


def compact(codes: npt.NDArray[np.int32], distinct: int) -> Codes:
    """Codes of so many distinct texts in as few bytes as they need: a long capture has a hundred columns of them."""
    if distinct <= np.iinfo(np.int8).max:
        return codes.astype(np.int8)
    return codes.astype(np.int16) if distinct <= np.iinfo(np.int16).max else codes


class _Numbered(dict[str, int]):
    """Texts with their numbers; a new one gets the next."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


class TextsBuilder:
    """Puts a column together piece by piece."""

    def __init__(self) -> None:
        self._numbers = _Numbered()
        self._pieces: list[Codes] = []

    def extend(self, cells: Sequence[str]) -> None:
        """Add these cells."""
        self._append(np.fromiter(map(self._numbers.__getitem__, cells), np.int32, len(cells)))

    def extend_column(self, column: Texts) -> None:
        """Add the cells of another column."""
        self._add(column.codes, column.values)

    def extend_arrow(self, cells: pa.StringArray) -> None:
        """Add the cells of an Arrow array of strings; a null is a blank."""
        if cells.null_count == len(cells):
            self._append(np.full(len(cells), self._numbers[""], dtype=np.int32))
            return
        encoded = cells.dictionary_encode(null_encoding="encode")
        values = ["" if value is None else value for value in encoded.dictionary.to_pylist()]
        self._add(arrow.values(encoded.indices, np.int32), values)

    def _add(self, codes: Codes, values: Sequence[str]) -> None:
        to = np.fromiter(map(self._numbers.__getitem__, values), np.int32, len(values))
        self._append(to[codes])

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
    room = 1
    for column in columns:
        distinct = len(column.values)
        if distinct < 2:
            continue
        if room > _MOST_CODES // distinct:
            known, combined = np.unique(combined, return_inverse=True)
            combined, room = combined.reshape(-1), max(1, len(known))
        combined = combined * distinct + column.codes
        room *= distinct
    _, first, of = np.unique(combined, return_index=True, return_inverse=True)
    return of.reshape(-1), first
