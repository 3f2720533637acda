"""Python stacks as TTNN writes them: the frames of a traceback, innermost first."""

from __future__ import annotations

import re
from functools import lru_cache

from perfsheet.graph_report.model import Frame

_FRAME = re.compile(r'\s*File "([^"]*)", line (\d{1,9})(?:, in (.*))?')


@lru_cache(maxsize=65536)
def frames_of(stack: str) -> tuple[Frame, ...]:
    """The frames of a stack, innermost first; none where the text holds no frame."""
    found: list[Frame] = []
    for line in stack.split("\n"):
        if frame := _FRAME.match(line):
            found.append(Frame(frame[1], int(frame[2]), (frame[3] or "").strip(), ""))
        elif found and not found[-1].code:
            found[-1] = found[-1]._replace(code=line.strip())
    # Python's own order has the outermost frame first, and says so in its first line.
    return tuple(reversed(found) if stack.lstrip().startswith("Traceback") else found)
