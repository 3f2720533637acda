"""Markdown: what a capture says stays text, tables keep their shape."""

import re

import pytest
from support.captures import op
from support.page import markdown_tables
from support.real import CAPTURES, each

from perfsheet import analyze, read
from perfsheet.outputs.markdown import plain
from perfsheet.outputs.markdown import report as markdown

HOSTILE = (
    "a | b",
    "`code` and ``more``",
    "<img src=x onerror=alert(1)>",
    "[link](http://x.test)",
    "@maintainers #1 ~~x~~ **b** _i_",
    "line\nbreak",
    "\\| trailing \\",
    "<!-- comment",
    "http://x.test",
    "</details>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_op_codes_and_texts_stay_in_their_cells(analysis_of, text):
    row = op(text, 10, 1, memory=f"DEV_0_{text}") | {"DEVICE ARCH": text}
    result = markdown(analysis_of(row, op("Matmul", 5)))
    for table in markdown_tables(result):
        assert {len(line) for line in table.rows} <= {len(table.headers)}
    outside = re.sub(r"`[^`\n]*`", "", result)
    assert not re.search(r"<(?!/?details>|/?summary>)[a-z!/]", outside)
    assert not re.search(r"\]\(|https?://|(?<![\w/])@\w|<!--", outside)
    assert outside.count("<details>") == outside.count("</details>") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_has_nothing_special_left(text):
    assert not re.search(r"[\\`*<>\[\]|@~]|#(?!\d+;)|://", plain(text))


def test_identifiers_read_as_they_are():
    assert plain("try is_balanced=True, ttnn.L1_MEMORY_CONFIG") == "try is_balanced=True, ttnn.L1_MEMORY_CONFIG"


@each(CAPTURES)
def test_it_fits_a_comment(path):
    """GitHub takes 65,536 characters."""
    assert len(markdown(analyze(read(path)))) < 30_000
