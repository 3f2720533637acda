"""Checks, before the work, that an output file can be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from perfsheet.atomic_write import locked
from perfsheet.errors import not_written, usage


def default_path(captures: Sequence[str]) -> Path:
    """`run.csv` becomes `run.xlsx` beside it, a workbook `run.perfsheet.xlsx`, standard input `perfsheet.xlsx` here."""
    first = Path(captures[0])
    if not first.is_file():
        return Path("perfsheet.xlsx")
    if first.suffix.lower() == ".xlsx":
        return first.with_name(f"{first.stem}.perfsheet.xlsx")
    return first.with_suffix(".xlsx")


def check_file(path: Path, captures: Sequence[str], force: bool) -> None:
    """Refuse an output that cannot or must not be written.

    Raises PerfsheetError: exit status 2 when it would replace a capture, 7 for the rest.
    """
    if any(os.path.realpath(path) == os.path.realpath(capture) for capture in captures):
        raise usage(f"{path} is the capture itself", "give another name with -o")
    if path.is_dir():
        raise not_written(f"{path} is a folder", "give a file name with -o")
    if not path.parent.is_dir():
        raise not_written(f"{path.parent} is not a folder", "make it first, or give another place with -o")
    check_new(path, force)
    if path.exists() and path.with_name(f"~${path.name}").exists():
        raise locked(path)


def check_new(path: Path, force: bool) -> None:
    """Refuse to write over a file that is there already. Raises PerfsheetError (exit status 7)."""
    if path.exists() and not force:
        raise not_written(f"{path} exists already", "overwrite it with --force, or give another place with -o")
