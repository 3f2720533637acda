"""What one run sets up for its target: an id, a temporary folder, the environment, the report folder and a port."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.run.command import TargetCommand
from perfsheet.run.leftovers import TEMPORARY, claim
from perfsheet.run.model import RUN_ID, RunRequest

TARGET_HELPERS = Path(__file__).with_name("target")
"""Folder of the modules that run in the target's interpreter."""

_VERDICT, _ONLY, _GRAPH = "PERFSHEET_VERDICT", "PERFSHEET_ONLY", "PERFSHEET_GRAPH"
_PCC, _PLAN = "PERFSHEET_GRAPH_PCC", "PERFSHEET_GRAPH_PLAN"
_TTNN_CONFIG = "TTNN_CONFIG_OVERRIDES"
_PORTS = range(8086, 8500)
"""The ports that the profiler itself tries."""


def new_run_id() -> str:
    """An id that no other run has."""
    return uuid.uuid4().hex


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """The run's own folder, for its verdict and links; removed with the run."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as name:
        claim(Path(name))
        yield name


def target_environment(request: RunRequest, command: TargetCommand, run_id: str, verdict: Path) -> dict[str, str]:
    """The environment of the target: this process's own, the request's, the command's, then what the run needs."""
    environment = {**os.environ, **request.variables, **command.environment}
    for name in ("TT_METAL_HOME", "TT_METAL_PROFILER_DIR"):
        if not environment.get(name):  # set but empty: the profiler would use the current folder
            environment.pop(name, None)
    if request.tt_metal_home is not None:
        if not os.path.isdir(request.tt_metal_home):  # noqa: PTH112 - Path.is_dir() may raise
            raise usage(f"there is no folder {request.tt_metal_home}", "--tt-metal-home names a tt-metal checkout")
        environment["TT_METAL_HOME"] = str(request.tt_metal_home.absolute())
    environment |= {RUN_ID: run_id, _VERDICT: str(verdict), "PYTHONUNBUFFERED": "1", "TRACY_NO_WEB_SERVER": "1"}
    environment.setdefault("PYTHONIOENCODING", "utf-8")
    if command.source == "pytest":
        environment["PYTEST_PLUGINS"] = ",".join(filter(None, (environment.get("PYTEST_PLUGINS"), "perfsheet_verdict")))
        if request.only is not None:
            environment[_ONLY] = request.only
    return add_to_path(environment, TARGET_HELPERS)


def graph_environment(
    environment: Mapping[str, str], folder: Path, pcc: bool = False, plan: bool = False
) -> dict[str, str]:
    """`environment` of a target whose graph TTNN is to capture; the report goes to `folder`.

    `pcc`: each op is compared with its golden function. `plan`: nothing is dispatched, and the captures stay as they
    are.

    TTNN does not start with a configuration key that it does not know, and reads this one only at its start. The rest
    is set once ttnn is imported, where its keys can be seen.
    """
    try:
        configuration = json.loads(environment.get(_TTNN_CONFIG) or "{}")
    except ValueError:  # then TTNN refuses it, and the target does not start without a capture either
        configuration = None
    own = dict(environment)
    if isinstance(configuration, dict):
        own[_TTNN_CONFIG] = json.dumps({**configuration, "enable_fast_runtime_mode": False})
    own.pop("TT_METAL_DEVICE_PROFILER", None)
    if "PYTEST_PLUGINS" in own:  # before the plugin of the verdict, which takes its variable out of the environment
        own["PYTEST_PLUGINS"] = f"perfsheet_graph,{own['PYTEST_PLUGINS']}"
    return {**own, _GRAPH: str(folder), **({_PCC: "1"} if pcc else {}), **({_PLAN: "1"} if plan else {})}


def add_to_path(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environment` with `folder` at the end of its PYTHONPATH."""
    path = os.pathsep.join(filter(None, (environment.get("PYTHONPATH"), str(folder))))
    return {**environment, "PYTHONPATH": path}


def own_temporary_folder() -> Path:
    """A folder for logs that are kept, below the one for temporary files, which all users share: nobody else can read
    it, or have put it there.
    """
    if not hasattr(os, "getuid"):
        return Path(tempfile.gettempdir()) / "perfsheet"
    folder = Path(tempfile.gettempdir()) / f"perfsheet-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="perfsheet-"))


def metal_home(environment: Mapping[str, str]) -> Path:
    """TT_METAL_HOME, which defaults to the current folder."""
    return Path(environment.get("TT_METAL_HOME") or ".").absolute()


def artifact_root(request: RunRequest, environment: Mapping[str, str]) -> Path:
    """The folder below which the profiler leaves its logs and reports."""
    if request.output_dir is not None:
        return request.output_dir.absolute()
    if folder := environment.get("TT_METAL_PROFILER_DIR"):
        return Path(folder).absolute()
    return metal_home(environment) / "generated" / "profiler"


@contextlib.contextmanager
def reserved_port() -> Iterator[int | None]:
    """A free port, reserved among the runs of perfsheet on this machine until the context ends.

    The profiler itself looks for a free port and releases it again, so two that start together may get the same one,
    and one capture tool would record the other's target. None where nothing can be reserved: then the profiler looks
    for one. Raises PerfsheetError when all are taken.
    """
    if sys.platform != "linux":
        yield None
        return
    for port in _PORTS:
        # An abstract name ends with its process, needs no permissions, and belongs to a network namespace as ports do.
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with lock:
            if _can_bind(lock, f"\0perfsheet-port-{port}") and _is_free(port):
                yield port
                return
    raise PerfsheetError(
        ExitStatus.PROFILER_FAILED,
        f"all ports of the profiler, {_PORTS.start} to {_PORTS.stop - 1}, are taken",
        "end the profilers that hang: perfsheet doctor names them",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        return _can_bind(tried, ("", port))


def _can_bind(sock: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        sock.bind(address)
    except OSError:
        return False
    return True
