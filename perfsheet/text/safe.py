"""Text of captures, names and files made safe for where it goes: a screen, a page, a table, a file name."""

from __future__ import annotations

import re

# Control characters, marks that reorder text or cannot be seen (a capture must not drive a terminal or a reader's eye),
# surrogates and non-characters (XML does not have them).
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_COMMAND = re.compile(r"(?m)^([^\S\n]*):(?=:)|##(?=\[)")
# A spreadsheet takes a cell that starts with one of these for a formula; an apostrophe keeps it text.
_FORMULA = re.compile(r"[=+\-@\t\r](?=.)|::", re.DOTALL)
_FIGURE = re.compile(r"-?(?:\d[\d,.]*(?:[eE][+-]?\d+)?|inf|nan)(?: ?%)?")


def clean(text: str, limit: int = 0) -> str:
    """Text of a capture made safe to show: control characters become `�`; longer than `limit` is cut with `…`."""
    text = UNPRINTABLE.sub("�", text)
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def printed(text: str) -> str:
    """Text for a stream that a CI server may read: what would be a command to it at the start of a line is none."""
    return _COMMAND.sub(lambda found: "# #" if found[0] == "##" else f"{found[1]}: ", text)


def csv_cell(text: str) -> str:
    """Text as a cell of a CSV file: no formula for a spreadsheet, no control characters."""
    safe = clean(text)
    return f"'{safe}" if _FORMULA.match(safe) and not _FIGURE.fullmatch(safe) else safe


def unguarded(cell: str) -> str:
    """The text behind a cell that `csv_cell` has written."""
    return cell[1:] if cell.startswith("'") and csv_cell(cell[1:]) == cell else cell


def file_stem(text: str, most_bytes: int, fallback: str, instead: str = "_") -> str:
    """A file name without its suffix for a name of any kind: letters, digits, `_`, `.`, `+` and `-`, so many bytes.

    `instead` stands for what else is in the name.
    """
    stem = re.sub(r"[^\w.+-]+", instead, text).strip("._-")
    return stem.encode()[:most_bytes].decode(errors="ignore").strip("._-") or fallback


def escaped(text: str) -> str:
    """Text of a capture, escaped for HTML, SVG, and attributes in double quotes."""
    from html import escape  # with all entities of HTML: 2 ms

    return escape(clean(text), quote=True)
