"""`perfsheet suite init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell


@command
def init(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Source trees with perf tests.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="SUITE.toml", help="The suite to write.")] = Path(
        "suite.toml"
    ),
    force: shared.Force = False,
) -> None:
    """Find the perf tests below folders, by name, marker and what they write, and list them in a suite."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.capture.notes import rows
    from perfsheet.errors import unusable
    from perfsheet.models.suite.discovery import find_perf_tests, suite_text
    from perfsheet.outputs import paths

    paths.check_file(output, [], force)
    for folder in folders:
        if not folder.exists():
            raise unusable(f"there is no folder {folder}", "check the path")
    found = find_perf_tests(folders)
    for note in found.unread:
        say(f"warning: {note}")
    name = folders[0].resolve().name if len(folders) == 1 else "models"
    replace_text(output, suite_text(found, name, output), force)
    files = len({test.path for test in found.tests})
    tell(f"Wrote {output}: {rows(len(found.tests), 'target')} from {rows(files, 'file')}")
