"""Keeps TTNN's graph of a run in the folder $PERFSHEET_GRAPH (PYTEST_DONT_REWRITE).

It runs in the target's interpreter, as a pytest plugin or imported by perfsheet_script, so it imports nothing from
perfsheet and needs no more than Python 3.8. It waits until the target has imported ttnn, and captures from the opening
of a device to its closing: a device that is opened while a capture is active leaves TTNN without one, and ending it
then crashes the process (seen in 0.81.1). That is also why TTNN's own fixture is not used: it begins a capture before
a test opens its devices itself.

When the process exits, TTNN's own importer makes db.sqlite of what was captured; with $PERFSHEET_GRAPH_PLAN the
captures stay as they are. A ttnn before 0.70 writes it during the run. What goes wrong is an event `graph` in the file
of perfsheet_verdict.
"""

import atexit
import contextlib
import functools
import importlib
import importlib.util
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

_FOLDER = os.environ.get("PERFSHEET_GRAPH", "")
_PCC = os.environ.get("PERFSHEET_GRAPH_PCC", "")
_PLAN = os.environ.get("PERFSHEET_GRAPH_PLAN", "")
_EVENTS = os.environ.get("PERFSHEET_VERDICT", "")

_OPENS = ("open_device", "open_mesh_device", "CreateDevice", "CreateDevices")
_CLOSES = ("close_device", "close_mesh_device", "CloseDevice", "CloseDevices")
_MOST_PROCESSES = 1000


def _problem(text: str) -> None:
    print(f"perfsheet: {text}", file=sys.stderr, flush=True)  # noqa: T201
    if _EVENTS:
        with Path(_EVENTS).open("a", encoding="utf-8") as events:
            events.write(json.dumps({"event": "graph", "problem": text}) + "\n")


def _own_folder() -> Path:
    """$PERFSHEET_GRAPH, or a folder in it for a further process of the run."""
    names = ["", *(f"process_{number}" for number in range(2, _MOST_PROCESSES))]
    for folder in (Path(_FOLDER) / name for name in names):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(_FOLDER)


