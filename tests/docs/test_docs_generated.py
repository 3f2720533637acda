"""Generated blocks of the docs are what the code has: `make docs` writes them."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import make_docs  # noqa: E402

BOARDS_BLOCK = next(block for block in make_docs.BLOCKS if block.name == "boards")


@pytest.mark.parametrize("block", make_docs.BLOCKS, ids=lambda block: f"{block.file}-{block.name}")
def test_the_page_has_the_block_of_the_code(block):
    text = (ROOT / block.file).read_text(encoding="utf-8")
    assert make_docs.with_block(text, block) == text, "run `make docs`"


def test_a_page_without_markers_is_an_error():
    with pytest.raises(ValueError, match="lacks the markers of the block boards"):
        make_docs.with_block("text", BOARDS_BLOCK)


def test_a_new_board_needs_one_line_of_boards_py(monkeypatch):
    """`--board`, the match by architecture and grid, and the docs follow from BOARDS."""
    from dataclasses import replace

    from perfsheet.hardware import boards

    new = replace(boards.board("p150"), name="p300", worker_cores=111, dram_gb_s=513, chips=2)
    monkeypatch.setattr(boards, "BOARDS", (*boards.BOARDS, new))
    assert boards.board("P300") is new
    assert boards.fitting_boards("blackhole", 111, 1.35) == (new,)
    assert boards.arch_of_pci_id("0xb140") == "blackhole"
    assert "| p300 (each of 2 chips) | blackhole | 111 | 513 | 1.35 | 4096 | 140 | 8 |" in list(
        make_docs.boards_table()
    )
    text = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    assert "p300" in make_docs.with_block(text, BOARDS_BLOCK)


def test_links_into_the_columns_lead_to_a_table():
    titles = re.findall(r"^## (.*)$", (ROOT / "docs" / "columns.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    linked = re.findall(r"\(columns\.md#([^)]*)\)", (ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert linked
    assert set(linked) <= anchors
