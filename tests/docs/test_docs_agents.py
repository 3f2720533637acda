"""The pages for agents: the skill names commands that exist, the loop in ten lines runs."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from support.command import ROOT, here
from typer.main import get_command

from perfsheet import pages
from perfsheet.cli.app import app
from perfsheet.tables.breakdown import BREAKDOWNS

SKILL, GUIDE = (ROOT / "docs" / "agents" / name for name in ("SKILL.md", "guide.md"))
BEFORE, AFTER = (f"examples/captures/generated_encoder_block_{name}.csv" for name in ("before", "after"))


def commands(page):
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"`(perfsheet [^`]*)`", text) + re.findall(r"(?m)^(perfsheet [^#\n]*)", text)
    return [pytest.param(one.strip(), id=f"{page.name}: {one[:60]}") for one in dict.fromkeys(found)]


@pytest.mark.parametrize("line", [*commands(SKILL), *commands(GUIDE)])
def test_every_command_exists_with_its_options(line):
    words = shlex.split(line)[1:]
    command = get_command(app)
    while hasattr(command, "get_command"):
        name = words.pop(0)
        command = command.get_command(None, name)
        assert command is not None, name
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("-"):
            assert word in known, word


@pytest.mark.parametrize("line", commands(SKILL))
def test_commands_of_the_skill_that_need_neither_board_nor_store_run(line, capsys, monkeypatch, tmp_path):
    words = shlex.split(line)[1:]
    if words[0] in ("plan", "run", "try", "history", "doctor"):
        pytest.skip("it needs a board, TTNN or a store")
    monkeypatch.chdir(ROOT)
    files = {"run.csv": BEFORE, "before.csv": BEFORE, "after.csv": AFTER}
    if not any(word in files for word in words):
        pytest.skip("it names a command only")
    ended = here(capsys, *(files.get(word, word) for word in words))
    assert ended.status == 0, ended.err
    if "--brief" in words:
        assert len(ended.out.encode()) <= 8192
        json.loads(ended.out)


def test_the_skill_has_a_head_that_agents_read():
    head = re.match(r"---\nname: perfsheet\ndescription: (.+)\n---\n", SKILL.read_text(encoding="utf-8"))
    assert head is not None
    assert len(head[1]) < 1024


def test_the_skill_names_every_kind_of_table():
    text = SKILL.read_text(encoding="utf-8")
    assert all(one.name in text for one in BREAKDOWNS)


def test_the_loop_in_ten_lines_runs(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 10
    exec(compile(code.replace("before.csv", BEFORE).replace("after.csv", AFTER), "guide.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Reshard: ")
    assert any(line.startswith("-1361206") for line in printed)
    assert printed[-1].startswith("True ")


def test_the_skill_is_printed_and_installed(capsys, tmp_path):
    text = SKILL.read_text(encoding="utf-8")
    assert here(capsys, "skill").out == text
    assert here(capsys, "skill", "-o", tmp_path).status == 0
    assert (tmp_path / "perfsheet" / "SKILL.md").read_text(encoding="utf-8") == text
    again = here(capsys, "skill", "-o", tmp_path)
    assert again.status == 7
    assert here(capsys, "skill", "-o", tmp_path, "--force").status == 0


def test_every_page_can_be_read_by_the_server():
    assert pages.SKILL in pages.names()
    for name in pages.names():
        assert pages.title(pages.text(name)), name
