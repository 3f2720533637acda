"""The pages as a whole: index, links, pictures, glossary, settings, the notebook, and what commands print."""

import re
import shlex

import pytest
from support.command import ROOT, here

from perfsheet import analyze, read
from perfsheet.cli.settings import _KNOWN

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in DOCS.rglob("*.md")),
]
EXAMPLES = [f"examples/captures/generated_encoder_block_{name}.csv" for name in ("before", "after")]


def names(pages):
    return [str(page.relative_to(ROOT)) for page in pages]


def anchors(page):
    """What GitHub makes of the page's headings."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    titles = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_page_is_in_the_index_once():
    index = INDEX.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(((?!\.\.)[^)#]+\.md)\)", index)
    assert sorted(linked) == sorted(
        str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if page.name != "README.md"
    )


def test_every_picture_is_shown_on_a_page():
    shown = {target for page in PAGES for target in re.findall(r"!\[.*?\]\((.*?)\)", page.read_text(encoding="utf-8"))}
    pictures = list((DOCS / "pictures").iterdir())
    assert {picture.name for picture in pictures} == {target.rpartition("/")[2] for target in shown}
    for picture in pictures:
        assert picture.stat().st_size < 250_000, picture.name


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_the_glossary_has_each_word_once():
    words = re.findall(r"(?m)^\| (?!word |---)(.*?) \|", (DOCS / "glossary.md").read_text(encoding="utf-8"))
    assert len(words) == len(set(words)) > 50


def test_the_settings_are_those_of_the_code():
    rows = re.findall(r"(?m)^\| (`[a-z].*?) \| .*? \| .*? \|$", (DOCS / "settings.md").read_text(encoding="utf-8"))
    assert set(re.findall(r"`([a-z-]+)`", " ".join(rows))) == {*_KNOWN, "replay"}


def test_the_notebook_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "notebook.md").read_text(encoding="utf-8"), re.DOTALL)
    code = code.replace("ops_perf_results.csv", EXAMPLES[1])
    exec(compile(code, "notebook.md", "exec"), {"before": analyze(read(EXAMPLES[0]))})


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1200


def worked_examples():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"(?m)^```text\n(\$ .*?)^```", text, re.DOTALL):
            command, _, shown = block.replace("\\\n", " ").partition("\n")
            yield pytest.param(command.removeprefix("$ "), shown, id=f"{page.name}: {command[:60]}")


def test_there_are_worked_examples():
    assert len(list(worked_examples())) >= 4


@pytest.mark.parametrize(("command", "shown"), list(worked_examples()))
def test_a_worked_example_is_what_the_command_prints(capsys, monkeypatch, command, shown):
    """`…` on a line of its own stands for lines left out; captures of others are in a folder that not everyone has."""
    monkeypatch.chdir(ROOT)
    columns, _, command = command.partition(" perfsheet ")
    monkeypatch.setenv(*columns.split("="))
    words = shlex.split(command.replace("{before,after}.csv", "before.csv " + EXAMPLES[1]))
    words = [f"../shared/data/{word}" if word.endswith(".csv") and "/" not in word else word for word in words]
    if missing := [word for word in words if word.endswith(".csv") and not (ROOT / word).exists()]:
        pytest.skip(f"no {missing[0]}")
    printed = here(capsys, *words).out.splitlines()
    at = 0
    for line in shown.splitlines():
        if line != "…":
            assert line in printed[at:], line
            at = printed.index(line, at) + 1
