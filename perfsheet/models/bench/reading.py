"""Reading bench.toml: a bench of several tables and runtimes; errors name the row and the key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from perfsheet.documents import InvalidDocumentError, as_type, read_toml
from perfsheet.errors import PerfsheetError, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.bench.model import UNITS, Deviation, Entry, Group, Kind, Plan, Runtime, Variant, baseline_index
from perfsheet.models.bench.running import check_entry

T = TypeVar("T")
_DOCS = "docs/bench.md has the keys"
_LABELS = dict[str, str | int | float | bool]


@dataclass(frozen=True)
class _Head:
    """[bench]; a row may have its own of what has a default here."""

    name: str = ""
    hardware: str = ""
    counted: str = ""
    baseline: str = ""
    deviation: Deviation = "sample"
    iterations: int = 10
    warmup: int = 1
    timeout: float | None = None
    python: str | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class _Row:
    """[[group.row]]"""

    labels: _LABELS
    function: str = ""
    parameters: _LABELS | None = None
    command: str = ""
    latency: str = ""
    unit: str = "ms"
    deviation: Deviation | None = None
    recorded: str = ""
    column: str = ""
    iterations: int | None = None
    warmup: int | None = None
    timeout: float | None = None
    python: str | None = None
    tokens: int | None = None
    runs: int | None = None


_ANY = ("labels", "deviation", "tokens")
_OF_PROCESS = ("parameters", "timeout", "python")
_KEYS: dict[Kind, tuple[str, ...]] = {
    "function": (*_ANY, *_OF_PROCESS, "function", "iterations", "warmup"),
    "command": (*_ANY, *_OF_PROCESS, "command", "iterations", "warmup"),
    "printed": (*_ANY, *_OF_PROCESS, "command", "latency", "unit", "runs"),
    "recorded": (*_ANY, "recorded", "column", "unit", "runs"),
}
"""The keys that mean something for each kind of row."""


def read_bench(path: Path) -> Plan:
    """The plan of a file; paths in it start at its folder, commands run in the current one.

    Raises PerfsheetError (exit status 2) that names the file, the row and the key.
    """
    tables = read_toml(path, "give a bench.toml (docs/bench.md)")
    if unknown := sorted(set(tables) - {"bench", "group"}):
        raise usage(f"{path}: unknown table: {', '.join(unknown)}", "a bench has [bench] and [[group]]")
    head = _as(path, "[bench]", tables.get("bench", {}), _Head)
    groups, entries = [], []
    listed = tables.get("group", [])
    for number, table in enumerate(listed if isinstance(listed, list) else [listed]):
        where = f"group {number + 1}"
        if not isinstance(table, dict):
            raise usage(f"{path}: {where} is not a table", "write [[group]]")
        rows = table.get("row", [])
        groups.append(_as(path, where, {key: value for key, value in table.items() if key != "row"}, Group))
        for place, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
            at = f"{where}, row {place}"
            entries.append(_entry(path, at, _as(path, at, row, _Row), list(row), head, number))
    if not entries:
        raise usage(f"{path} has no row", "add a [[group]] with a [[group.row]]")
    if repeated := [name for name, count in Counter(group.name for group in groups).items() if name and count > 1]:
        raise usage(f"{path}: two groups are called {repeated[0]!r}", "give each a name of its own")
    of_entries = [groups[entry.group].name for entry in entries]
    baseline = baseline_index(head.baseline or None, [entry.variant for entry in entries], of_entries)
    return Plan(
        head.name or path.stem,
        tuple(entries),
        tuple(groups),
        baseline,
        head.hardware,
        head.counted,
        head.deviation,
    )


def _as(path: Path, where: str, value: object, kind: type[T]) -> T:
    """A table as its type; keys that it has not are mistakes."""
    if isinstance(value, Mapping) and (unknown := sorted(set(value) - set(kind.__annotations__))):
        raise usage(f"{path}: {where}: unknown key {unknown[0]!r}", f"the keys are {', '.join(kind.__annotations__)}")
    try:
        return as_type(value, kind)
    except InvalidDocumentError as error:
        raise usage(f"{path}: {where} {error}", _DOCS) from None


def _entry(path: Path, where: str, row: _Row, keys: Sequence[str], head: _Head, group: int) -> Entry:
    given = [name for name in ("function", "command", "recorded") if getattr(row, name)]
    if len(given) != 1:
        raise usage(
            f"{path}: {where} has {' and '.join(given) or 'nothing'} to measure",
            "give one: function, command or recorded",
        )
    if row.unit not in UNITS:
        raise usage(f"{path}: {where}: unknown unit {row.unit!r}", f"choose from {', '.join(UNITS)}")
    here = path.absolute().parent
    file, colon, name = row.function.rpartition(":")
    function = f"{here / file}{colon}{name}" if colon else row.function
    try:
        runtime = Runtime(
            function,
            row.command,
            str(here / row.recorded) if row.recorded else "",
            row.latency,
            row.column,
            row.unit,
            row.deviation,
            row.python or head.python,
            row.runs,
        )
        if useless := sorted(set(keys) - {*_KEYS[runtime.kind]}):
            raise usage(
                f"{path}: {where}: {useless[0]!r} means nothing for a {runtime.kind} row",
                f"its keys are {', '.join(_KEYS[runtime.kind])}",
            )
        parameters = {} if row.parameters is None and not row.function else row.parameters
        entry = Entry(
            _variant(row.labels),
            runtime,
            group,
            head.iterations if row.iterations is None else row.iterations,
            head.warmup if row.warmup is None else row.warmup,
            head.timeout if row.timeout is None else row.timeout,
            head.tokens if row.tokens is None else row.tokens,
            None if parameters is None else tuple(parameters.items()),
        )
        check_entry(entry)
    except PerfsheetError as error:
        raise usage(f"{path}: {where}: {error.message}", error.hint) from None
    return entry


def _variant(values: Mapping[str, Any]) -> Variant:
    return Variant(tuple((name, _text(value)) for name, value in values.items()))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
