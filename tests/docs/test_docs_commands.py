"""The pages about comparisons, budgets and CI say what the commands do, and their options exist."""

from __future__ import annotations

import re
import shlex

import pytest
from support.command import ROOT
from typer.main import get_command

from perfsheet import analyze, compare, read
from perfsheet.analysis.ops.kinds import _RENAMED, kind
from perfsheet.cli.app import app
from perfsheet.comparison import likeness

DOCS = [
    str(page.relative_to(ROOT)) for folder in ("docs", "docs/agents") for page in sorted((ROOT / folder).glob("*.md"))
]
PAGES = ("README.md", *DOCS, "examples/ci/perf.yml")
EXAMPLES = [f"examples/captures/generated_encoder_block_{name}.csv" for name in ("before", "after")]


def commands():
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
        text = re.sub(r"run: >\n((?: +.*\n)+?)\n", lambda match: " ".join(match[1].split()) + "\n\n", text)
        for found in re.findall(r"(?m)^(?:\$ |- )?(?: *(?:- )?(?:run: )?)?((?:COLUMNS=\d+ )?perfsheet [a-z].*)$", text):
            yield pytest.param(found, id=f"{page}: {found[:60]}")


@pytest.mark.parametrize("line", list(commands()))
def test_documented_options_exist(line):
    words = shlex.split(line.split("|")[0].partition("perfsheet ")[2], comments=True)
    command = get_command(app)
    while hasattr(command, "get_command"):
        command = command.get_command(None, words.pop(0))
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help",
        "--",
    }
    for word in words[: words.index("--")] if "--" in words else words:
        if word.startswith("-") and word != "-":
            assert word.partition("=")[0] in known, word


def test_there_are_commands():
    assert len(list(commands())) > 25


def test_the_rows_of_the_worked_example():
    before, after = (analyze(read(ROOT / path)) for path in EXAMPLES)
    first = compare(before, after).ops[compare(before, after).groups[0].members[0]]
    assert sorted(before.row_ref(position).row for position in first.base) == [104, 105]
    assert [after.row_ref(position).row for position in first.new] == [64]
    assert (first.times.base_ns, first.times.new_ns) == (73_267 + 22_200, 31_684)


def test_the_worth_of_pairs_is_what_the_page_says():
    text = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    worth = likeness._WORTH
    assert f"whatever the build calls it | {likeness._SAME_KIND} |" in text
    assert f"| {worth['elements']}; {worth['outputs']}; {worth['inputs']} |" in text
    for name, what in (("storage", "memories of all tensors"), ("settings", "ATTRIBUTES, literally")):
        assert f"{what} | {worth[name]} |" in text
    assert f"between candidates) | {worth['program_hash']} |" in text
    assert f"| {likeness._TAKES_ITS_PLACE}, reshards and layout ops {likeness._MAY_TAKE_ITS_PLACE} |" in text


def test_renamed_ops_are_on_the_page():
    text = re.sub(r"\W", "", (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")).lower()
    for old in _RENAMED:
        stem = old.removesuffix("decode").removesuffix("new")
        assert stem in text, old
        assert kind(old) == _RENAMED[old]
