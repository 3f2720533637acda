#!/usr/bin/env python3
"""Write the blocks of the docs that are generated from code: `make docs`.

A block stands between `<!-- generated: NAME -->` and `<!-- end of generated: NAME -->`. A new one is a line in BLOCKS.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from columns_docs import columns_page  # noqa: E402
from support.damage import docs_table  # type: ignore[import-not-found]  # noqa: E402
from support.json_keys import KEYS_FILE, documents, keys_text  # type: ignore[import-not-found]  # noqa: E402

from perfsheet.analysis.rules import RULES  # noqa: E402
from perfsheet.hardware import boards  # noqa: E402
from perfsheet.history.schema import TABLES  # noqa: E402


def boards_table() -> Iterator[str]:
    """The boards as a Markdown table, for docs/hardware.md."""
    titles = ("board", "arch", "worker cores", "DRAM [GB/s]", "clock [GHz]", "FLOP / cycle / core", "Tensix cores")
    yield f"| {' | '.join((*titles, 'DRAM banks'))} |"
    yield f"|{' --- |' * (len(titles) + 1)}"
    for board in boards.BOARDS:
        name = board.name if board.chips == 1 else f"{board.name} (each of {board.chips} chips)"
        peaks = f"{board.dram_gb_s:g} | {board.clock_ghz} | {board.flops_per_cycle}"
        more = f"{board.tensix_cores or '–'} | {board.dram_banks or '–'}"
        yield f"| {name} | {board.arch} | {board.worker_cores} | {peaks} | {more} |"


def sources_table() -> Iterator[str]:
    """Where the numbers of each board are from as a Markdown table, for docs/hardware.md."""
    yield "| number | source |"
    yield "| --- | --- |"
    for board in boards.BOARDS:
        yield f"| {board.name}: {board.worker_cores} worker cores | {board.grid_source} |"
        yield f"| {board.name}: {board.dram_gb_s:g} GB/s | {board.dram_source} |"
        yield f"| {board.name}: {board.clock_ghz} GHz | {board.clock_source} |"
    yield f"| Tensix cores of a chip | {boards.TENSIX_SOURCE} |"
    yield f"| DRAM banks of a chip | {boards.BANKS_SOURCE} |"
    for chip in dict.fromkeys(board.chip for board in boards.BOARDS):
        yield f"| {chip.name}: {chip.flops_per_cycle} FLOP / cycle / core | {chip.flops_source} |"
        yield f"| {chip.name}: PCI id 0x{chip.pci_id:04x} | {boards.PCI_IDS} |"


def rules_table() -> list[str]:
    """The table of docs/rules.md."""
    rows = [
        f"| `{rule.id}` | {rule.mark} | {rule.stage.value} | {rule.detects} | {rule.saving_formula} |" for rule in RULES
    ]
    return ["| rule | mark | stage | what it hits | saving at most |", "| --- | --- | --- | --- | --- |", *rows]


def store_tables() -> Iterator[str]:
    """The tables of a history, for docs/history.md."""
    for table in TABLES:
        yield f"### `{table.name}`"
        yield ""
        yield f"{table.about}{' Partitioned by model.' if table.partitioned else ''}"
        yield ""
        yield "| column | type | meaning |"
        yield "| --- | --- | --- |"
        yield from (f"| `{field.name}` | {field.type} | {field.meaning} |" for field in table.fields)
        yield ""


class Block(NamedTuple):
    """One generated block: the page, the name in its markers, and the function that gives its lines."""

    file: str
    name: str
    lines: Callable[[], Iterable[str]]


BLOCKS: tuple[Block, ...] = (
    Block("docs/columns.md", "columns", columns_page),
    Block("docs/hardware.md", "boards", boards_table),
    Block("docs/hardware.md", "sources", sources_table),
    Block("docs/history.md", "store", store_tables),
    Block("docs/reliability.md", "damages", docs_table),
    Block("docs/rules.md", "rules", rules_table),
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
    """Bring every page up to date, and the list of JSON keys."""
    for block in BLOCKS:
        page = ROOT / block.file
        text = page.read_text(encoding="utf-8")
        updated = with_block(text, block)
        if updated != text:
            page.write_text(updated, encoding="utf-8")
            print(f"updated {block.file}: {block.name}")
    with tempfile.TemporaryDirectory() as folder:
        keys = keys_text(documents(Path(folder)))
    if not KEYS_FILE.exists() or keys != KEYS_FILE.read_text(encoding="utf-8"):
        KEYS_FILE.write_text(keys, encoding="utf-8")
        print(f"updated {KEYS_FILE.relative_to(ROOT)}: review the change, it is the JSON contract")


if __name__ == "__main__":
    main()
