"""The ATTRIBUTES cell of an op, parsed: `{'name': 'value'; 'config': 'Type(key=1;key=(2;2))'}`.

`entries` splits the cell, `flatten` also splits nested structs: `program_config.in0_block_w` is `2`. Every build of
tt-metal writes structs a little differently; what cannot be split stays one text.
"""

from __future__ import annotations

import re
from functools import lru_cache

UNSET = {"", "std::nullopt", "nullopt", "None"}
"""How the profiler writes an option that was not given."""

_ENTRY = re.compile(r"'([^']*)': '([^']*)'")
_STRUCT = re.compile(r"([A-Za-z_][\w:]*)?\s*([({])(.*)[)}]", re.DOTALL)
_MEMBER = re.compile(r"\s*\"?([A-Za-z_]\w*)\"?\s*[=:](?!:)\s*(.*)", re.DOTALL)
_SCOPE = re.compile(r"\b\w+::")
_MAX_DEPTH, _MAX_STRUCT_LENGTH = 6, 20_000
# Names of one attribute in different ops and builds.
_ALIASES = {"output_memory_config": "output_mem_config", "memory_config": "output_mem_config"}

_TRUE = {"1", "true"}
# A size has no more digits than a 64-bit number.
_NUMBERS = re.compile(r"(?<!\d)-?\d{1,18}(?!\d)")
_ONE_NUMBER = re.compile(r"-?\d{1,18}")


@lru_cache(maxsize=4096)
def entries(attributes: str) -> dict[str, str]:
    """The attributes by name, without the underscore that some builds put behind it; values as they are written."""
    values: dict[str, str] = {}
    for name, value in _ENTRY.findall(attributes):
        values.setdefault(name.rstrip("_") or name, value.strip())
    return values


def attribute(attributes: str, *names: str) -> str:
    """The value of the first of these attributes that is there and set; blank when none is."""
    values = entries(attributes)
    return next((values[name] for name in names if values.get(name, "") not in UNSET), "")


def is_set(attributes: str, name: str) -> bool:
    """Whether an attribute is true; False when it is unset."""
    return attribute(attributes, name).lower() in _TRUE


def whole_number(attributes: str, *names: str) -> int | None:
    """An attribute that is one whole number."""
    text = attribute(attributes, *names)
    return int(text) if _ONE_NUMBER.fullmatch(text) else None


def positive(attributes: str, *names: str) -> int | None:
    """An attribute that is one whole number above 0."""
    number = whole_number(attributes, *names)
    return number if number is not None and number > 0 else None


_VALUE = re.compile(r"\([^)]*\)|[^;,)\s]+")


def key_numbers(text: str, key: str) -> tuple[int, ...]:
    """The whole numbers of `key=` in a value: `window_hw=(3;3)` gives (3, 3), `in0_block_w=2` gives (2,)."""
    before, found = "", text.partition(f"{key}=")
    while found[1]:
        before += found[0]
        value = _VALUE.match(found[2])
        if value and not (before[-1:].isalnum() or before.endswith("_")):
            return list_numbers(value[0])
        before += found[1]
        found = found[2].partition(f"{key}=")
    return ()


def list_numbers(text: str) -> tuple[int, ...]:
    """All whole numbers of a value: `{1; 98; 1280; 3}`."""
    return tuple(int(number) for number in _NUMBERS.findall(text))


def grid_size(attributes: str) -> int | None:
    """Cores of `compute_with_storage_grid_size`, written `(x=8;y=8)` or `8-8`."""
    extents = [abs(extent) for extent in key_numbers(attributes, "compute_with_storage_grid_size")]
    return extents[0] * extents[1] if len(extents) == 2 else None


def dram_readers(attributes: str) -> int | None:
    """Readers per DRAM bank of a DRAM-sharded matmul (`num_workers_per_dram_bank`, else 1); None for other ops."""
    if "DRAMSharded" not in attribute(attributes, "program_config"):
        return None
    stated = list_numbers(flatten(attributes).get("program_config.num_workers_per_dram_bank", ""))
    return max(stated[0], 1) if stated else 1


@lru_cache(maxsize=65536)
def flatten(attributes: str) -> dict[str, str]:
    """Every attribute and every member of a struct by its dotted name; "" = not set."""
    values: dict[str, str] = {}
    for name, value in entries(attributes).items():
        _add_flattened(_ALIASES.get(name, name), value, values, 0)
    return values


def _add_flattened(name: str, value: str, values: dict[str, str], depth: int) -> None:
    if value in UNSET:
        values[name] = ""
        return
    struct = _STRUCT.fullmatch(value) if depth < _MAX_DEPTH and len(value) < _MAX_STRUCT_LENGTH else None
    members = [_MEMBER.fullmatch(part) for part in _split_members(struct[3])] if struct and struct[1] else []
    if struct is None or not all(members) or (not members and struct[3].strip()):
        values[name] = value
        return
    values[name] = without_scopes(value)
    for member in members:
        assert member is not None
        _add_flattened(f"{name}.{member[1].rstrip('_')}", member[2].strip(), values, depth + 1)


def without_scopes(value: str) -> str:
    """A value without C++ scopes: `DataType::BFLOAT16` is `BFLOAT16`."""
    return _SCOPE.sub("", value)


def _split_members(body: str) -> list[str]:
    """The members of a struct: its text split at each `;` outside of brackets."""
    members, depth, start = [], 0, 0
    for index, letter in enumerate(body):
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == ";" and depth == 0:
            members.append(body[start:index])
            start = index + 1
    return [member for member in (*members, body[start:]) if member.strip()]
