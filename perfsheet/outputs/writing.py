"""The output files of a command: checking them before the work, and writing them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfsheet.atomic_write import is_stream, own_file
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs import OUTPUTS, WORKBOOK, Output, paths
from perfsheet.text.safe import printed

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.comparison import Comparison
    from perfsheet.progress import Watch

_STDOUT = Path("-")


@dataclass(frozen=True)
class Outputs:
    """The files to write, by the name of their output; `raw` keeps all columns of the capture in the workbook.

    `force`: files that are there already are overwritten.
    """

    files: Mapping[str, Path]
    raw: bool = False
    open: bool = False
    force: bool = False

    @property
    def workbook(self) -> Path | None:
        """The workbook's file."""
        return self.files.get(WORKBOOK.name)

    @property
    def to_stdout(self) -> bool:
        """Whether an output takes standard output."""
        return any(_is_stdout(output, path) or own_file(path) == 1 for output, path in self._each())

    def with_workbook(self, path: Path) -> Outputs:
        """These outputs and a workbook."""
        return replace(self, files={WORKBOOK.name: path, **self.files})

    def check(self, inputs: Sequence[str], json: bool = False) -> None:
        """Refuse what cannot or must not be written; `inputs` are the files that are read.

        Raises PerfsheetError: exit status 2 for names that clash or would replace an input, 7 for the rest.
        """
        if self.to_stdout and json:
            raise usage("an output and --json both take standard output", "give the output a file")
        if self.to_stdout:
            paths.refuse_open_input(1, "standard output", inputs)
        files = [(output, path) for output, path in self._each() if not _is_stdout(output, path)]
        paths.refuse_same([path for _, path in files])
        for output, path in files:
            if output.suffixes and path.suffix.lower() not in output.suffixes and not is_stream(path):
                flag, suffix = output.flags[0], output.suffixes[0]
                raise usage(f"{path}: the name must end in {suffix}", f"give {flag} {output.metavar}")
            paths.check_file(path, inputs, self._may_overwrite(output, path))

    def write(self, analysis: Analysis, watch: Watch) -> list[Path]:
        """Write the report of an analysis; the files in the order in which they were written."""
        return list(self._write(analysis, lambda output: output.report, watch))

    def write_comparison(self, comparisons: Sequence[Comparison], watch: Watch) -> list[Path]:
        """Write the report of a comparison; the files in the order in which they were written."""
        return list(self._write(comparisons, lambda output: output.comparison, watch))

    def _write(self, subject: Any, function_of: Callable[[Output], str], watch: Watch) -> Iterator[Path]:
        for output, path in self._each():
            module, _, name = function_of(output).partition(":")
            function = getattr(import_module(module), name)
            if output.binary:
                function(subject, path, watch, self.raw, self.force)
            elif _is_stdout(output, path):
                sys.stdout.write(printed(function(subject)))
                continue
            else:
                self._write_text(output, path, function(subject))
            yield path

    def _write_text(self, output: Output, path: Path, text: str) -> None:
        from perfsheet.atomic_write import append_text, replace_text

        if output.stdout and _is_step_summary(path):
            append_text(path, text)
        else:
            replace_text(path, text, self.force)

    def _may_overwrite(self, output: Output, path: Path) -> bool:
        return self.force or (output.stdout and _is_step_summary(path))

    def _each(self) -> list[tuple[Output, Path]]:
        return [(output, self.files[output.name]) for output in OUTPUTS if output.name in self.files]


def _is_stdout(output: Output, path: Path) -> bool:
    return output.stdout and path == _STDOUT


def _is_step_summary(path: Path) -> bool:
    """Whether that is the step summary of a GitHub action, to which every step adds."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and os.path.realpath(path) == os.path.realpath(str(summary))
