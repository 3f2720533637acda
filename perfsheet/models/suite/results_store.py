"""The results of a suite on disk: one file per target, written when it is done, and the history of all results."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from perfsheet.documents import InvalidDocumentError, ignored, read_json
from perfsheet.errors import not_written, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.suite.model import UNFINISHED, ModelResult, Suite, Target, every_row, with_expectations
from perfsheet.text.json_text import json_text
from perfsheet.text.safe import csv_cell, file_stem

_RESULT = "result.json"
_LONGEST = 60
_FILES = ("perf_file", "workbook", "log")


@dataclass(frozen=True)
class _Entry:
    """The file of a target: its result, and what it depends on."""

    target: str
    captures: list[list[str | int]]
    result: ModelResult


class ResultsStore:
    """The results in the folder `output`; `say` is called with what cannot be read."""

    def __init__(self, output: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.output = output.absolute()
        self._say = say

    def folder(self, index: int, target: Target) -> Path:
        """The folder of a target (`index` from 0)."""
        slug = file_stem(target.name, _LONGEST, "target", "-")
        return self.output / "targets" / f"{index + 1:02d}-{slug}"

    def empty_folder(self, index: int, target: Target) -> Path:
        """The folder of a target, emptied. Raises PerfsheetError (exit status 7)."""
        folder = self.folder(index, target)
        try:
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        except OSError as error:
            raise not_written(f"cannot create {folder}: {error.strerror}", "give another folder with -o") from None
        return folder

    def load(self, index: int, target: Target, any_capture: bool = False) -> ModelResult | None:
        """The stored result of a target, with its current expectations; None if there is none, or the target changed.

        `any_capture`: also a result from other recorded captures.
        """
        path = self.folder(index, target) / _RESULT
        try:
            entry = read_json(path, _Entry)
        except FileNotFoundError:
            return None
        except (OSError, InvalidDocumentError) as error:
            self._say(f"warning: {ignored(path, error)}")
            return None
        same_captures = any_capture or entry.captures == _captures(target)
        if entry.target != _fingerprint(target) or not same_captures:
            return None
        return with_expectations(target, entry.result)

    def load_finished(self, index: int, target: Target) -> ModelResult | None:
        """The stored result of a target that ran to its end; None if it has to run."""
        result = self.load(index, target)
        return None if result is None or result.outcome in UNFINISHED else result

    def load_all(self, suite: Suite) -> list[ModelResult]:
        """The stored results of a suite, a row per perf file; targets without one are left out."""
        stored = [self.load(index, target, any_capture=True) for index, target in enumerate(suite.targets)]
        return every_row([result for result in stored if result is not None])

    def save(self, index: int, target: Target, result: ModelResult) -> None:
        """Store the result of a target. Raises PerfsheetError (exit status 7)."""
        from perfsheet.atomic_write import replace_text

        entry = {"target": _fingerprint(target), "captures": _captures(target), "result": asdict(result)}
        replace_text(self.folder(index, target) / _RESULT, json_text(entry, indent=1) + "\n")

    def with_relative_paths(self, result: ModelResult) -> ModelResult:
        """The result with the paths of its files relative to the output folder, if they are inside it."""
        paths: dict[str, Any] = {name: self._relative(path) for name in _FILES if (path := getattr(result, name))}
        return replace(
            result,
            **paths,
            captures=tuple(map(self._relative, result.captures)),
            records=tuple(map(self._relative, result.records)),
            further=tuple(map(self.with_relative_paths, result.further)),
        )

    def _relative(self, path: str) -> str:
        inside = Path(path).is_relative_to(self.output)
        return Path(path).relative_to(self.output).as_posix() if inside else path

    def clear(self) -> None:
        """Delete the results of an earlier run; the history stays. Raises OSError."""
        for folder in (self.output / "targets").glob("[0-9][0-9]-*"):
            shutil.rmtree(folder)

    @property
    def has_results(self) -> bool:
        """Whether there are results of an earlier run."""
        return any((self.output / "targets").glob(f"*/{_RESULT}")) or any(self.output.glob("results.*"))


def _fingerprint(target: Target) -> str:
    """Changes when what is run or collected changes; expectations don't matter."""
    run = (target.command, target.python, target.timeout_s, target.collect)
    shown = (target.model, target.setting, target.batch, target.board, target.which_pass)
    return hashlib.sha256(repr((*run, *shown)).encode()).hexdigest()[:16]


def _captures(target: Target) -> list[list[str | int]]:
    """Path, size and time of the recorded captures, to notice that one has changed."""
    return [_file_state(path) for path in target.replay]


def _file_state(path: Path) -> list[str | int]:
    try:
        status = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), status.st_size, status.st_mtime_ns]


def append_history(path: Path, results: Sequence[ModelResult], commit: str | None) -> list[dict[str, str]]:
    """Add the results of targets that have run to history.csv; returns all its rows, the oldest first.

    A result that it already has (same target, started at the same second) is not added again. Raises PerfsheetError:
    exit status 2 if the file is not a history, 7 if it cannot be written.
    """
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.tables import HISTORY
    from perfsheet.tables import Rows

    rows, columns_before = read_history(path)
    known = {_history_id(row) for row in rows}
    finished = [result for result in results if result.started]
    for record in HISTORY.records(Rows(commit, finished)):
        row = {key: _history_text(value) for key, value in record.items()}
        if _history_id(row) not in known:
            rows.append(row)
    columns = dict.fromkeys([*(column.key for column in HISTORY.columns), *columns_before])
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: csv_cell(cell) for key, cell in row.items()} for row in rows)
    replace_text(path, text.getvalue())
    return rows


def _history_id(row: dict[str, str]) -> tuple[str | None, ...]:
    return tuple(row.get(key) for key in ("started", "model", "setting", "batch"))


def _history_text(value: object) -> str:
    from perfsheet.models.tables import flat

    if value is None:
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(flat(value))


def read_history(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of history.csv and its columns; empty without a file. Raises PerfsheetError like `append_history`."""
    if not path.exists():
        return [], []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restkey="more", restval="")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise not_written(f"cannot read {path}: {error}", "move it away, and a new one is started") from None
    columns = list(reader.fieldnames or [])
    if columns and not {"started", "model"} <= set(columns):
        raise usage(f"{path} is not the history of a suite", "move it away, or give another folder with -o")
    return [{name: value for name, value in row.items() if name in columns} for row in rows], columns
