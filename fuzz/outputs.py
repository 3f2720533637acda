"""Feed captures with odd cells to every renderer: all output is well-formed and without active content."""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import atheris

with atheris.instrument_imports(include=["perfsheet"]):
    from perfsheet import PerfsheetError, analyze, read
    from perfsheet.outputs import csv_output, json_output, trace
    from perfsheet.outputs.html import page
    from perfsheet.outputs.markdown import report as markdown
    from perfsheet.outputs.terminal.ops import print_hotspots, print_top_ops
    from perfsheet.outputs.workbook import book
    from perfsheet.tables.op_rows import top_ops as top_ops_rows
    from perfsheet.tables.ops import OPS

from captures import ROOT, seeds, with_cells

_FOLDER = ROOT / "generated" / "fuzz"
_ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _ActiveContent(HTMLParser):
    """Counts scripts and handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += sum(name.startswith("on") or (value or "").startswith("javascript:") for name, value in attrs)


def write_all(data: bytes) -> None:
    """Make a capture of the bytes and write every output."""
    provider = atheris.FuzzedDataProvider(data)
    cells = [provider.ConsumeUnicode(40) for _ in range(provider.ConsumeIntInRange(1, 40))]
    path = _FOLDER / "run.csv"
    path.write_bytes(with_cells(cells))
    try:
        analysis = analyze(read(path))
    except PerfsheetError:
        return
    shown = io.StringIO()
    print_top_ops(analysis, 20, shown)
    print_hotspots(analysis, None, shown)
    csv_output.write(shown, OPS, top_ops_rows(analysis, None))
    assert not _ESCAPES.search(shown.getvalue())
    json.loads(json_output.dumps(json_output.report(analysis, None)))
    json.loads(trace.trace(analysis))
    assert "](javascript:" not in markdown(analysis)
    content = _ActiveContent()
    content.feed(page(analysis))
    assert (content.scripts, content.handlers) == (1, 0), content.__dict__
    workbook = _FOLDER / "run.xlsx"
    book.write(analysis, workbook)
    with zipfile.ZipFile(workbook) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(archive.read(name))


def main() -> None:
    """Fuzz until stopped."""
    warnings.simplefilter("ignore")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    corpus = seeds(_FOLDER / "seeds")
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={_FOLDER}{Path('/')}", *sys.argv[1:]], write_all)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
