"""Measures one variant in a process of its own, in the target's interpreter, which need not have perfsheet.

Arguments: a JSON file with the job (`function` as path and name with `values`, or `argv` and `environment`), and the
JSON file for the outcome: `runs_ms`, `warmup_ms`, `peak_bytes`, `device_bytes` and `device_memory`, or `problem`. The
time of each run in ms is added to the file `done`, a line each, as soon as it is over.
"""

import gc
import importlib.util
import inspect
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
    run, first, not_taken = _prepare(job["path"], job["name"], job["values"], job["required"])
    runs = [] if first is None else [first]  # counts like any other run
    if runs:
        _done(job, runs[0])
    memory = _DeviceMemory()
    while len(runs) < job["warmup"] + job["iterations"]:
        if len(runs) == job["warmup"]:
            memory.reset()
        runs.append(_time(run))
        memory.look()
        _done(job, runs[-1])
    outcome = {"runs_ms": runs[job["warmup"] :], "warmup_ms": runs[: job["warmup"]], "peak_bytes": _own_peak()}
    return {**outcome, "device_bytes": memory.peak, "device_memory": memory.kind, "not_taken": not_taken}


def _done(job: "dict[str, Any]", time_ms: float) -> None:
    """Tell who waits that one more run is done."""
    with Path(job["done"]).open("a", encoding="ascii") as stream:
        stream.write(f"{time_ms!r}\n")


class _DeviceMemory:
    """The most memory that the measured runs had on the device: of CUDA its own peak, of TTNN what is allocated after a
    run. It is a figure beside the latency: where it cannot be had, that is measured all the same."""

    def __init__(self) -> None:
        self.peak = None  # type: int | None
        self.kind = ""
        self._cuda, self._devices = None, []  # type: Any, list[Any]
        try:
            self._cuda = self._find_cuda()
            self._devices = [] if self._cuda else self._find_ttnn()
        except Exception:
            self._give_up()

    def reset(self) -> None:
        """What follows is measured."""
        self.peak = None
        try:
            if self._cuda:
                self._cuda.reset_peak_memory_stats()
        except Exception:
            self._give_up()

    def look(self) -> None:
        """A run is over."""
        try:
            if self._cuda:
                self._take("CUDA", self._cuda.max_memory_allocated())
            elif self._devices:
                self._take("TTNN", sum(map(_allocated, self._devices)))
        except Exception:
            self._give_up()

    def _give_up(self) -> None:
        self._cuda, self._devices, self.peak, self.kind = None, [], None, ""

    def _take(self, kind: str, size: int) -> None:
        self.kind, self.peak = kind, max(size, self.peak or 0)

    @staticmethod
    def _find_cuda() -> "Any":
        torch = sys.modules.get("torch")
        return torch.cuda if torch is not None and torch.cuda.is_available() is True else None

    @staticmethod
    def _find_ttnn() -> "list[Any]":
        """The open devices: whoever opened one holds it."""
        ttnn = sys.modules.get("ttnn")
        kinds = tuple(filter(None, (getattr(ttnn, name, None) for name in ("MeshDevice", "Device"))))
        return [one for one in gc.get_objects() if issubclass(type(one), kinds)] if kinds else []


def _allocated(device: "Any") -> int:
    """Bytes that are allocated on a TTNN device, in DRAM and L1."""
    ttnn = sys.modules["ttnn"]
    size = 0
    for kind in (ttnn.BufferType.DRAM, ttnn.BufferType.L1):
        view = ttnn.get_memory_view(device, kind)
        size += view.num_banks * view.total_bytes_allocated_per_bank
    return size


def _prepare(
    path: str, name: str, values: "dict[str, Any]", required: "list[str]"
) -> "tuple[Callable[[], Any], float | None, list[str]]":
    """What to time: the callable that the function returns, or else the function itself with its values.

    The second item is the time in ms of the call that found this out, if it was a run of the function itself; the third
    has the values that it does not take.
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
    given, values = values, _accepted(function, values, required)
    not_taken = [name for name in given if name not in values]
    started = time.perf_counter()
    result = function(**values)
    time_ms = 1e3 * (time.perf_counter() - started)
    return (result, None, not_taken) if callable(result) else (lambda: function(**values), time_ms, not_taken)


def _accepted(function: "Callable[..., Any]", values: "dict[str, Any]", required: "list[str]") -> "dict[str, Any]":
    """The values without labels that no parameter can be called, unless the function takes any."""
    try:
        taken = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return values
    if any(one.kind is one.VAR_KEYWORD for one in taken):
        return values
    return {name: value for name, value in values.items() if name.isidentifier() or name in required}


def _command(job: "dict[str, Any]") -> "dict[str, Any]":
    peak = 0

    def run() -> None:
        nonlocal peak
        peak = max(peak, _run(job["argv"], {**os.environ, **job["environment"]}))

    times = {"warmup_ms": [], "runs_ms": []}  # type: dict[str, Any]
    for name, count in (("warmup_ms", job["warmup"]), ("runs_ms", job["iterations"])):
        peak = 0
        for _ in range(count):
            times[name].append(_time(run))
            _done(job, times[name][-1])
    # The kernel counts this process, too, as it was before it became the command.
    return {**times, "peak_bytes": peak if peak > 1.05 * (_own_peak() or 0) else None}


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
