#!/usr/bin/env python3
"""Write the blocks of the docs that are generated from code: `make docs`.

A block stands between `<!-- generated: NAME -->` and `<!-- end of generated: NAME -->`. A new one is a line in BLOCKS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.damage import docs_table  # type: ignore[import-not-found]  # noqa: E402

from perfsheet.analysis.rules import RULES  # noqa: E402
from perfsheet.analysis.rules.base import rules_table  # noqa: E402
from perfsheet.hardware.boards import boards_table, sources_table  # noqa: E402


class Block(NamedTuple):
    """One generated block: the page, the name in its markers, and the function that gives its lines."""

    file: str
    name: str
    lines: Callable[[], Iterable[str]]


BLOCKS: tuple[Block, ...] = (
    Block("docs/hardware.md", "boards", boards_table),
    Block("docs/hardware.md", "sources", sources_table),
    Block("docs/reliability.md", "damages", docs_table),
    Block("docs/rules.md", "rules", lambda: rules_table(RULES)),
)


def with_block(text: str, block: Block) -> str:
    """The page with that block as the code has it. Raises ValueError when the page lacks its markers."""
    start, end = f"<!-- generated: {block.name} -->\n", f"<!-- end of generated: {block.name} -->"
    head, start_found, rest = text.partition(start)
    _, end_found, tail = rest.partition(end)
    if not (start_found and end_found):
        raise ValueError(f"{block.file} lacks the markers of the block {block.name}")
    body = "\n".join(block.lines())
    return f"{head}{start}\n{body}\n\n{end}{tail}"


def main() -> None:
    """Bring every page up to date."""
    for block in BLOCKS:
        page = ROOT / block.file
        text = page.read_text(encoding="utf-8")
        updated = with_block(text, block)
        if updated != text:
            page.write_text(updated, encoding="utf-8")
            print(f"updated {block.file}: {block.name}")


if __name__ == "__main__":
    main()