class _Recorder:
    """Captures while a device is open, and imports what it has captured in the end."""

    def __init__(self, ttnn: Any) -> None:
        self._ttnn, self._graph = ttnn, ttnn.graph
        self._folder: Path | None = None
        self._parts: list[tuple[Path, int]] = []  # the captures, and the number of their calls
        self._open = 0
        self._capturing = self._inside = self._failed = False

    def around(self, function: Any, devices: int) -> Any:
        """`function`, which opens (`devices` = 1) or closes (-1) a device, outside of any capture."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if self._inside:  # one of these functions calls another
                return function(*args, **kwargs)
            self._inside = True
            self._try(self._end)
            try:
                if _PLAN and devices > 0:
                    args, kwargs = self._on_workers(args, kwargs)
                result = function(*args, **kwargs)
                self._open = max(0, self._open + devices)
                return result
            finally:
                self._inside = False
                if self._open:
                    self._try(self._begin)

        return wrapper

    def _on_workers(self, args: Any, kwargs: Any) -> Any:
        """The arguments of an open, with worker dispatch: a mock board checks placements against no other grid."""
        kinds, config = self._ttnn.DispatchCoreType, self._ttnn.DispatchCoreConfig
        parent = config.__mro__[1]  # TTNN's own class, of which the one that Python code uses is derived
        base = config if parent is object else parent
        given = next((one for one in (*args, *kwargs.values()) if isinstance(one, base)), None)
        workers = config(kinds.WORKER) if given is None else config(kinds.WORKER, given.axis)
        if given is None:
            return args, {**kwargs, "dispatch_core_config": workers}
        return (
            tuple(workers if one is given else one for one in args),
            {name: workers if one is given else one for name, one in kwargs.items()},
        )

    def finish(self) -> None:
        """Import all captures, when the process exits."""
        self._try(self._end)
        if not self._parts and not self._failed:
            _problem("no op ran on a device that ttnn had opened")
        elif self._parts and not _PLAN:  # a plan is made of the captures themselves
            self._try(self._import)

    def keep_when_ended(self) -> None:
        """Keep what was captured also when the process is told to end: a target may wait for a value for ever."""
        if threading.current_thread() is not threading.main_thread():  # others cannot ask for signals
            return

        def end(number: int, _frame: Any) -> None:
            self.finish()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os._exit(128 + number)

        signal.signal(signal.SIGTERM, end)

    def _try(self, step: "Callable[[], None]") -> None:
        """The target goes on whatever happens to its graph."""
        try:
            step()
        except Exception as error:
            self._failed = True
            reason = next(iter(str(error).strip().splitlines()), "")
            _problem(f"TTNN's graph capture failed: {type(error).__name__}: {reason}")

    def _begin(self) -> None:
        if self._graph.is_graph_capture_active():  # the target's own
            return
        if hasattr(self._graph, "enable_python_stack_traces"):
            self._graph.enable_python_stack_traces()
        modes = self._graph.RunMode
        # Without dispatch TTNN builds every program anew, so that the cores of each op are in the capture.
        self._graph.begin_graph_capture(modes.NO_DISPATCH if _PLAN else modes.NORMAL)
        self._capturing = True

    def _end(self) -> None:
        if not self._capturing or not self._graph.is_graph_capture_active():
            return
        self._capturing = False
        if self._folder is None:
            self._folder = _own_folder()
        path = self._folder / f"graph_{len(self._parts) + 1:04}.json"
        nodes = self._graph.end_graph_capture_to_file(str(path))
        calls = [node for node in nodes if node.get("node_type") == "function_start"]
        if calls:
            self._parts.append((path, sum(node.get("stacking_level", 1) <= 1 for node in calls)))
        else:
            _remove(path)

    def _import(self) -> None:
        graph_report = importlib.import_module("ttnn.graph_report")
        _log_to_stderr()
        assert self._folder is not None
        # Several captures become one report, as they are one ops CSV, if their numbers of operations don't collide.
        most = getattr(graph_report, "_OPERATION_ID_STRIDE_PER_RANK_FILE", 0)
        if len(self._parts) == 1:
            graph_report.import_report(str(self._parts[0][0]), str(self._folder))
        elif all(calls < most for _, calls in self._parts):
            graph_report.import_report(str(self._folder), str(self._folder))
        else:
            for path, _ in self._parts:
                graph_report.import_report(str(path), str(self._folder / path.stem))
        self._ttnn.save_config_to_json_file(str(self._folder / "config.json"))  # ttnn-visualizer asks for it
        for path, _ in self._parts:
            _remove(path)


def _log_to_stderr() -> None:
    """TTNN may have logged to what pytest had put in the place of standard error, which is closed by now."""
    with contextlib.suppress(Exception):
        logger = importlib.import_module("loguru").logger
        logger.remove()
        logger.add(sys.stderr, level="WARNING")


def _remove(capture: Path) -> None:
    """Remove a capture with what TTNN wrote beside it."""
    for path in capture.parent.glob(f"{capture.stem}.*json"):
        path.unlink()


def _set(config: Any, name: str, value: Any) -> None:
    if hasattr(config, name):
        before = getattr(config, name)
        setattr(config, name, value if before is None else type(before)(value))


def install(ttnn: Any) -> None:
    """Let TTNN capture its graph; called as soon as the target has imported it."""
    graph: Any = getattr(ttnn, "graph", None)
    config = ttnn.CONFIG
    _set(config, "enable_graph_report", False)  # else TTNN's fixture would begin captures of its own
    if hasattr(graph, "end_graph_capture_to_file"):
        recorder = _Recorder(ttnn)
        # TTNN's fixture makes a folder for every test, in which nothing is of use then: it goes where the events are.
        _set(config, "root_report_path", str(Path(_EVENTS).parent / "ttnn") if _EVENTS else _FOLDER)
        if hasattr(graph, "flush_comparison_records_to_db"):  # TTNN's fixture would take them out of the report
            graph.flush_comparison_records_to_db = lambda _folder: None
        if _PCC and hasattr(config, "enable_comparison_mode"):
            config.enable_comparison_mode = True
            _set(config, "comparison_mode_should_raise_exception", False)  # a low PCC is a figure, not a failure
            config.report_name = config.report_name or "graph"  # without a name TTNN accumulates no errors
        elif _PCC:
            _problem("this ttnn compares no op with its golden function")
        _wrap(recorder)
        atexit.register(recorder.finish)
        if _PLAN:
            recorder.keep_when_ended()
            _replace(ttnn, "execute_trace", lambda *_args, **_kwargs: None)  # a mock board crashes in a replay
            if hasattr(graph, "track_function_start"):
                _keep_signposts(ttnn)
    elif hasattr(config, "enable_logging") and hasattr(getattr(ttnn, "database", None), "insert_operation"):
        _set(config, "root_report_path", _FOLDER)
        config.enable_logging = True
        config.report_name = config.report_name or "graph"
    else:
        _problem("this ttnn has no graph capture")


def _replace(ttnn: Any, name: str, function: Any) -> None:
    """Put a function in the place of one of TTNN's, in every module of ttnn that has it."""
    original = getattr(ttnn, name, None)
    for module in _modules() if original is not None else ():
        if vars(module).get(name) is original:
            setattr(module, name, function)


