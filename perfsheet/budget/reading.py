"""Reads perf-budget.toml; every mistake is reported in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perfsheet.analysis import Options, Selection
from perfsheet.budget.hardware import Hardware
from perfsheet.budget.limits import BY_KEY, Limit
from perfsheet.budget.model import TOLERANCE, Bound, Budget
from perfsheet.budget.quantities import Unit, example, quantity
from perfsheet.documents import read_toml
from perfsheet.errors import PerfsheetError, usage
from perfsheet.light_dataclass import dataclass

_TABLES = ("tolerance", "two-sided", "hardware", "window", "limits", "op-types", "ops")
_HARDWARE: dict[str, type] = {"arch": str, "boards": str, "devices": int}
SELECTION = {
    "start-signpost": "start_signpost",
    "end-signpost": "end_signpost",
    "id-range": "id_range",
    "device": "devices",
    "pass": "which_pass",
    "run": "run",
    "host-ops": "host_ops",
}
OPTIONS = {
    "per-device": "per_device",
    "ref-cores": "ref_cores",
    "low-cores": "low_cores_pct",
    "board": "board",
    "batch": "batch",
}
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("start-signpost", "end-signpost", "id-range", "board"), (str,)),
    **dict.fromkeys(("batch", "low-cores"), (int, float)),
    "device": (int,),
    "run": (int,),
    "pass": (str, int),
    **dict.fromkeys(("host-ops", "per-device"), (bool,)),
    "ref-cores": (str, int, float),
}
_HOW = ("tolerance", "two-sided")
_NAMES = ("op-code", "shape", "layout")
"""The keys that select single ops, with the values that top-ops shows."""


def read_budget(path: Path) -> Budget:
    """Read a budget. Raises PerfsheetError (exit status 2) that names the file, the table and the key."""
    return budget_of(read_toml(path, "see docs/budgets.md; `perfsheet budget init` writes a first budget"), path)


def budget_of(tables: dict[str, Any], path: Path) -> Budget:
    """The budget of a parsed file."""
    for key in tables:
        if key not in _TABLES:
            raise usage(f"{path}: unknown table or key {key!r}", f"known: {', '.join(_TABLES)}")
    how = _how(tables, path, "", _How(TOLERANCE, two_sided=False))
    window = _table(tables, "window", path)
    bounds = tuple(_bounds(tables, path, how))
    if not bounds:
        raise usage(f"{path} sets no limit", "give [limits] one of docs/budgets.md")
    selection, options = _window(window, path)
    return Budget(str(path), bounds, selection, options, _hardware(_table(tables, "hardware", path), path))


@dataclass(frozen=True)
class _How:
    """How strictly limits are checked: any table may have its own `tolerance` and `two-sided`, and so may a limit."""

    tolerance: float
    two_sided: bool


def _bounds(tables: dict[str, Any], path: Path, how: _How) -> Iterator[Bound]:
    yield from _of_table(_table(tables, "limits", path), path, "limits", how)
    for op_type, table in _table(tables, "op-types", path).items():
        name = f"op-types.{op_type}"
        yield from _of_table(_is_table(table, path, name), path, name, how, op_type=op_type)
    entries = tables.get("ops", [])
    if not isinstance(entries, list):
        raise usage(f"{path}: ops is not a list of tables", "write [[ops]]")
    for number, entry in enumerate(entries, 1):
        where = f"ops {number}"
        table = _is_table(entry, path, where)
        names = {key: str(table.get(key, "")) for key in _NAMES}
        if not names["op-code"]:
            raise usage(f"{path}: {where} has no op-code", "give one, as top-ops shows it")
        label = "ops." + " · ".join(filter(None, names.values()))
        limits = {key: value for key, value in table.items() if key not in _NAMES}
        yield from _of_table(
            limits, path, label, how, op_type=names["op-code"], shape=names["shape"], layout=names["layout"]
        )


def _of_table(table: dict[str, Any], path: Path, name: str, how: _How, **narrowed: Any) -> Iterator[Bound]:
    of_table = _how(table, path, f"{name}.", how)
    for key, value in table.items():
        if key in _HOW:
            continue
        limit = BY_KEY.get(key)
        fits = limit is not None and (limit.of_ops or not narrowed)
        if limit is None or not fits:
            keys = [candidate.key for candidate in BY_KEY.values() if candidate.of_ops or not narrowed]
            raise usage(f"{path}: {name} has no limit {key!r}", f"known: {', '.join(keys)}")
        full = f"{name}.{key}"
        wanted = value if isinstance(value, dict) else {"value": value}
        if unknown := sorted(set(wanted) - {"value", *_HOW}):
            raise usage(f"{path}: {full} has no key {unknown[0]!r}", 'write { value = "3.9 ms", two-sided = true }')
        own = _how(wanted, path, f"{full}.", of_table)
        target = _value(wanted.get("value"), limit, path, name)
        yield Bound(full, limit, target, own.tolerance, **narrowed)
        if own.two_sided:
            if own.tolerance >= 1:
                raise usage(
                    f"{path}: {full} is two-sided with a tolerance of {100 * own.tolerance:.4g} %: one side allows 0",
                    'give a tolerance below "100 %"',
                )
            other = f"{full} ({'at most' if limit.floor else 'at least'})"
            yield Bound(other, limit, target, own.tolerance, **narrowed, other_side=True)


def _value(value: object, limit: Limit, path: Path, name: str) -> float:
    parsed = quantity(value, limit.unit)
    if parsed is None:
        raise usage(f"{path}: {name}.{limit.key} = {value!r} is not valid", f"write {example(limit.unit)}")
    return parsed


def _how(table: dict[str, Any], path: Path, prefix: str, default: _How) -> _How:
    tolerance, two_sided = default.tolerance, table.get("two-sided", default.two_sided)
    if "tolerance" in table:
        parsed = quantity(table["tolerance"], Unit.SHARE)
        if parsed is None:
            raise usage(f"{path}: {prefix}tolerance = {table['tolerance']!r} is not a percentage", 'write "5 %"')
        tolerance = parsed
    if not isinstance(two_sided, bool):
        raise usage(f"{path}: {prefix}two-sided = {two_sided!r} is neither true nor false", "write true or false")
    return _How(tolerance, two_sided)


def _table(tables: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    return _is_table(tables.get(name, {}), path, name)


def _is_table(value: object, path: Path, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise usage(f"{path}: {name} is not a table", "see docs/budgets.md")
    return value


def _hardware(table: dict[str, Any], path: Path) -> Hardware:
    for key, value in table.items():
        if key not in _HARDWARE:
            raise usage(f"{path}: hardware has no key {key!r}", f"known: {', '.join(_HARDWARE)}")
        if not isinstance(value, _HARDWARE[key]) or isinstance(value, bool):
            raise usage(f"{path}: hardware.{key} = {value!r} has the wrong type", "see docs/budgets.md")
    return Hardware(**table)


def _window(table: dict[str, Any], path: Path) -> tuple[dict[str, object], dict[str, object]]:
    """The keyword arguments of Selection and Options that the file sets."""
    selection: dict[str, object] = {}
    options: dict[str, object] = {}
    for key, value in table.items():
        if key not in _KINDS:
            raise usage(f"{path}: window has no key {key!r}", f"known: {', '.join(_KINDS)}")
        listed = value if key == "device" and isinstance(value, list) else [value]
        if not all(
            isinstance(item, _KINDS[key]) and isinstance(item, bool) == (bool in _KINDS[key]) for item in listed
        ):
            raise usage(f"{path}: window.{key} = {value!r} has the wrong type", "see docs/budgets.md")
        if key in SELECTION:
            selection[SELECTION[key]] = tuple(listed) if key == "device" else value
        else:
            options[OPTIONS[key]] = value
    try:
        Options(selection=Selection(**selection), **options)  # type: ignore[arg-type]
    except PerfsheetError as error:
        raise usage(f"{path}: window: {_with_keys(error.message)}", error.hint) from None
    return selection, options


def _with_keys(message: str) -> str:
    """A message that names fields of Options and Selection, with the keys of the file instead."""
    for key, field in (*SELECTION.items(), *OPTIONS.items()):
        message = message.replace(f"`{field}`", f"`{key}`")
    return message
