from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from perfsheet.run.report import Reports, announced_csv


def write(root: Path, stamp: str, text: str = "OP CODE\n") -> Path:
    path = root / "reports" / stamp / f"ops_perf_results_{stamp}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.resolve()


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("2026 | INFO | tracy:f:1814 - OPs csv generated at: /a/b.csv", "/a/b.csv"),
        ("OPs csv generated at: /a b/c.csv ", "/a b/c.csv"),
        ("\x1b[1mOPs csv generated at: /a/b.csv\x1b[0m", "/a/b.csv"),
        ("Device only OPs csv generated at: /a/b.csv", None),
        ("ops csv generated at: /a/b.csv", None),
    ],
)
def test_announcement(line: str, path: str | None) -> None:
    assert announced_csv(line) == (Path(path) if path else None)


def test_announced_csv_of_this_run(tmp_path: Path) -> None:
    write(tmp_path, "2025")
    reports, started = Reports(tmp_path), time.time()
    new = write(tmp_path, "2026")
    write(tmp_path, "2026_other")
    assert reports.of_this_run(new, started) == new


def test_csv_that_was_there_before_is_never_taken(tmp_path: Path) -> None:
    old = write(tmp_path, "2025")
    reports = Reports(tmp_path)
    assert reports.of_this_run(old, 0.0) is None
    assert reports.of_this_run(None, 0.0) is None


def test_csv_written_anew_under_the_same_name_is_taken(tmp_path: Path) -> None:
    write(tmp_path, "2025")
    reports = Reports(tmp_path)
    again = write(tmp_path, "2025", "OP CODE\nnew\n")
    assert reports.of_this_run(again, time.time()) == again


def test_clock_of_a_file_server_does_not_matter_inside_the_root(tmp_path: Path) -> None:
    reports, started = Reports(tmp_path), time.time()
    new = write(tmp_path, "2026")
    os.utime(new, (started - 3600, started - 3600))
    assert reports.of_this_run(new, started) == new


def test_announced_csv_elsewhere_must_be_recent(tmp_path: Path) -> None:
    reports, started = Reports(tmp_path / "root"), time.time()
    elsewhere = write(tmp_path, "2026")
    assert reports.of_this_run(elsewhere, started) == elsewhere
    os.utime(elsewhere, (started - 60, started - 60))
    assert reports.of_this_run(elsewhere, started) is None
    assert reports.of_this_run(tmp_path / "missing.csv", started) is None


def test_without_announcement_the_only_new_csv(tmp_path: Path) -> None:
    write(tmp_path, "2025")
    reports = Reports(tmp_path)
    new = write(tmp_path, "2026")
    assert reports.of_this_run(None, time.time()) == new
    write(tmp_path, "2026_of_a_run_beside_it")
    assert reports.of_this_run(None, time.time()) is None
