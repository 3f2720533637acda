"""Writing perf files: one per model, and the merge of many."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path

from perfsheet.errors import usage
from perfsheet.models.e2e.merging import MergeResult
from perfsheet.models.e2e.model import COLUMNS, UNKNOWN
from perfsheet.models.e2e.reading import read_perf_file
from perfsheet.text.safe import clean, csv_cell

FOLDER = "PERFSHEET_E2E_DIR"
"""Environment variable: the folder for perf files, set for tests that `perfsheet suite run` starts."""

_MEASURED = ("inference_and_compile_time", "inference_time")


def write_perf_report(  # noqa: PLR0913  # the arguments of the tt-metal function that it replaces
    model_name: str,
    batch_size: int,
    inference_and_compile_time: float,
    inference_time: float,
    expected_compile_time: float | None = None,
    expected_inference_time: float | None = None,
    comments: str = "",
    inference_time_cpu: float | None = None,
    *,
    directory: str | Path | None = None,
    date: str | None = None,
) -> Path:
    """Write `perf_<model>_<comments>_<date>.csv`, and return its path.

    Takes the arguments of tt-metal's `prep_perf_report` (models/perf/perf_utils.py) in the same order. Times are in
    seconds: first run (`inference_and_compile_time`), second run (`inference_time`), the expected times, and the torch
    reference on the CPU; None is written as `unknown`. `comments` is the Setting. The file goes to `directory`, else
    to $PERFSHEET_E2E_DIR, else to the current folder; `date` is `YYYY_MM_DD`, today by default. Where that file is
    there for another batch, the name says the batch, too: no row replaces that of another model, setting or batch.
    Raises PerfsheetError: exit status 2 for an argument that cannot be a measurement, 7 if the file cannot be written.
    """
    from perfsheet.atomic_write import make_folder, replace_text

    figures = _figures(
        batch_size,
        inference_and_compile_time,
        inference_time,
        expected_compile_time,
        expected_inference_time,
        inference_time_cpu,
    )
    if not isinstance(model_name, str) or not model_name.strip():
        raise usage("a perf file needs a model name", "give model_name")
    if date is not None and not re.fullmatch(r"\d{4}_\d{2}_\d{2}", date):
        raise usage(f"{date!r} is not a date", "give YYYY_MM_DD")
    comments = "" if comments is None else str(comments)
    texts = {"model": _one_line(model_name), "setting": _one_line(comments), **figures}
    headers = [column.header.replace("Batch*", "batch*") for column in COLUMNS]
    values = [_quoted(texts[column.field]) for column in COLUMNS]
    folder = Path(directory or os.environ.get(FOLDER) or ".")
    name = (_part(model_name), _part(comments))
    day = date or time.strftime("%Y_%m_%d")
    further = chain(((), (f"batch{texts['batch']}",)), ((f"batch{texts['batch']}", str(n)) for n in count(2)))
    paths = (_path(folder, *name, *more, day) for more in further)
    path = next(path for path in paths if not _is_of_another(path, texts))
    make_folder(folder, "give another directory")
    replace_text(path, f"{', '.join(headers)}\n{', '.join(values)}")
    test, of_suite = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0], os.environ.get(FOLDER)
    if test and of_suite and Path(of_suite).is_dir():
        replace_text(_writer_file(Path(of_suite), path.name), test)
    return path


def writer_of(path: Path, folder: Path) -> str:
    """The test that wrote a perf file for a suite, whose folder for the target this is (pytest's node id); blank if
    nobody said."""
    try:
        return _writer_file(folder, path.name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _writer_file(folder: Path, name: str) -> Path:
    return folder / f".{name}.test"


def _path(folder: Path, *parts: str) -> Path:
    return folder / f"{'_'.join(filter(None, ('perf', *parts)))}.csv"


def _is_of_another(path: Path, texts: Mapping[str, str]) -> bool:
    """Whether the file is there, of another model, setting or batch."""
    rows = read_perf_file(path).rows if path.is_file() else ()
    own = (texts["model"], texts["setting"], texts["batch"])
    return any((row.model, row.setting, row.text("batch")) != own for row in rows)


def merge_paths(merged: MergeResult, path: Path) -> list[Path]:
    """The files that `write_merge` would write."""
    device = path.with_name(f"device_{path.name}") if merged.rows else path
    return [*([path] if merged.rows else []), *([device] if merged.device_rows else [])]


def write_merge(
    merged: MergeResult, path: Path, branch: str | None = None, commit: str | None = None, overwrite: bool = True
) -> list[Path]:
    """Write the merge in tt-metal's format; returns the files: `path`, and `device_<name>` beside it for device rows.

    The lines `branch:` and `hash:` come first, for tt-metal's reader always skips two lines; what is not known is
    `unknown`. If there are only device rows, they go to `path`.
    `overwrite`: files that are there already may be replaced.
    Raises PerfsheetError (exit status 7).
    """
    from perfsheet.atomic_write import replace_text

    head = [f"{name}: {value or UNKNOWN} " for name, value in (("branch", branch), ("hash", commit))]
    targets = merge_paths(merged, path)
    if merged.rows:
        rows = [[row.model, row.setting, *(row.text(column.field) for column in COLUMNS[2:])] for row in merged.rows]
        lines = _lines([*head, _joined(column.header for column in COLUMNS) + " "], rows)
        replace_text(targets[0], lines, overwrite)
    if merged.device_rows:
        rows = [[row.cells.get(header, UNKNOWN) for header in merged.device_headers] for row in merged.device_rows]
        replace_text(targets[-1], _lines([*head, _joined(merged.device_headers) + " "], rows), overwrite)
    return targets


def _figures(
    batch: int,
    first: float,
    second: float,
    expected_compile: float | None,
    expected_inference: float | None,
    cpu: float | None,
) -> dict[str, str]:
    """The figures as text, including the computed ones."""
    if isinstance(batch, bool) or not isinstance(batch, int | float) or not 1 <= batch < 1e15 or int(batch) != batch:
        raise usage(f"{batch!r} is not a batch size", "give the samples per run, 1 or more")
    for name, value in (
        ("inference_and_compile_time", first),
        ("inference_time", second),
        ("expected_compile_time", expected_compile),
        ("expected_inference_time", expected_inference),
        ("inference_time_cpu", cpu),
    ):
        optional = value is None and name not in _MEASURED
        number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
        if not optional and not (number and (value or 0) >= 0 and (value or name not in _MEASURED)):
            raise usage(f"{name} is {value!r}, which is not a time", "give seconds")
    values: dict[str, float | None] = {
        "batch": batch,
        "first_run_s": first,
        "second_run_s": second,
        "compile_s": first - second,
        "expected_compile_s": expected_compile,
        "inference_s": second,
        "expected_inference_s": expected_inference,
        "throughput": batch / second,
        "inference_cpu_s": cpu or None,
        "throughput_cpu": batch / cpu if cpu else None,
    }
    decimals = {column.field: column.decimals or 0 for column in COLUMNS}
    for name in (
        "inference_s",
        "inference_cpu_s",
    ):  # a run took place: where its digits would be 0, the first that is not
        if (value := values[name]) and round(value, decimals[name]) == 0:
            decimals[name] = math.ceil(-math.log10(value))
    # + 0.0: a difference that rounds to zero has no sign.
    rounded = {name: None if value is None else round(value, decimals[name]) + 0.0 for name, value in values.items()}
    return {name: UNKNOWN if value is None else f"{value:.{decimals[name]}f}" for name, value in rounded.items()}


def _joined(cells: Iterable[str]) -> str:
    return ", ".join(map(_quoted, cells))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"{line}\n" for line in [*head, *map(_joined, rows)])


def _quoted(text: str) -> str:
    """Quote a cell with a comma or a quote; CSV readers, including tt-metal's, understand that."""
    text = csv_cell(text)
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


_LONGEST_PART = 100
"""Bytes of a part of a file name."""


def _part(text: str) -> str:
    """A part of a file name; `/` becomes `_`, as in tt-metal's own writer."""
    part = re.sub(r'[/\\\0-\x1f:?*<>|"]', "_", clean(str(text).strip()))
    return part.encode(errors="replace")[:_LONGEST_PART].decode(errors="ignore")
