"""A port for the profiler of one run, which no other run takes.

The profiler itself looks for a free one and lets go of it again: two that start together may get the same, and one
capture tool would record the other's target.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

from perfsheet.errors import ExitStatus, PerfsheetError

_PORTS = range(8086, 8500)
"""Those that the profiler looks through by itself."""


@contextlib.contextmanager
def reserved_port() -> Iterator[int | None]:
    """A port that is free now and, among runs of perfsheet on this machine, reserved for the time of the context.

    None where nothing can be reserved: then the profiler looks for one. Raises PerfsheetError when all are taken.
    """
    if sys.platform != "linux":
        yield None
        return
    for port in _PORTS:
        # An abstract name goes away with its process, has no permissions, and is of a network namespace as ports are.
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with lock:
            if _bound(lock, f"\0perfsheet-port-{port}") and _is_free(port):
                yield port
                return
    raise PerfsheetError(
        ExitStatus.PROFILER_FAILED,
        f"all ports of the profiler, {_PORTS.start} to {_PORTS.stop - 1}, are taken",
        "end the profilers that hang: perfsheet doctor names them",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return _bound(probe, ("", port))


def _bound(sock: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        sock.bind(address)
    except OSError:
        return False
    return True
