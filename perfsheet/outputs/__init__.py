"""The outputs lay out the results of the analysis; they compute nothing.

Each file output is a module and an entry in OUTPUTS, from which flags, file-name checks and writing follow.
"""

from __future__ import annotations

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Output:
    """A kind of file that a report or a comparison can be written to.

    `report` and `comparison` name its functions as `module:function` (blank = none). They take an analysis, or the
    comparisons of a base with each new capture, and return the file's text. Those of a `binary` output also take the
    path, a `Watch` and whether to keep all columns of the capture, and write the file themselves.
    `suffixes`: allowed file suffixes (empty = any). `stdout`: `-` means standard output, and text is appended to a
    GitHub step summary.
    """

    name: str
    flags: tuple[str, ...]
    metavar: str
    help: str
    report: str
    comparison: str = ""
    suffixes: tuple[str, ...] = ()
    binary: bool = False
    stdout: bool = False


_HERE = "perfsheet.outputs"
# fmt: off
WORKBOOK = Output(
    "workbook",
    ("-o", "--output"),
    "FILE.xlsx",
    "The Excel workbook; `report` writes it beside the capture unless another output is asked for.",
    f"{_HERE}.workbook.book:write",
    f"{_HERE}.workbook.comparison:write",
    suffixes=(".xlsx",),
    binary=True,
)
OUTPUTS = (
    WORKBOOK,
    Output("html", ("--html",), "FILE.html", "One HTML file that works offline.", f"{_HERE}.html:page",
        f"{_HERE}.html.comparison:page", suffixes=(".html", ".htm")),
    Output("trace", ("--trace",), "FILE.json", "The ops on a timeline, for ui.perfetto.dev.", f"{_HERE}.trace:trace"),
    Output("md", ("--md",), "FILE.md",
        "Markdown for a pull request; - for standard output ($GITHUB_STEP_SUMMARY is added to).",
        f"{_HERE}.markdown:report", f"{_HERE}.markdown:compare", stdout=True),
)
"""In the order in which they are written."""