def _modules() -> "list[Any]":
    """All modules of ttnn that are imported."""
    return [module for name, module in sys.modules.items() if name.partition(".")[0] == "ttnn"]


def _keep_signposts(ttnn: Any) -> None:
    """Let signposts, which are messages to Tracy, have their place in the capture: a call without ops."""
    original = getattr(ttnn, "tracy_message", None)
    if original is None:
        return

    def message(text: str, *args: Any, **kwargs: Any) -> Any:
        if text.startswith("`TT_SIGNPOST: ") and ttnn.graph.is_graph_capture_active():
            header = text.strip("`").partition(": ")[2].partition("\n")[0]
            ttnn.graph.track_function_start(f"perfsheet.signpost {header}")
            ttnn.graph.track_function_end()
        return original(text, *args, **kwargs)

    _replace(ttnn, "tracy_message", message)


def _wrap(recorder: _Recorder) -> None:
    """Put the recorder around the functions that open and close devices, in every module of ttnn that has them."""
    wrapped: dict[int, Any] = {}
    for module in _modules():
        for function, devices in [*((one, 1) for one in _OPENS), *((one, -1) for one in _CLOSES)]:
            original = vars(module).get(function)
            if callable(original) and original not in wrapped.values():
                setattr(module, function, wrapped.setdefault(id(original), recorder.around(original, devices)))


class _AfterImport(MetaPathFinder):
    """Calls `install` once ttnn is imported: earlier, the target might not have set its environment up.

    A target may well look for ttnn (`importlib.util.find_spec`) before it imports it.
    """

    def __init__(self) -> None:
        self._looking = False

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """The spec of ttnn that the other finders know."""
        if fullname != "ttnn" or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking = False
        loader: Any = spec and spec.loader
        if loader is not None and hasattr(loader, "exec_module"):
            execute = loader.exec_module

            def execute_and_install(module: Any) -> None:
                execute(module)
                if self not in sys.meta_path:
                    return
                sys.meta_path.remove(self)
                try:
                    install(module)
                except Exception as error:
                    _problem(f"this ttnn has no graph capture that perfsheet knows ({type(error).__name__}: {error})")

            loader.exec_module = execute_and_install
        return spec


if _FOLDER:
    if "ttnn" in sys.modules:
        install(sys.modules["ttnn"])
    else:
        sys.meta_path.insert(0, _AfterImport())
