"""Whether a profiling run can work here, checked before it fails.

    findings = diagnose(RunRequest("pytest"))
    [finding for finding in findings if finding.ok is False]

A check is one small function in `machine` or `toolchain`; it yields findings and changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from perfsheet.doctor import machine, toolchain
from perfsheet.doctor.model import Diagnosis, RunSetup
from perfsheet.run import RunRequest, leftovers
from perfsheet.run.command import parse_command
from perfsheet.run.toolchain import find_interpreter, probe, tools_folder
from perfsheet.run.workspace import artifact_root, target_environment

__all__ = ["CHECKS", "Diagnosis", "clean", "diagnose"]

CHECKS: tuple[Callable[[RunSetup], Iterator[Diagnosis]], ...] = (
    toolchain.check_python,
    toolchain.check_pytest,
    toolchain.check_ttnn,
    toolchain.check_mock_board,
    toolchain.check_tracy,
    toolchain.check_pandas,
    toolchain.check_capture_tools,
    toolchain.check_tracy_build,
    toolchain.check_metal_home,
    machine.check_devices,
    machine.check_device_in_use,
    machine.check_simulator,
    machine.check_debug_tools,
    machine.check_disk,
    machine.check_profilers,
    machine.check_unfinished_runs,
)
"""All checks, in the order in which they are shown."""


def clean(request: RunRequest) -> list[str]:
    """End and remove what killed runs have left behind; what was done, a sentence each.

    Raises PerfsheetError (usage) when the request itself is invalid.
    """
    command = parse_command(request.command)
    root = artifact_root(request, target_environment(request, command, "doctor", Path(os.devnull)))
    return list(leftovers.remove(leftovers.find([root], [Path(), root])))


def diagnose(request: RunRequest, open_device: bool = False) -> list[Diagnosis]:
    """Check everything that a run of this request would need; a device is opened only with `open_device`.

    Raises PerfsheetError (usage) when the request itself is invalid.
    """
    command = parse_command(request.command)
    environment = target_environment(request, command, "doctor", Path(os.devnull))
    python = probe(find_interpreter(request, command, environment, "tracy"), environment)
    tools = tools_folder(request.tracy_options, environment)
    setup = RunSetup(python, environment, tools, artifact_root(request, environment))
    checks = (*CHECKS, machine.check_open_device) if open_device else CHECKS
    return [finding for check in checks for finding in check(setup)]
