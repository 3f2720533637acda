"""JSON as text: strictly valid on every input, and nothing in it can drive a terminal or a reader's eye."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from perfsheet.text.safe import UNPRINTABLE

_FIRST_PAIR = 0x10000
_INDENT = 2


class Streamed(Sequence[Any]):
    """A long array whose items are made a few at a time, while it is written: all at once they would fill the memory.

    `part(first, end)` returns the items from `first` up to `end`, at most `at_once`.
    """

    def __init__(self, count: int, part: Callable[[int, int], Sequence[Any]], at_once: int = 1000) -> None:
        self._count, self.part, self.at_once = count, part, at_once

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        for items in self.parts():
            yield from items

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            first, end, step = index.indices(self._count)
            assert step == 1, "a part is of neighbours"
            return Streamed(max(end - first, 0), lambda a, b: self.part(first + a, first + b), self.at_once)
        place = range(self._count)[index]
        return self.part(place, place + 1)[0]

    def __eq__(self, other: object) -> bool:
        return list(self) == other if isinstance(other, list | Streamed) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def each(self, change: Callable[[Any], Any]) -> Streamed:
        """The same array with every item changed."""
        return Streamed(self._count, lambda first, end: [change(item) for item in self.part(first, end)], self.at_once)

    def parts(self) -> Iterator[Sequence[Any]]:
        """The items, some at a time."""
        for first in range(0, self._count, self.at_once):
            yield self.part(first, min(first + self.at_once, self._count))


def json_text(value: Any, indent: int = _INDENT) -> str:
    """The text of a value. A number that is not finite is null, as JSON has none."""
    return "".join(json_pieces(value, indent))


def json_line(value: Any) -> str:
    """The text of a value on one line."""
    return UNPRINTABLE.sub(_escape, _text(_listed(value) if _has_streamed(value) else value, None))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple | Streamed) else value


def json_pieces(value: Any, indent: int = _INDENT) -> Iterator[str]:
    """The same piece by piece; streamed arrays have an item per line."""
    for piece in _pieces(value, indent, 0):
        yield UNPRINTABLE.sub(_escape, piece)


def _pieces(value: Any, indent: int, level: int) -> Iterator[str]:
    outer, inner = "\n" + " " * (indent * level), "\n" + " " * (indent * (level + 1))
    if isinstance(value, Streamed):
        before = f"[{inner}"
        for items in value.parts():
            yield before + f",{inner}".join(_text(item, None) for item in items)
            before = f",{inner}"
        yield f"{outer}]" if len(value) else "[]"
    elif isinstance(value, dict) and _has_streamed(value):
        before = f"{{{inner}"
        for key, item in value.items():
            yield f"{before}{_text(str(key), None)}: "
            yield from _pieces(item, indent, level + 1)
            before = f",{inner}"
        yield f"{outer}}}"
    elif isinstance(value, list) and _has_streamed(value):
        before = f"[{inner}"
        for item in value:
            yield before
            yield from _pieces(item, indent, level + 1)
            before = f",{inner}"
        yield f"{outer}]"
    else:
        yield _text(value, indent).replace("\n", outer)


def _has_streamed(value: Any) -> bool:
    if isinstance(value, Streamed):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_streamed, items))


def _text(value: Any, indent: int | None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _escape(match: re.Match[str]) -> str:
    mark = match[0]
    if mark == "\n":
        return mark
    # Beyond the first 65,536 characters JSON writes a pair.
    return json.dumps(mark)[1:-1] if ord(mark) >= _FIRST_PAIR else f"\\u{ord(mark):04x}"
