"""All checks, in the order in which they are shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from perfsheet.doctor import device, machine, profiler, python
from perfsheet.doctor.model import Diagnosis, Patient
from perfsheet.run import RunRequest
from perfsheet.run.command import parse_command
from perfsheet.run.probe import ask
from perfsheet.run.toolchain import target_python, tools_folder
from perfsheet.run.workspace import artifact_root, target_environment

Check = Callable[[Patient], Iterator[Diagnosis]]

CHECKS: tuple[Check, ...] = (
    python.interpreter,
    python.pytest,
    python.ttnn,
    profiler.tracy,
    python.pandas,
    profiler.capture_tools,
    profiler.tracy_build,
    profiler.metal_home,
    device.nodes,
    device.in_use,
    device.simulator,
    machine.disk,
    machine.profilers,
    machine.unfinished,
)


def diagnose(request: RunRequest, open_device: bool = False) -> list[Diagnosis]:
    """Look at everything that a run of this request would need; no device is opened unless `open_device` says so.

    Raises PerfsheetError (usage) when the request itself cannot be followed.
    """
    command = parse_command(request.command)
    environment = target_environment(request, command, "doctor", Path(os.devnull))
    toolbox = ask(target_python(request, command, environment, "tracy"), environment)
    tools = tools_folder(request.tracy_options, environment)
    patient = Patient(toolbox, environment, tools, artifact_root(request, environment))
    checks = (*CHECKS, device.opened) if open_device else CHECKS
    return [finding for check in checks for finding in check(patient)]
