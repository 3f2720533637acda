"""The outputs beside the workbook: which are wanted, whether they can be written, and writing them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.compare import Comparison

Html = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--html", metavar="FILE.html", help="The report as one HTML file that works offline."),
]
Markdown = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--md", metavar="FILE.md", help="The report in Markdown, for a pull request ($GITHUB_STEP_SUMMARY is added to)."
    ),
]
Trace = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--trace", metavar="FILE.json", help="The ops on a timeline, for ui.perfetto.dev."),
]
Raw = Annotated[bool, typer.Option("--raw", help="All Ops with every column of the capture beyond 20,000 ops, too.")]
Open = Annotated[bool, typer.Option("--open", help="Open the report when it is written.")]

_STDOUT = Path("-")


@dataclass(frozen=True)
class Outputs:
    """What else to write; `-` for Markdown is standard output."""

    html: Path | None = None
    markdown: Path | None = None
    trace: Path | None = None
    raw: bool = False
    open: bool = False

    @property
    def any(self) -> bool:
        """Whether there is anything but the workbook."""
        return bool(self.html or self.markdown or self.trace)

    @property
    def to_stdout(self) -> bool:
        """Whether Markdown takes standard output."""
        return self.markdown == _STDOUT

    def check(self, captures: Sequence[str], workbook: Path | None, force: bool, json: bool = False) -> None:
        """Refuse what cannot or must not be written, before the work is done. Raises PerfsheetError."""
        from perfsheet.outputs import paths

        if self.to_stdout and json:
            raise usage("--md - and --json both take standard output", "give --md a file")
        files = [path for path in (workbook, *self._files()) if path is not None]
        if len({os.path.realpath(path) for path in files}) < len(files):
            raise usage("two outputs have the same name", "give each its own")
        if self.html is not None and self.html.suffix.lower() not in (".html", ".htm"):
            raise usage(f"{self.html}: a page's name ends in .html", "give --html FILE.html")
        for path in self._files():
            paths.check_file(path, captures, force or _is_summary(path))

    def write(self, analysis: Analysis) -> Iterator[Path]:
        """Write those of a capture; the files, one after another."""
        if self.html is not None:
            from perfsheet.outputs.html import page

            page.write(analysis, self.html)
            yield self.html
        if self.trace is not None:
            from perfsheet.outputs import trace

            trace.write(analysis, self.trace)
            yield self.trace
        if self.markdown is not None:
            from perfsheet.outputs.markdown.report import markdown

            yield from self._write_markdown(markdown(analysis), self.markdown)

    def write_comparison(self, found: Sequence[Comparison]) -> Iterator[Path]:
        """Write those of a comparison; the files, one after another."""
        if self.html is not None:
            from perfsheet.outputs.html import comparison as page

            page.write(found, self.html)
            yield self.html
        if self.markdown is not None:
            from perfsheet.outputs.markdown import comparison

            yield from self._write_markdown(comparison.markdown(found), self.markdown)

    def _write_markdown(self, text: str, path: Path) -> Iterator[Path]:
        from perfsheet.atomic_write import append_text, replace_text

        if self.to_stdout:
            typer.echo(text, nl=False)
            return
        (append_text if _is_summary(path) else replace_text)(path, text)
        yield path

    def _files(self) -> list[Path]:
        markdown = None if self.to_stdout else self.markdown
        return [path for path in (self.html, markdown, self.trace) if path is not None]


def _is_summary(path: Path) -> bool:
    """Whether that is the step summary of a GitHub action, to which every step adds."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and os.path.realpath(path) == os.path.realpath(str(summary))
