"""Runs a script or module as `python script.py …` would, and records how it ended as JSON lines.

    python -m perfsheet_script script.py [arguments]
    python -m perfsheet_script -m module [arguments]

It runs in the target's interpreter, so it imports nothing from perfsheet and needs no more than Python 3.8. A process
that is killed or calls os._exit leaves a `session` event without an `end`.
"""

import importlib
import json
import os
import runpy
import sys
import time
from pathlib import Path


def _write(path: str, **event: object) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as verdict:
            verdict.write(json.dumps(event) + "\n")


def _run(arguments: "list[str]") -> None:
    if arguments[0] == "-m":
        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return
    sys.argv[:] = arguments
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
    runpy.run_path(arguments[0], run_name="__main__")


def _status_of(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    return stop.code if isinstance(stop.code, int) else 1


def main() -> None:
    """Run the target named on the command line and record its exit status, also after an exception."""
    if os.environ.get("PERFSHEET_GRAPH"):
        importlib.import_module("perfsheet_graph")  # it reads the next variable, too
    # Removed from the environment, so that processes started by the script record nothing.
    path = os.environ.pop("PERFSHEET_VERDICT", "")
    started = time.time()
    _write(path, event="session", pid=os.getpid())
    status = 1
    try:
        _run(sys.argv[1:])
        status = 0
    except SystemExit as stop:
        status = _status_of(stop)
        raise
    finally:
        _write(path, event="end", exit_status=status, duration_s=time.time() - started)


if __name__ == "__main__":
    main()
