"""Keeping paths and names whole inside the profiler, which pastes them unquoted into shell commands.

Among those commands is `rm -rf <root>/.logs`: a folder `/data/my runs` would have it delete `/data/my`. Values that a
shell would split therefore never reach the profiler: paths go in under a temporary link, names and options are refused.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.run.toolbox import Toolbox

_SAFE = re.compile(r"[\w@%+=:,./-]+")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
_NAME = re.compile(r"\w[\w.+-]*")

# What perfsheet sets itself, or what would make the profiler do something else than run the target.
_OWN_OPTIONS = {
    "-o": "-o of perfsheet run",
    "--output-folder": "-o of perfsheet run",
    "-n": "-n of perfsheet run",
    "--name-append": "-n of perfsheet run",
    "-m": "the command",
    "--no-capture-tool": "",
    "--process-logs-only": "",
}


def is_safe(text: str) -> bool:
    """Whether a shell takes `text` as one word and expands nothing in it."""
    return _SAFE.fullmatch(text) is not None


def checked_name(name: str) -> str:
    """`name`, or PerfsheetError (usage) when it cannot be both a folder and a word of a shell command."""
    if name and not _NAME.fullmatch(name):
        raise usage(f"the name {name!r} cannot be part of a report's path", "use letters, digits, '.', '_', '-', '+'")
    return name


def checked_options(options: tuple[str, ...], toolbox: Toolbox) -> tuple[str, ...]:
    """`options`, or PerfsheetError (usage) for one that perfsheet sets itself, that a shell would split, or that this
    profiler does not have."""
    for option in options:
        name = option.partition("=")[0] if option.startswith("--") else option
        if own := _own_option(name):
            instead = _OWN_OPTIONS[own]
            raise usage(f"the profiler's option {own} cannot be passed on", f"use {instead}" if instead else "")
        if not is_safe(option):
            raise usage(
                f"the profiler would split its option {option!r} at its next shell", "leave such characters out"
            )
        if _OPTION.fullmatch(name) and not _is_known(name, toolbox):
            close = difflib.get_close_matches(name, toolbox.options or (), 2)
            raise usage(
                f"this profiler has no option {name} (ttnn {toolbox.versions.get('ttnn') or 'of unknown version'})",
                f"did you mean {' or '.join(close)}?" if close else "python -m tracy --help lists what it has",
            )
    return options


def _own_option(name: str) -> str | None:
    """The option of perfsheet's own that the profiler's parser would take `name` for: `-oDIR`, `--out` …"""
    if name.startswith("--"):
        return next((own for own in _OWN_OPTIONS if len(name) > 2 and own.startswith(name)), None)
    return next((own for own in _OWN_OPTIONS if len(own) == 2 and name.startswith(own)), None)


def _is_known(name: str, toolbox: Toolbox) -> bool:
    """The profiler's parser takes the beginning of a long option for the whole, and letters in one word."""
    if toolbox.options is None or not name.startswith("--"):
        return toolbox.has_option(name[:2])
    return any(option.startswith(name) for option in toolbox.options)


class Aliases:
    """Links of harmless name to folders of any name, in the temporary folder of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, path: Path, label: str) -> Path:
        """`path` when a shell leaves it whole, else a link to it; PerfsheetError (usage) when there can be none."""
        if is_safe(str(path)):
            return path
        link = self._folder / label
        if not is_safe(str(link)):
            raise usage(
                f"the profiler cannot work in {str(path)!r}", "use a path (and a TMPDIR) without spaces and signs"
            )
        if not link.is_symlink():
            link.symlink_to(path, target_is_directory=True)
        return link
