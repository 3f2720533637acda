"""Reading suite.toml: every mistake is named with its target and key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfsheet.errors import PerfsheetError, usage
from perfsheet.models.suite.model import COLLECTABLE, Suite, Target
from perfsheet.toml_files import parsed

_SUITE_KEYS = {"name": str, "folder": str, "output": str, "timeout": float, "python": str, "board": str}
_TARGET_KEYS = {
    "model": str,
    "command": str,
    "setting": str,
    "batch": int,
    "collect": list,
    "replay": list,
    "board": str,
    "pass": str,
    "timeout": float,
    "python": str,
    "expected-compile": float,
    "expected-inference": float,
    "pcc": float,
    "reference": str,
    "inputs": str,
    "graph": str,
    "notes": str,
}
_KINDS = {str: "a text", float: "a number above 0", int: "a whole number above 0", list: "a text or a list of texts"}
_DOCS = "docs/suite.md has the keys"


def read_suite(path: Path, with_captures: bool = True) -> Suite:
    """The suite in a TOML file; `with_captures`: those that it names must be there.

    Raises PerfsheetError (exit status 2) that names the file, the target and the key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise usage(f"{path} cannot be read: {why}", "name a suite.toml (docs/suite.md)") from None
    tables = parsed(text, path, "mend it")
    if strange := sorted(set(tables) - {"suite", "target"}):
        raise usage(f"{path}: no such table: {', '.join(strange)}", "a suite has [suite] and [[target]]")
    head, targets = tables.get("suite", {}), tables.get("target", [])
    if not isinstance(head, dict) or not isinstance(targets, list) or not all(isinstance(one, dict) for one in targets):
        raise usage(f"{path}: [suite] is one table, and [[target]] a list of them", _DOCS)
    if not targets:
        raise usage(f"{path} has no target", "add a [[target]] with a model and a command")
    common = _checked(path, "[suite]", head, _SUITE_KEYS)
    here = path.absolute().parent
    folder = here / common.get("folder", ".")
    if not folder.is_dir():
        raise usage(f"{path}: [suite] folder: there is no folder {folder}", "it is taken from the folder of the file")
    name = common.get("name", path.stem).strip()
    slug = re.sub(r"[^\w.+-]+", "-", name).strip("-.")
    if not slug:
        raise usage(f"{path}: [suite] name {name!r} names nothing", "give it letters")
    read = tuple(_target(path, number, table, common, with_captures) for number, table in enumerate(targets, 1))
    _refuse_twins(path, read)
    output = (here / common.get("output", f"generated/suite/{slug}")).resolve()
    return Suite(path, name, folder.resolve(), output, read)


def _target(
    path: Path, number: int, table: Mapping[str, Any], common: Mapping[str, Any], with_captures: bool
) -> Target:
    where = f"target {number}" + (f" ({table['model']})" if isinstance(table.get("model"), str) else "")
    values = _checked(path, where, table, _TARGET_KEYS)
    if missing := [key for key in ("model", "command") if not values.get(key, "").strip()]:
        raise usage(f"{path}: {where} has no {missing[0]}", _DOCS)
    _command(path, where, values["command"])
    _board_and_pass(path, where, {**common, **values})
    if values.get("pcc", 1.0) > 1:
        raise usage(f"{path}: {where}: a PCC of {values['pcc']:g} is none", "give 1 or less")
    collect = tuple(values.get("collect", COLLECTABLE))
    if not collect:
        raise usage(f"{path}: {where} collects nothing", f"choose of {', '.join(COLLECTABLE)}")
    if strange := [one for one in collect if one not in COLLECTABLE]:
        raise usage(
            f"{path}: {where}: nothing to collect is called {strange[0]!r}", f"choose of {', '.join(COLLECTABLE)}"
        )
    captures = tuple((path.absolute().parent / capture).resolve() for capture in values.get("replay", ()))
    if lost := [capture for capture in captures if with_captures and not capture.exists()]:
        raise usage(f"{path}: {where}: there is no capture {lost[0]}", "it is taken from the folder of the file")
    return Target(
        values["model"],
        values["command"],
        values.get("setting", ""),
        values.get("batch"),
        collect,
        captures,
        values.get("board", common.get("board")),
        values.get("pass", "all"),
        values.get("timeout", common.get("timeout")),
        values.get("python", common.get("python")),
        values.get("expected-compile"),
        values.get("expected-inference"),
        values.get("pcc"),
        values.get("reference", ""),
        values.get("inputs", ""),
        values.get("graph", ""),
        values.get("notes", ""),
    )


def _command(path: Path, where: str, command: str) -> None:
    """Refuse a command that cannot be followed now, not after an hour of other targets."""
    from perfsheet.run.command import parse_command

    try:
        parse_command(command)
    except PerfsheetError as error:
        raise usage(f"{path}: {where}: {error.message}", error.hint) from None


def _board_and_pass(path: Path, where: str, values: Mapping[str, Any]) -> None:
    from perfsheet.analysis.options import Selection
    from perfsheet.hardware.boards import board

    try:
        if "board" in values:
            board(values["board"])
        Selection(which_pass=values.get("pass", "all"))
    except PerfsheetError as error:
        raise usage(f"{path}: {where}: {error.message}", error.hint) from None


def _checked(path: Path, where: str, table: Mapping[str, Any], keys: Mapping[str, type]) -> dict[str, Any]:
    """The values of a table, each of the kind that its key has; `_` in a key is as good as `-`."""
    found: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("_", "-")
        if key not in keys:
            raise usage(f"{path}: {where} has no key {written!r}", f"it knows {', '.join(keys)}")
        if key in found:
            raise usage(f"{path}: {where} has {key} twice, once with `_`", "leave one of them out")
        checked = _value(value, keys[key])
        if checked is None:
            raise usage(f"{path}: {where}: {written} is {value!r}, not {_KINDS[keys[key]]}", _DOCS)
        found[key] = checked
    return found


def _value(value: object, kind: type) -> Any:
    """The value as one of its kind; None when it is none."""
    if kind is str:
        return value if isinstance(value, str) else None
    if kind is list:
        values = [value] if isinstance(value, str) else value
        return values if isinstance(values, list) and all(isinstance(one, str) for one in values) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
        return None
    if kind is int:
        return value if isinstance(value, int) else None
    return float(value)


def _refuse_twins(path: Path, targets: tuple[Target, ...]) -> None:
    names: dict[str, int] = {}
    for number, target in enumerate(targets, 1):
        first = names.setdefault(target.name, number)
        if first != number:
            raise usage(f"{path}: targets {first} and {number} are both {target.name}", "give one of them a setting")
