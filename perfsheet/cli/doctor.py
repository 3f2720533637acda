"""`perfsheet doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus

if TYPE_CHECKING:
    from perfsheet.text.json_view import JsonView


@command
@json_options
def doctor(
    open_device: Annotated[
        bool, typer.Option("--open-device", help="Also open and close device 0 (by default no device is opened).")
    ] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="First end and remove what killed runs of perfsheet have left behind.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output-folder", metavar="DIR", help="Where reports would go.")
    ] = None,
    tt_metal_home: shared.TtMetalHome = None,
    python: shared.Python = None,
    json: JsonView | None = None,
) -> int:
    """Check what a profiling run needs, and say how to fix what is missing."""
    from perfsheet.doctor import clean as clean_up
    from perfsheet.doctor import diagnose
    from perfsheet.run import RunRequest

    request = RunRequest("pytest", output_dir=output, tt_metal_home=tt_metal_home, python=python)
    for sentence in clean_up(request) if clean else ():
        say(f"perfsheet: {sentence}")
    findings = diagnose(request, open_device)
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.doctor(findings), sys.stdout, json)
    else:
        from perfsheet.outputs.terminal.checks import print_diagnoses

        print_diagnoses(findings, sys.stdout)
    return ExitStatus.NO_PROFILER if any(finding.ok is False for finding in findings) else ExitStatus.DONE
