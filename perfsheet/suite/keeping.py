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
from perfsheet.suite.model import UNFINISHED, ModelResult, Target, as_wanted

_RESULT = "result.json"
_LONGEST = 60
_FILES = ("perf_file", "capture", "workbook", "log")


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

    def found(self, number: int, target: Target) -> ModelResult | None:
        """What is kept of a target as it stands in the suite today; None where its definition has changed since."""
        try:
            found = json.loads((self.folder(number, target) / _RESULT).read_text(encoding="utf-8"))
            return as_wanted(target, _result(found["result"])) if found["target"] == _fingerprint(target) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, number: int, target: Target, result: ModelResult) -> None:
        """Keep the result of a target. Raises PerfsheetError (exit status 7)."""
        from perfsheet.whole_file import replace_text

        entry = {"target": _fingerprint(target), "result": asdict(result)}
        replace_text(self.folder(number, target) / _RESULT, json.dumps(entry, indent=1, ensure_ascii=False) + "\n")

    def relative(self, result: ModelResult) -> ModelResult:
        """The result with its files named from the output folder, where they lie in it."""
        names: dict[str, Any] = {}
        for name in _FILES:
            path = getattr(result, name)
            if path and Path(path).is_relative_to(self.output):
                names[name] = Path(path).relative_to(self.output).as_posix()
        return replace(result, **names)

    def clear(self) -> None:
        """Throw away the results of an earlier run, but for the history. Raises OSError."""
        if (self.output / "targets").exists():
            shutil.rmtree(self.output / "targets")

    @property
    def any(self) -> bool:
        """Whether there are results of an earlier run."""
        return any((self.output / "targets").glob(f"*/{_RESULT}"))


def _result(found: dict[str, object]) -> ModelResult:
    names = {field.name for field in fields(ModelResult)}
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items() if name in names
    }
    return ModelResult(**values)  # type: ignore[arg-type]  # the file is our own


def _fingerprint(target: Target) -> str:
    """What tells a target from itself after a change of what is run or collected, its recorded captures included."""
    what = (target.command, target.model, target.setting, target.batch, target.collect, target.board, target.which_pass)
    return hashlib.sha256(repr((*what, *map(_state, target.replay))).encode()).hexdigest()[:16]


def _state(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:  # gone since: what was made of it is still true
        return str(path), 0, 0
    return str(path), status.st_size, status.st_mtime_ns
