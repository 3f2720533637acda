"""JSON as text: strictly valid on every input, and nothing in it can drive a terminal or a reader's eye."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from perfsheet.text.safe import UNPRINTABLE

_SURROGATES = 0x10000


def json_text(value: Any, indent: int = 2) -> str:
    """The text of a value. A number that is not finite is null, as JSON has none."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)
    return UNPRINTABLE.sub(_escape, text)


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
    return json.dumps(mark)[1:-1] if ord(mark) >= _SURROGATES else f"\\u{ord(mark):04x}"
