"""Measures one variant, in a process of its own; runs in the target's interpreter, without perfsheet.

Arguments: a JSON file with the job (`function` as path and name with `values`, or `argv` and `environment`), and the
JSON file for the outcome: `runs_ms`, `peak_bytes`, or `problem`.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Callable  # noqa: UP035  # Python 3.8 runs it, too

_LAST_LINES = 3


class _Failed(Exception):  # noqa: N818
    """The target did not do what was asked; the message says why."""


def main(job_path: str, outcome_path: str) -> None:
    """Measure, and write the outcome whichever way it ends."""
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    try:
        outcome = _command(job) if "argv" in job else _function(job)
    except _Failed as failed:
        outcome = {"problem": str(failed)}
    except Exception as error:
        traceback.print_exc()
        outcome = {"problem": "{}: {}".format(type(error).__name__, str(error).strip().split("\n")[0])}
    Path(outcome_path).write_text(json.dumps(outcome), encoding="utf-8")


def _function(job: "dict[str, Any]") -> "dict[str, Any]":
    run, first = _prepared(job["path"], job["name"], job["values"])
    done = [] if first is None else [first]  # a run like any other
    while len(done) < job["warmup"] + job["iterations"]:
        done.append(_timed(run))
    return {"runs_ms": done[job["warmup"] :], "peak_bytes": _own_peak()}


def _prepared(path: str, name: str, values: "dict[str, Any]") -> "tuple[Callable[[], Any], float | None]":
    """What is timed: what the function returns when that can be called, else the function with its values.

    In the second case it has run once to find that out; that took so many milliseconds.
    """
    sys.path.insert(0, str(Path(path).parent))
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise _Failed(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise _Failed(f"{path} has no function {name}")
    started = time.perf_counter()
    made = function(**values)
    took = 1e3 * (time.perf_counter() - started)
    return (made, None) if callable(made) else (lambda: function(**values), took)


def _command(job: "dict[str, Any]") -> "dict[str, Any]":
    peak = 0

    def run() -> None:
        nonlocal peak
        peak = max(peak, _run(job["argv"], {**os.environ, **job["environment"]}))

    for _ in range(job["warmup"]):
        run()
    peak = 0
    runs = [_timed(run) for _ in range(job["iterations"])]
    return {"runs_ms": runs, "peak_bytes": peak or None}


def _run(argv: "list[str]", environment: "dict[str, str]") -> int:
    """Run a command to its end; the most memory that it, or the largest process below it, has had (0 = unknown)."""
    try:
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise _Failed(f"cannot start {argv[0]}: {error.strerror or error}") from None
    if not hasattr(os, "wait4"):
        status, peak = process.wait(), 0
    else:
        _, raw, used = os.wait4(process.pid, 0)
        status = -os.WTERMSIG(raw) if os.WIFSIGNALED(raw) else os.WEXITSTATUS(raw)
        process.returncode = status
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if status != 0:
        raise _Failed(f"a signal ({-status}) ended it" if status < 0 else f"it ended with status {status}")
    return peak


def _timed(run: "Callable[[], Any]") -> float:
    started = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - started)


def _own_peak() -> "int | None":
    """The most memory that this process has had, in bytes; None where the system does not tell."""
    try:
        # The kernel's ru_maxrss begins with what the process had before exec; this does not.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
