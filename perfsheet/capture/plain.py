"""Split a whole file of plain cells at once: no quotes, ASCII, every line as wide as the header.

Nearly all captures are like that. Anything else ends this path: the file is then read record by record with repairs
(repair.py), which gives the same table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perfsheet.capture.records import ByteBlocks
from perfsheet.capture.table import IntArray

_NEWLINE, _RETURN = ord("\n"), ord("\r")


class PlainCells:
    """The cells of a file: `starts` and `ends` are their places in the text, a row per record."""

    def __init__(self, text: str, starts: IntArray, ends: IntArray) -> None:
        self._text, self._starts, self._ends = text, starts, ends
        self._blank = (starts == ends).all(axis=0)

    def __len__(self) -> int:
        return len(self._starts)

    def column(self, position: int) -> Sequence[str]:
        """The cells of one column."""
        if self._blank[position]:
            return [""] * len(self)
        text = self._text
        places = zip(self._starts[:, position].tolist(), self._ends[:, position].tolist(), strict=True)
        return [text[start:end] for start, end in places]


def plain_cells(blocks: ByteBlocks, width: int) -> PlainCells | None:
    """The cells of a file whose lines have `width` plain cells each; None for other files."""
    content = _bytes(blocks)
    if blocks.quoted or not content.isascii():
        return None
    if not content.endswith(b"\n"):
        content += b"\n"
    characters = np.frombuffer(content, np.uint8)
    newline = characters == _NEWLINE
    ends = np.flatnonzero(newline | (characters == ord(blocks.delimiter)))
    lines = int(newline.sum())
    if len(ends) != lines * width or not newline[ends[width - 1 :: width]].all():
        return None
    firsts = np.concatenate([[0], ends[:-1] + 1]).reshape(lines, width)
    lasts = ends.reshape(lines, width)
    returns = content.count(b"\r")
    if returns:  # Windows ends lines with \r\n; elsewhere a \r ends a line of its own
        before = characters[lasts[:, -1] - 1] == _RETURN
        if int(before.sum()) != returns:
            return None
        lasts[:, -1] -= before
    return PlainCells(content.decode("ascii"), firsts, lasts) if (firsts <= lasts).all() else None


def _bytes(blocks: ByteBlocks) -> bytes:
    """The records, without moving the place in the stream."""
    return_to = blocks.stream.tell()
    try:
        blocks.stream.seek(blocks.start)
        return blocks.stream.read()
    finally:
        blocks.stream.seek(return_to)
