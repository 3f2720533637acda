"""What TTNN says when it refuses something, in one line."""

from __future__ import annotations

import re

_FATAL = re.compile(r"TT_(?:FATAL|THROW) ?(?:@ [^\s:]+:\d+: )?([^\n]*)(?:\n(?:info:\n)?([^\n]*))?")
"""TTNN's own failures: the condition that does not hold, and on the next line what that means."""
_EXCEPTION = "tt::exception"


def reason_of(error: str) -> str:
    """What TTNN means by an error, or what another error says first; blank for none."""
    found = _FATAL.search(error)
    said = [text.strip() for text in (found[2], found[1]) if text] if found else []
    meant = next((text for text in said if text and text != _EXCEPTION), "")
    return meant or next(iter(error.strip().splitlines()), "").strip()
