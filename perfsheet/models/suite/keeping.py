"""The results of a suite on disk: one file a target, written as soon as it is done, so that a run can go on later."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from perfsheet.errors import not_written
from perfsheet.models.suite.model import UNFINISHED, ModelResult, Target, as_wanted

_RESULT = "result.json"
_LONGEST = 60
_FILES = ("perf_file", "workbook", "log")


class Kept:
    """The results in the folder `output`."""

    def __init__(self, output: Path) -> None:
        self.output = output.absolute()

    def folder(self, number: int, target: Target) -> Path:
        """The folder of a target (`number` from 0)."""
        slug = re.sub(r"[^\w.+-]+", "-", target.name).strip("-.")[:_LONGEST].rstrip("-.") or "target"
        return self.output / "targets" / f"{number + 1:02d}-{slug}"

    def fresh_folder(self, number: int, target: Target) -> Path:
        """The same, empty. Raises PerfsheetError (exit status 7)."""
        folder = self.folder(number, target)
        try:
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        except OSError as error:
            raise not_written(f"{folder} cannot be made: {error.strerror}", "give another folder with -o") from None
        return folder

    def result(self, number: int, target: Target) -> ModelResult | None:
        """What is kept of a target that came to an end by itself; None when it has to run."""
        found = self.found(number, target)
        return None if found is None or found.outcome in UNFINISHED else found

    def found(self, number: int, target: Target, of_any_capture: bool = False) -> ModelResult | None:
        """What is kept of a target, with what it expects today; None where its definition has changed since.

        `of_any_capture`: whichever recorded captures it was made of.
        """
        try:
            kept = json.loads((self.folder(number, target) / _RESULT).read_text(encoding="utf-8"))
            same = kept["target"] == _fingerprint(target) and (of_any_capture or kept["captures"] == _captures(target))
            return as_wanted(target, _result(kept["result"])) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, number: int, target: Target, result: ModelResult) -> None:
        """Keep the result of a target. Raises PerfsheetError (exit status 7)."""
        from perfsheet.atomic_write import replace_text

        entry = {"target": _fingerprint(target), "captures": _captures(target), "result": asdict(result)}
        replace_text(self.folder(number, target) / _RESULT, json.dumps(entry, indent=1, ensure_ascii=False) + "\n")

    def relative(self, result: ModelResult) -> ModelResult:
        """The result with its files named from the output folder, where they lie in it."""
        names: dict[str, Any] = {}
        for name in _FILES:
            if path := getattr(result, name):
                names[name] = self._relative(path)
        return replace(result, **names, captures=tuple(map(self._relative, result.captures)))

    def _relative(self, path: str) -> str:
        inside = Path(path).is_relative_to(self.output)
        return Path(path).relative_to(self.output).as_posix() if inside else path

    def clear(self) -> None:
        """Throw away the results of an earlier run, but for the history. Raises OSError."""
        for folder in (self.output / "targets").glob("[0-9][0-9]-*"):
            shutil.rmtree(folder)

    @property
    def any(self) -> bool:
        """Whether there are results of an earlier run."""
        return any((self.output / "targets").glob(f"*/{_RESULT}")) or any(self.output.glob("results.*"))


def _result(found: dict[str, object]) -> ModelResult:
    names = {field.name for field in fields(ModelResult)}
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items() if name in names
    }
    return ModelResult(**values)  # type: ignore[arg-type]  # the file is our own


def _fingerprint(target: Target) -> str:
    """What tells a target from itself after a change of what is run or collected; not what it expects."""
    run = (target.command, target.python, target.timeout_s, target.collect)
    shown = (target.model, target.setting, target.batch, target.board, target.which_pass)
    return hashlib.sha256(repr((*run, *shown)).encode()).hexdigest()[:16]


def _captures(target: Target) -> list[list[str | int]]:
    """The recorded captures as they are now."""
    return [_state(path) for path in target.replay]


def _state(path: Path) -> list[str | int]:
    try:
        status = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), status.st_size, status.st_mtime_ns]
