"""Python stacks as TTNN writes them: the frames of a traceback, innermost first."""

from __future__ import annotations

import re
from functools import lru_cache

from perfsheet.graph_report.model import Frame

_FRAME = re.compile(r'^\s*File "([^"\n]*)", line (\d+)(?:, in ([^\n]*))?\n?((?:(?!\s*File ")[^\n]*\n?)*)', re.MULTILINE)


@lru_cache(maxsize=65536)
def frames_of(stack: str) -> tuple[Frame, ...]:
    """The frames of a stack, innermost first; none where the text holds no frame."""
    found = tuple(
        Frame(file, int(line), function.strip(), code.strip().split("\n", 1)[0].strip())
        for file, line, function, code in _FRAME.findall(stack)
    )
    # Python's own order has the outermost frame first, and says so in its first line.
    return found[::-1] if stack.lstrip().startswith("Traceback") else found
