"""The outputs: they lay out what the analysis has decided, and compute nothing.

Each is one module and one line of `OUTPUTS`: the command line's flags, the checks of file names and the writing follow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """A kind of file that a report or a comparison can be written to.

    `report` and `comparison` are the functions behind it, as `module:function`: they take an analysis, or the
    comparisons of a base with each new capture, and return the file's text; blank = there is none. `binary` ones write
    the file themselves: they take its path too, a `Watch`, and whether all columns of the capture are wanted.
    `suffixes` are those that the file's name may have (empty = any). `stdout`: `-` stands for standard output, and a
    step summary of GitHub is added to.
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
    Output("html", ("--html",), "FILE.html", "One HTML file that works offline.", f"{_HERE}.html.page:page",
        f"{_HERE}.html.comparison:page", suffixes=(".html", ".htm")),
    Output("trace", ("--trace",), "FILE.json", "The ops on a timeline, for ui.perfetto.dev.", f"{_HERE}.trace:trace"),
    Output("md", ("--md",), "FILE.md",
        "Markdown for a pull request; - for standard output ($GITHUB_STEP_SUMMARY is added to).",
        f"{_HERE}.markdown.report:markdown", f"{_HERE}.markdown.comparison:markdown", stdout=True),
)
"""In the order in which they are written."""
