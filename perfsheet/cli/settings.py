"""[tool.perfsheet] in the nearest pyproject.toml: defaults of options, and recorded captures of targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perfsheet.cli.options import ANALYSIS_OPTIONS
from perfsheet.errors import usage

_PROFILING = ("run", "doctor")
_ANALYSING = (
    *("run", "top-ops", "hotspots", "explain", "table", "summary", "report", "compare", "check", "budget init"),
    *("try", "tests", "stats", "calibrate", "history add"),
)
_NUMBER: tuple[type, ...] = (int, float)
_TEXT: tuple[type, ...] = (str,)
# Setting → the commands and the parameter whose default it replaces, and the types that it takes.
_KNOWN: dict[str, tuple[tuple[str, ...], str, tuple[type, ...]]] = {
    **{
        option.flag.removeprefix("--"): (_ANALYSING, option.field, option.setting)
        for option in ANALYSIS_OPTIONS
        if option.setting
    },
    "top": (("top-ops",), "count", (int,)),
    "tt-metal-home": (_PROFILING, "tt_metal_home", _TEXT),
    "python": (_PROFILING, "python", _TEXT),
    "timeout": (("run",), "timeout", _NUMBER),
}
_REPLAY = "replay"
_LARGEST = 1 << 20
"""Bytes of a pyproject.toml that is read."""


def defaults(folder: Path) -> dict[str, dict[str, Any]]:
    """Default values by command and parameter, from the first pyproject.toml at or above `folder`.

    Raises PerfsheetError (exit status 2) for a table that cannot be read or has an unknown key.
    """
    pyproject, table = _table(folder)
    values: dict[str, dict[str, Any]] = {}
    for key, value in table.items():
        if key == _REPLAY:
            continue
        if key not in _KNOWN:
            known = ", ".join((*_KNOWN, _REPLAY))
            raise usage(f"{pyproject}: [tool.perfsheet] has no setting {key!r}", f"known: {known}")
        commands, parameter, types = _KNOWN[key]
        if not isinstance(value, types) or isinstance(value, bool):
            wanted = " or ".join(dict.fromkeys("a text" if kind is str else "a number" for kind in types))
            raise usage(f"{pyproject}: [tool.perfsheet] {key} = {value!r} cannot be followed", f"give {wanted}")
        for command in commands:
            of_command = values
            for word in command.split():
                of_command = of_command.setdefault(word, {})
            of_command[parameter] = _resolved(key, value, pyproject)
    return values


def _resolved(key: str, value: Any, pyproject: Path | None) -> Any:
    """Paths are relative to the file that states them; a bare interpreter name is looked up on PATH."""
    if key == "ref-cores":
        return str(value)
    is_path = key == "tt-metal-home" or (key == "python" and "/" in value)
    return str(pyproject.parent / value) if is_path and pyproject else value


def recorded_capture(folder: Path, command: str) -> Path | None:
    """The capture that [tool.perfsheet.replay] records for a target, relative to its pyproject.toml.

    The table maps a part of the command, such as a pytest node id, to a file; the longest part that occurs counts.
    """
    pyproject, table = _table(folder)
    recorded: dict[str, str] = table.get(_REPLAY, {})
    target = max((part for part in recorded if part in command), key=len, default=None)
    return None if target is None or pyproject is None else pyproject.parent / recorded[target]


def _table(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The nearest pyproject.toml and its [tool.perfsheet] table, empty when there is none."""
    pyproject = next(
        (at / "pyproject.toml" for at in (folder, *folder.parents) if (at / "pyproject.toml").is_file()), None
    )
    if pyproject is None:
        return None, {}
    try:
        with pyproject.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError:
        return pyproject, {}
    # Start-up pays for a TOML parser only where there is something to parse.
    return pyproject, _parsed(pyproject, content) if b"perfsheet" in content else {}


def _parsed(pyproject: Path, content: bytes) -> dict[str, Any]:
    from perfsheet.documents import parse_toml

    hint = "fix it, or run elsewhere"
    if len(content) > _LARGEST:
        raise usage(f"{pyproject} is larger than {_LARGEST // 1024:,} KiB", hint)
    try:
        table = parse_toml(content, pyproject, hint)["tool"]["perfsheet"]
    except (KeyError, TypeError):  # the text "perfsheet" is elsewhere in the file
        return {}
    replays = table.get(_REPLAY, {}) if isinstance(table, dict) else None
    if not isinstance(replays, dict) or not all(isinstance(capture, str) for capture in replays.values()):
        raise usage(f"{pyproject}: tool.perfsheet is not a table of settings", "see docs/settings.md")
    return dict(table)
