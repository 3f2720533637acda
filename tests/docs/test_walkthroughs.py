"""The walk-throughs of CONTRIBUTING.md, done as written in a copy of the project: files counted, results tried."""

from __future__ import annotations

import csv
import filecmp
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.command import PATIENCE_S, ROOT, environment

pytestmark = pytest.mark.process
CAPTURE = "examples/captures/generated_encoder_block_before.csv"
COPIED = ("perfsheet", "scripts", "docs", "tests", "examples")
_STEP = re.compile(
    r"(?:New file `(?P<new>[^`]+)`|In `(?P<edited>[^`]+)`, before `(?P<mark>[^`]+)`):\n\n```python\n(?P<code>.*?)```",
    re.S,
)


@dataclass
class Copy:
    """A copy of the project in which a walk-through was done."""

    folder: Path
    new: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        variables = environment(COLUMNS="250") | {"PYTHONPATH": str(self.folder)}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    def perfsheet(self, *arguments: str) -> str:
        return self.run("-m", "perfsheet", *arguments).stdout

    def count(self) -> None:
        """Which files differ from the project's."""
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if path.is_file() and "__pycache__" not in name and not name.startswith("out"):
                original = ROOT / name
                if not original.exists():
                    self.new.add(name)
                elif not filecmp.cmp(path, original, shallow=False):
                    self.edited.add(name)


def section(title: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split(f"### {title}\n")[1].split("\n### ")[0].split("\n## ")[0]


@pytest.fixture
def follow(tmp_path):
    """Follow the steps of a walk-through; `docs` where it says to run `make docs`."""

    def do(title: str) -> Copy:
        copy = Copy(tmp_path / "project")
        for name in COPIED:
            shutil.copytree(ROOT / name, copy.folder / name, ignore=shutil.ignore_patterns("__pycache__", "pictures"))
        text = section(title)
        steps = list(_STEP.finditer(text))
        assert steps, title
        for step in steps:
            path = copy.folder / (step["new"] or step["edited"])
            if step["new"]:
                assert not path.exists()
                path.write_text(step["code"], encoding="utf-8")
                continue
            source, mark = path.read_text(encoding="utf-8"), step["mark"].replace("\\n", "\n")
            line = next(at for at in range(len(source)) if source.startswith(mark.lstrip(), at))
            start = source.rindex("\n", 0, line) + 1
            path.write_text(source[:start] + step["code"] + source[start:], encoding="utf-8")
        if "make docs" in text:
            copy.run("scripts/make_docs.py")
        copy.count()
        (copy.folder / "out").mkdir()
        return copy

    return do


def test_a_column(follow):
    copy = follow("Adding a column")
    assert copy.new == set()
    assert copy.edited <= {"perfsheet/tables/ops.py", "docs/columns.md", "tests/data/json-keys.txt"}  # at most 4
    with (ROOT / CAPTURE).open(encoding="utf-8", newline="") as stream:
        stated = {
            int(row["GLOBAL CALL COUNT"] or 0): row["DEVICE BRISC KERNEL DURATION [ns]"]
            for row in csv.DictReader(stream)
        }
    top = json.loads(copy.perfsheet("top-ops", CAPTURE, "-n", "1", "--json"))["ops"][0]
    assert top["writer_ns"] == float(stated[top["global_call_count"]])
    assert "writer_ns" in copy.perfsheet("top-ops", CAPTURE, "-n", "1", "--csv").splitlines()[0]
    assert "WRITER [ns]" in copy.perfsheet("top-ops", CAPTURE, "-n", "1")
    copy.perfsheet("report", CAPTURE, "-o", "out/run.xlsx", "--html", "out/run.html", "--md", "out/run.md")
    for name in ("html", "md"):
        assert "Writer [ns]" in (copy.folder / "out" / f"run.{name}").read_text(encoding="utf-8")
    book = load_workbook(copy.folder / "out" / "run.xlsx", data_only=True)
    for title in ("Top Ops", "All Ops"):
        headers = {cell.value: cell.column for cell in book[title][1]}
        assert any("WRITER" in str(header) or "BRISC KERNEL DURATION" in str(header) for header in headers), title
    column = {cell.value: cell.column for cell in book["Top Ops"][1]}["WRITER [ns]"]
    assert book["Top Ops"].cell(2, column).value == top["writer_ns"]
    assert any(row[0].value == "WRITER" for row in book["About"].iter_rows())
    # What stands behind the new column is still addressed right.
    utilization = {cell.value: cell.column for cell in book["Top Ops"][1]}["UTILIZATION"]
    assert book["Top Ops"].cell(2, utilization).value == pytest.approx(top["utilization_pct"] / 100)
    frame = f"import perfsheet as p; print(p.analyze(p.read({CAPTURE!r})).ops_frame()['writer_ns'].max())"
    assert float(copy.run("-c", frame).stdout) > 0


def test_an_output(follow):
    copy = follow("Adding an output")
    assert copy.new == {"perfsheet/outputs/tabs.py"}
    assert copy.edited == {"perfsheet/outputs/__init__.py"}  # and its docs: at most 3
    copy.perfsheet("report", CAPTURE, "--tabs", "out/run.tsv")
    lines = (copy.folder / "out" / "run.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("MatmulDeviceOperation\t75,9")
    assert "--tabs FILE.tsv" in copy.perfsheet("run", "--help")


def test_a_command(follow):
    copy = follow("Adding a command")
    assert copy.new == {"perfsheet/cli/count.py"}
    assert copy.edited == {"perfsheet/cli/app.py"}  # and its docs: at most 2
    assert copy.perfsheet("count", CAPTURE, "--pass", "last").strip() == "80"
    assert "count" in copy.perfsheet("--help")
    assert "--strict" in copy.perfsheet("count", "--help")


def test_a_board(follow):
    copy = follow("Adding a board")
    assert copy.new == set()
    assert copy.edited == {"perfsheet/hardware/boards.py", "docs/hardware.md"}  # one by hand, the other by make docs
    capture = json.loads(copy.perfsheet("top-ops", CAPTURE, "--board", "n900", "-n", "1", "--json"))["capture"]
    assert (capture["board"], capture["peaks_of"]) == ("n900", ["n900"])


def test_a_rule(follow):
    copy = follow("Adding a finding rule")
    assert copy.new == {"perfsheet/analysis/rules/interleaved_softmax.py"}
    assert copy.edited <= {"docs/rules.md", "docs/columns.md", "tests/data/json-keys.txt"}  # and its test
    totals = json.loads(copy.perfsheet("hotspots", CAPTURE, "--json"))["totals"]
    assert "interleaved-softmax" in totals
