"""Values inside the ATTRIBUTES cell of an op: `{'name': 'value'; 'config': 'Type(key=1;key=(2;2))'}`."""

from __future__ import annotations

import re
from functools import lru_cache

UNSET = {"", "std::nullopt", "nullopt", "None"}
"""How the profiler writes an option that was not given."""

_TRUE = {"1", "true"}
# Longer ones are no sizes; 18 digits stay within 64 bits.
_NUMBERS = re.compile(r"(?<!\d)-?\d{1,18}(?!\d)")
_ONE_NUMBER = re.compile(r"-?\d{1,18}")


@lru_cache(maxsize=256)
def _entry(name: str) -> re.Pattern[str]:
    return re.compile(rf"'{name}_?': '([^']*)'")


@lru_cache(maxsize=256)
def _key(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{name}=(\([^)]*\)|[^;,)\s]+)")


def attribute(attributes: str, *names: str) -> str:
    """The value of the first of these attributes that is there and set; blank when none is."""
    for name in names:
        match = _entry(name).search(attributes)
        if match and match[1].strip() not in UNSET:
            return match[1].strip()
    return ""


def is_set(attributes: str, name: str) -> bool:
    """Whether an attribute says true; unset says no."""
    return attribute(attributes, name).lower() in _TRUE


def whole_number(attributes: str, *names: str) -> int | None:
    """An attribute that is one whole number."""
    text = attribute(attributes, *names)
    return int(text) if _ONE_NUMBER.fullmatch(text) else None


def positive(attributes: str, *names: str) -> int | None:
    """An attribute that is one whole number above 0."""
    number = whole_number(attributes, *names)
    return number if number is not None and number > 0 else None


def key_numbers(text: str, key: str) -> tuple[int, ...]:
    """The whole numbers behind `key=` inside a value: `window_hw=(3;3)` gives (3, 3), `in0_block_w=2` gives (2,)."""
    match = _key(key).search(text)
    return tuple(int(number) for number in _NUMBERS.findall(match[1])) if match else ()


def list_numbers(text: str) -> tuple[int, ...]:
    """All whole numbers of a value: `{1; 98; 1280; 3}`."""
    return tuple(int(number) for number in _NUMBERS.findall(text))


def grid_size(attributes: str) -> int | None:
    """Cores of `compute_with_storage_grid_size`, spelled `(x=8;y=8)` or `8-8`."""
    extents = [abs(extent) for extent in key_numbers(attributes, "compute_with_storage_grid_size")]
    return extents[0] * extents[1] if len(extents) == 2 else None
