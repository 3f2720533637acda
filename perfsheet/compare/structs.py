"""ATTRIBUTES of an op as named values: `program_config.in0_block_w` is 2.

The profiler dumps nested structs, `Type(key=value;key=Type(…))`, and every build does it a little differently.
"""

from __future__ import annotations

import re
from functools import lru_cache

from perfsheet.analysis.ops.attributes import UNSET

_ENTRY = re.compile(r"'([^']*)': '([^']*)'")
_STRUCT = re.compile(r"([A-Za-z_][\w:]*)?\s*([({])(.*)[)}]", re.DOTALL)
_KEY = re.compile(r"\s*\"?([A-Za-z_]\w*)\"?\s*[=:](?!:)\s*(.*)", re.DOTALL)
_SCOPE = re.compile(r"\b\w+::")
_WORDS = re.compile(r"[A-Za-z_]\w*|(?:(?<!\d)-)?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COORDINATES = {"x", "y", "start", "end"}
_TRUTH = {"true": "1", "false": "0"}
_DEEPEST, _LONGEST = 6, 20_000
# Names of one thing in different ops and builds.
_SAME_THING = {"output_memory_config": "output_mem_config", "memory_config": "output_mem_config"}

_TYPED = frozenset({"program_config", "config"})
"""Attributes whose type is a choice of the user's; other types only have other names in other builds."""


@lru_cache(maxsize=65536)
def flat(attributes: str) -> dict[str, str]:
    """Every value of an ATTRIBUTES cell by its dotted name, structs and their members; "" = not set."""
    found: dict[str, str] = {}
    for name, value in _ENTRY.findall(attributes):
        bare = name.rstrip("_") or name
        _flatten(_SAME_THING.get(bare, bare), value.strip(), found, 0)
    return found


def _flatten(name: str, value: str, found: dict[str, str], depth: int) -> None:
    if value in UNSET:
        found[name] = ""
        return
    struct = _STRUCT.fullmatch(value) if depth < _DEEPEST and len(value) < _LONGEST else None
    members = [_KEY.fullmatch(part) for part in _parts(struct[3])] if struct and struct[1] else []
    if struct is None or not all(members) or (not members and struct[3].strip()):
        found[name] = value
        return
    found[name] = _SCOPE.sub("", value)
    for member in members:
        assert member is not None
        _flatten(f"{name}.{member[1].rstrip('_')}", member[2].strip(), found, depth + 1)


def _parts(body: str) -> list[str]:
    """The members of a struct: split at `;` outside of brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(body):
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == ";" and depth == 0:
            parts.append(body[start:place])
            start = place + 1
    return [part for part in (*parts, body[start:]) if part.strip()]


def alike(name: str, one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether a value says the same in both; structs do when their type does, for their members are values, too."""
    was, now = one.get(name, ""), other.get(name, "")
    if was == now or _meaning(was) == _meaning(now):
        return True
    if not (was and now and _is_struct(name, one) and _is_struct(name, other)):
        return False
    return name not in _TYPED or _type(was) == _type(now)


def _is_struct(name: str, found: dict[str, str]) -> bool:
    return any(key.startswith(f"{name}.") for key in found) or found[name].endswith("()")


def _type(struct: str) -> str:
    return re.split(r"[({]", struct, maxsplit=1)[0].strip()


@lru_cache(maxsize=65536)
def _meaning(value: str) -> tuple[str, ...]:
    """What a value says, whatever brackets, scopes and names of coordinates a build writes."""
    words = (_TRUTH.get(word.lower(), word) for word in _WORDS.findall(_SCOPE.sub("", value)))
    return tuple(word for word in words if word not in _COORDINATES)
