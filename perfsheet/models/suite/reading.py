"""Reading suite.toml; errors name the target and the key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfsheet.documents import read_toml
from perfsheet.errors import PerfsheetError, usage
from perfsheet.models.suite.model import COLLECTABLE, Suite, Target

_SUITE_KEYS = {
    "name": str,
    "folder": str,
    "output": str,
    "timeout": float,
    "python": str,
    "board": str,
    "targets": str,
    "sku": str,
}
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
_KINDS = {str: "text", float: "a number above 0", int: "a whole number above 0", list: "text or a list of texts"}
_DOCS = "docs/suite.md has the keys"


def read_suite(path: Path, with_captures: bool = True) -> Suite:
    """Read a suite; `with_captures`: its recorded captures must exist.

    Raises PerfsheetError (exit status 2) that names the file, the target and the key.
    """
    tables = read_toml(path, "give a suite.toml (docs/suite.md)")
    if unknown := sorted(set(tables) - {"suite", "target"}):
        raise usage(f"{path}: unknown table: {', '.join(unknown)}", "a suite has [suite] and [[target]]")
    head, targets = tables.get("suite", {}), tables.get("target", [])
    if (
        not isinstance(head, dict)
        or not isinstance(targets, list)
        or not all(isinstance(table, dict) for table in targets)
    ):
        raise usage(f"{path}: [suite] must be one table, [[target]] a list of tables", _DOCS)
    if not targets:
        raise usage(f"{path} has no target", "add a [[target]] with a model and a command")
    common = _checked(path, "[suite]", head, _SUITE_KEYS)
    here = path.absolute().parent
    folder = here / common.get("folder", ".")
    if not folder.is_dir():
        raise usage(f"{path}: [suite] folder: there is no folder {folder}", "the path starts at the folder of the file")
    name = common.get("name", path.stem).strip()
    slug = re.sub(r"[^\w.+-]+", "-", name).strip("-.")
    if not slug:
        raise usage(f"{path}: [suite] name {name!r} cannot name a folder", "use letters")
    suite_targets = tuple(
        _target(path, number, table, common, with_captures) for number, table in enumerate(targets, 1)
    )
    _refuse_duplicates(path, suite_targets)
    output = (here / common.get("output", f"generated/suite/{slug}")).resolve()
    central = (here / common["targets"]).resolve() if "targets" in common else None
    sku = common.get("sku", common.get("board", ""))
    if central is not None and not sku:
        raise usage(f"{path}: [suite] targets needs a sku", 'write sku = "wh_n150", as the file has it')
    return Suite(path.absolute(), name, folder.resolve(), output, suite_targets, central, sku)


def _target(
    path: Path, number: int, table: Mapping[str, Any], common: Mapping[str, Any], with_captures: bool
) -> Target:
    where = f"target {number}" + (f" ({table['model']})" if isinstance(table.get("model"), str) else "")
    values = _checked(path, where, table, _TARGET_KEYS)
    if missing := [key for key in ("model", "command") if not values.get(key, "").strip()]:
        raise usage(f"{path}: {where} has no {missing[0]}", _DOCS)
    _check_command(path, where, values["command"])
    _check_board_and_pass(path, where, {**common, **values})
    if values.get("pcc", 1.0) > 1:
        raise usage(f"{path}: {where}: {values['pcc']:g} is not a PCC", "give 1 or less")
    collect = tuple(values.get("collect", COLLECTABLE))
    if not collect:
        raise usage(f"{path}: {where} collects nothing", f"choose from {', '.join(COLLECTABLE)}")
    if unknown := [item for item in collect if item not in COLLECTABLE]:
        raise usage(f"{path}: {where}: cannot collect {unknown[0]!r}", f"choose from {', '.join(COLLECTABLE)}")
    captures = tuple((path.absolute().parent / capture).resolve() for capture in values.get("replay", ()))
    if missing := [str(capture) for capture in captures if with_captures and not capture.exists()]:
        raise usage(f"{path}: {where}: there is no capture {missing[0]}", "the path starts at the folder of the file")
    _check_graph(path, where, values.get("graph", ""))
    return Target(
        values["model"],
        values["command"],
        values.get("setting", ""),
        values.get("batch"),
        collect,
        captures,
        values.get("board", common.get("board")),
        values.get("pass"),
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


def _check_graph(path: Path, where: str, graph: str) -> None:
    if not graph:
        return
    file, _, name = graph.rpartition(":")
    if not name.isidentifier():
        raise usage(f"{path}: {where}: graph {graph!r} does not name a function", "write module.py:function")
    dotted = not file.endswith(".py") and "/" not in file
    if not dotted and not (path.absolute().parent / file).is_file():
        raise usage(f"{path}: {where}: there is no module {file}", "the path of graph starts at the folder of the file")


def _check_command(path: Path, where: str, command: str) -> None:
    """Refuse an unusable command now, not after an hour of other targets."""
    from perfsheet.run.command import parse_command

    try:
        parse_command(command)
    except PerfsheetError as error:
        raise usage(f"{path}: {where}: {error.message}", error.hint) from None


def _check_board_and_pass(path: Path, where: str, values: Mapping[str, Any]) -> None:
    from perfsheet.analysis.options import Selection
    from perfsheet.hardware.boards import board

    try:
        if "board" in values:
            board(values["board"])
        Selection(which_pass=values.get("pass"))
    except PerfsheetError as error:
        raise usage(f"{path}: {where}: {error.message}", error.hint) from None


def _checked(path: Path, where: str, table: Mapping[str, Any], keys: Mapping[str, type]) -> dict[str, Any]:
    """The values of a table, each of the type of its key; keys may be written with `_` or `-`."""
    values: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("_", "-")
        if key not in keys:
            raise usage(f"{path}: {where}: unknown key {written!r}", f"the keys are {', '.join(keys)}")
        if key in values:
            raise usage(f"{path}: {where} has {key} twice, once with `_`", "leave one out")
        checked = _value(value, keys[key])
        if checked is None:
            raise usage(f"{path}: {where}: {written} is {value!r}, not {_KINDS[keys[key]]}", _DOCS)
        values[key] = checked
    return values


def _value(value: object, kind: type) -> Any:
    """The value as its type; None if it is not of that type."""
    if kind is str:
        return value if isinstance(value, str) else None
    if kind is list:
        values = [value] if isinstance(value, str) else value
        return values if isinstance(values, list) and all(isinstance(item, str) for item in values) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
        return None
    if kind is int:
        return value if isinstance(value, int) else None
    return float(value)


def _refuse_duplicates(path: Path, targets: tuple[Target, ...]) -> None:
    numbers: dict[str, int] = {}
    for number, target in enumerate(targets, 1):
        first = numbers.setdefault(target.name, number)
        if first != number:
            raise usage(f"{path}: targets {first} and {number} are both {target.name}", "give one a setting")
