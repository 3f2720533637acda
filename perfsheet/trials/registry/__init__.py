"""TTNN's own registry of operations: which exist, under which names, and what their golden functions compute."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.run.workspace import TARGET_HELPERS

_SECONDS = 120.0


class _Written(TypedDict):
    """What `perfsheet_registry.py` writes."""

    version: str
    operations: dict[str, list[str] | None]
    aliases: dict[str, str]


@dataclass(frozen=True)
class Registry:
    """The operations of a version of ttnn by name, with the torch functions that their golden functions call.

    None: no golden function. `aliases`: further names of an operation. `bundled`: it comes with perfsheet, and was not
    asked of an installed ttnn.
    """

    version: str
    operations: Mapping[str, tuple[str, ...] | None]
    aliases: Mapping[str, str]
    bundled: bool

    def named(self, name: str) -> str | None:
        """The operation that is called `name` (without `ttnn.`), under its own name; None if there is none."""
        full = f"ttnn.{name}"
        return self.aliases.get(full, full if full in self.operations else None)

    @cached_property
    def by_golden(self) -> Mapping[str, tuple[str, ...]]:
        """The operations whose golden function calls a torch function (`floor_divide`), and no other of torch."""
        found: dict[str, tuple[str, ...]] = {}
        for name, called in self.operations.items():
            if called and len(called) == 1:
                function = called[0].removeprefix("nn.functional.").replace(".", "_")
                found[function] = (*found.get(function, ()), name)
        return found


def registry(python: str | None) -> Registry:
    """The registry of the ttnn in `python` (None = in this interpreter), else the bundled one.

    Raises PerfsheetError (exit status 2) when `python` was named, and has none.
    """
    interpreter = sys.executable
    if python is not None:
        found = shutil.which(python)
        if found is None:
            raise usage(f"there is no interpreter {python!r}", "name another with --python")
        interpreter = found
    elif importlib.util.find_spec("ttnn") is None:
        return bundled()
    written = _asked(interpreter)
    if written is not None:
        return _registry(written, bundled=False)
    if python is not None:
        raise usage(f"{interpreter} has no ttnn whose registry can be read", "name another interpreter with --python")
    return bundled()


@cache
def bundled() -> Registry:
    """The registry that comes with perfsheet."""
    return _registry(files(__package__).joinpath("registry.json").read_text(encoding="utf-8"), bundled=True)


def _registry(text: str, bundled: bool) -> Registry:
    written: _Written = json.loads(text)
    operations = {name: None if called is None else tuple(called) for name, called in written["operations"].items()}
    return Registry(written["version"], operations, written["aliases"], bundled)


def _asked(interpreter: str) -> str | None:
    """What an installed ttnn says; None if it says nothing."""
    with tempfile.TemporaryDirectory(prefix="perfsheet-registry-") as folder:
        path = Path(folder) / "registry.json"
        command = [interpreter, str(TARGET_HELPERS / "perfsheet_registry.py"), str(path)]
        try:
            subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
            return path.read_text(encoding="utf-8")
        except (OSError, subprocess.TimeoutExpired):
            return None
