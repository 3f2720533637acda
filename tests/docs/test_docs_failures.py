"""The table of failures in docs/running.md: every test that it names is there, with the exit status that it states."""

from __future__ import annotations

import re

import pytest
from support.command import ROOT

TABLE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8").partition("## When it fails")[2]
ROWS = [line.strip("|").split("|") for line in TABLE.splitlines() if line.startswith("| ")][2:]


def test_there_are_rows() -> None:
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_named_test_is_there(row: list[str]) -> None:
    named = row[-1]
    files = re.findall(r"tests/[\w/]+\.py", named) or ["tests/lab/test_lab_failures.py"]
    sources = [(ROOT / file).read_text(encoding="utf-8") for file in files]
    for name in re.findall(r"`(test_\w+)`", named):
        assert any(f"def {name}(" in source for source in sources), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_exit_status_is_a_documented_one(row: list[str]) -> None:
    documented = (ROOT / "docs" / "exit-status.md").read_text(encoding="utf-8")
    for status in re.findall(r"\d+", row[-2]):
        assert f"\n| {status} |" in documented
