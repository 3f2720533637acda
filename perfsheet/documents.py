"""TOML, JSON and YAML files: settings, budgets, suites, and what perfsheet itself wrote. Anybody may have changed them.

They are bounded in size, depth and numbers before anything else looks at them; JSON is checked against its type.
"""

from __future__ import annotations

import errno
import math
import os
import sys
from pathlib import Path
from typing import Any, TypeVar

from perfsheet.errors import usage

T = TypeVar("T")

_MOST_BYTES = {".toml": 1 << 20, ".yaml": 4 << 20, ".yml": 4 << 20, ".json": 64 << 20}
_DEEPEST = 64
_MOST_VALUES = 1_000_000
_LARGEST = 2**63 - 1
_TOO_LONG = "has an integer of more than 64 bits"
"""TOML promises no larger integers, and no figure of ours needs one."""
_KIB = 1024


class InvalidDocumentError(ValueError):
    """A file that is not what it should be; the message says why, to follow the name of the file."""


def read_toml(path: Path, hint: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises PerfsheetError (exit status 2) with the file, and the line if it has one."""
    try:
        return parse_toml(_bytes(path), path, hint)
    except OSError as error:
        raise usage(f"{path}: {error.strerror or error}", hint) from None
    except InvalidDocumentError as error:
        raise usage(f"{path} {error}", hint) from None


def parse_toml(content: bytes, path: Path, hint: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises PerfsheetError (exit status 2) with the file, and the line if it has one."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tables: dict[str, Any] = tomllib.loads(content.decode("utf-8-sig"))
        refuse_extremes(tables)
    except tomllib.TOMLDecodeError as error:
        raise usage(f"{path} is not valid TOML: {error}", hint) from None
    except (InvalidDocumentError, ValueError, RecursionError) as error:
        raise usage(f"{path} {_reason(error)}", hint) from None
    return tables


def read_yaml(path: Path, kind: type[T], hint: str) -> T:
    """The value in a YAML file, of that type. Raises PerfsheetError (exit status 2) with the file."""
    import yaml

    try:
        value: object = yaml.safe_load(_bytes(path))
        refuse_extremes(value)
        _expanded(value, {}, set())
        return as_type(value, kind)
    except OSError as error:
        raise usage(f"{path}: {error.strerror or error}", hint) from None
    except yaml.YAMLError as error:
        raise usage(f"{path} is not valid YAML: {' '.join(str(error).split())}", hint) from None
    except (InvalidDocumentError, ValueError, RecursionError) as error:
        raise usage(f"{path} {_reason(error)}", hint) from None


def _expanded(value: object, known: dict[int, int], above: set[int]) -> int:
    """How many values it has with every alias written out. Raises InvalidDocumentError for too many, or for endless."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in above:
        raise InvalidDocumentError("has a value that contains itself")
    if id(value) not in known:
        above.add(id(value))
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_expanded(one, known, above) for one in inner)
        above.discard(id(value))
        if known[id(value)] > _MOST_VALUES:
            raise InvalidDocumentError(f"has more than {_MOST_VALUES:,} values with its aliases written out")
    return known[id(value)]


def read_json(path: Path, kind: type[T]) -> T:
    """The value in a JSON file, of that type. Raises InvalidDocumentError, or OSError."""
    return decode_json(_bytes(path), kind)


def read_plain(path: Path) -> object:
    """The value in a JSON file as objects, arrays, texts and numbers. Raises InvalidDocumentError, or OSError."""
    return plain_json(_bytes(path))


def decode_json(content: bytes, kind: type[T]) -> T:
    """The value of a JSON text, of that type: a dataclass, or what it consists of. Raises InvalidDocumentError."""
    return as_type(plain_json(content), kind)


def plain_json(content: bytes) -> object:
    """The value of a JSON text as objects, arrays, texts and numbers. Raises InvalidDocumentError."""
    import json

    try:
        value: object = json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidDocumentError(_reason(error)) from None
    refuse_extremes(value, finite=True)
    return value


def _no_number(name: str) -> float:
    raise InvalidDocumentError(f"has {name}, which is no number in JSON")


def as_type(value: object, kind: type[T]) -> T:
    """The plain value as a dataclass, or what that consists of. Raises InvalidDocumentError."""
    import msgspec

    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidDocumentError(f"is not as it should be: {error}") from None


def _bytes(path: Path) -> bytes:
    if not path.is_file():  # a pipe would wait for ever, a device has no end
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    most = _MOST_BYTES.get(path.suffix, _MOST_BYTES[".json"])
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise InvalidDocumentError(f"is larger than {most // _KIB:,} KiB")
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidDocumentError):
        return str(error)
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, UnicodeError):
        return "is not UTF-8 text"
    if "integer string conversion" in str(error):  # Python's limit, with an appeal to programmers
        return _TOO_LONG
    return f"cannot be read: {error}"


def refuse_extremes(value: object, finite: bool = False) -> None:
    """Raise InvalidDocumentError for what no program would write: nesting, integers or texts without end."""
    level: list[object] = [value]
    seen: set[int] = set()  # in YAML a few lines may name one value billions of times
    for _ in range(_DEEPEST):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict | list):
                if id(item) in seen:
                    continue
                seen.add(id(item))
            if isinstance(item, dict):
                deeper += [*item, *item.values()]
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, int) and abs(item) > _LARGEST:
                raise InvalidDocumentError(_TOO_LONG)
            elif finite and isinstance(item, float) and not math.isfinite(item):
                raise InvalidDocumentError("has a number that is not finite")
            elif isinstance(item, str) and not item.isascii() and any("\ud800" <= mark <= "\udfff" for mark in item):
                raise InvalidDocumentError("has half a character (a surrogate)")
        if not deeper:
            return
        level = deeper
    raise InvalidDocumentError("is nested too deeply")


def ignored(path: Path, error: InvalidDocumentError | OSError) -> str:
    """`run.json is nested too deeply: ignored`."""
    reason = f"cannot be read ({error.strerror or error})" if isinstance(error, OSError) else str(error)
    return f"{path} {reason}: ignored"
