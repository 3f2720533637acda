"""Measures one variant in a process of its own, in the target's interpreter, which need not have perfsheet.

Arguments: a JSON file with the job (`function` as path and name with `values`, or `argv` and `environment`), and the
JSON file for the outcome: `runs_ms` and `peak_bytes`, or `problem`.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Callable  # noqa: UP035  # it also runs in Python 3.8


class _Failed(Exception):  # noqa: N818
    """The target cannot be run or measured; the message says why."""


def main(job_path: str, outcome_path: str) -> None:
    """Measure, and write the outcome, also if that fails."""
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
    run, first = _prepare(job["path"], job["name"], job["values"])
    runs = [] if first is None else [first]  # counts like any other run
    while len(runs) < job["warmup"] + job["iterations"]:
        runs.append(_time(run))
    return {"runs_ms": runs[job["warmup"] :], "peak_bytes": _own_peak()}


def _prepare(path: str, name: str, values: "dict[str, Any]") -> "tuple[Callable[[], Any], float | None]":
    """What to time: the callable that the function returns, or else the function itself with its values.

    The second item is the time in ms of the call that found this out, if it was a run of the function itself.
    """
    sys.path.insert(0, str(Path(path).parent))
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise _Failed(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise _Failed(f"{path} has no function {name}")
    started = time.perf_counter()
    result = function(**values)
    time_ms = 1e3 * (time.perf_counter() - started)
    return (result, None) if callable(result) else (lambda: function(**values), time_ms)


def _command(job: "dict[str, Any]") -> "dict[str, Any]":
    peak = 0

    def run() -> None:
        nonlocal peak
        peak = max(peak, _run(job["argv"], {**os.environ, **job["environment"]}))

    for _ in range(job["warmup"]):
        run()
    peak = 0
    runs = [_time(run) for _ in range(job["iterations"])]
    return {"runs_ms": runs, "peak_bytes": peak or None}


def _run(argv: "list[str]", environment: "dict[str, str]") -> int:
    """Run a command to its end; the peak memory of its largest process in bytes (0 = unknown)."""
    try:
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise _Failed(f"cannot start {argv[0]}: {error.strerror or error}") from None
    if not hasattr(os, "wait4"):
        status, peak = process.wait(), 0
    else:
        _, wait_status, usage = os.wait4(process.pid, 0)
        status = -os.WTERMSIG(wait_status) if os.WIFSIGNALED(wait_status) else os.WEXITSTATUS(wait_status)
        process.returncode = status
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if status != 0:
        raise _Failed(f"ended by signal {-status}" if status < 0 else f"ended with status {status}")
    return peak


def _time(run: "Callable[[], Any]") -> float:
    started = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - started)


def _own_peak() -> "int | None":
    """The peak memory of this process in bytes; None if the system does not report it."""
    try:
        # Unlike ru_maxrss, VmHWM does not include the memory of the process before exec.
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
