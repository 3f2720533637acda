"""Pytest plugin that records the outcome of each test as JSON lines (PYTEST_DONT_REWRITE).

It runs in the target's interpreter, so it imports nothing from perfsheet and needs no more than Python 3.8 and
pytest 6. Every event is flushed at once: a process that is killed or calls os._exit leaves all events before that.

Events: `loaded` (the plugin was imported), `session` (options are parsed), `collected` (the number of tests; their
node ids if they are only collected), `test` (a test begins), `phase` (collection, setup, call or teardown has an
outcome), `runtime` (a line about the profiler or the device that pytest captured), `stopped` (why pytest ended early),
`end` (pytest's exit status), `exit` (the process exits normally), `expects` (limits for the capture, which does not
exist yet), `reported` (a property that a test recorded, or a PCC that it printed).

PERFSHEET_ONLY is the node id of the only test to run.
"""

import atexit
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

# Removed from the environment, so that a pytest started by a test, or an xdist worker, records nothing.
_PATH = os.environ.pop("PERFSHEET_VERDICT", "")
_ONLY = os.environ.pop("PERFSHEET_ONLY", None)

# pytest does not show the output of a test that passes, and with it the runtime's own messages.
_RUNTIME_MESSAGES = (
    "were full",
    "Waiting for lock",
    "Device data m",
    "never replayed",
    "Tracy-enabled build",
    "Skipping ",
)
_MAX_LINES, _MAX_LENGTH = 100, 400

# A PCC as the comparisons of tt-metal print it; `PCC threshold: 0.99` and `expected PCC: 0.99` are not measured.
_PCC = re.compile(
    r"(?:(\w+)[ \t]+)?\bPCC(?: value)?\s*[:=]\s*(-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?!\w)", re.IGNORECASE
)
_NOT_MEASURED = ("expected", "required", "target", "threshold", "minimum", "min", "desired", "wanted", "least", "than")


def _write(**event: object) -> None:
    with Path(_PATH).open("a", encoding="utf-8") as verdict:
        verdict.write(json.dumps(event) + "\n")


def expects(nodeid: str, tables: "dict[str, Any]", path: str) -> bool:
    """Pass limits on to `perfsheet run`, to be checked once the capture exists; returns whether it is running."""
    if not _recorders:
        return False
    _write(event="expects", nodeid=nodeid, tables=tables, path=path)
    return True


class _Recorder:
    def __init__(self, config: Any) -> None:
        self.session: Any = None
        self.started = time.time()
        folder = getattr(config, "rootpath", None) or config.rootdir  # pytest 6.0 has the latter only
        _write(event="session", folder=str(folder), pid=os.getpid())

    def pytest_sessionstart(self, session: Any) -> None:
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: Any, items: "list[Any]") -> None:
        if _ONLY is None:
            return
        others = [item for item in items if item.nodeid != _ONLY]
        if others:
            items[:] = [item for item in items if item.nodeid == _ONLY]
            config.hook.pytest_deselected(items=others)

    def pytest_collection_finish(self, session: Any) -> None:
        only_collected = session.config.option.collectonly
        _write(
            event="collected",
            count=len(session.items),
            nodeids=[item.nodeid for item in session.items] if only_collected else [],
        )

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            _write(
                event="phase",
                nodeid=report.nodeid or "collection",
                when="collect",
                outcome="failed",
                duration_s=0.0,
                reason=_reason(report),
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _write(event="test", nodeid=nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        _write(
            event="phase",
            nodeid=report.nodeid,
            when=report.when,
            outcome=report.outcome,
            duration_s=report.duration,
            reason=_reason(report) if report.failed else "",
        )
        if report.when == "teardown":  # it also has the sections of the phases before it
            for line in _runtime_lines(report)[:_MAX_LINES]:
                _write(event="runtime", line=line[:_MAX_LENGTH])
            for name, value in _reported(report):
                _write(event="reported", nodeid=report.nodeid, name=str(name), value=value)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        _write(event="stopped", reason=str(excinfo.value)[:_MAX_LENGTH])

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._end(exitstatus)

    def pytest_unconfigure(self) -> None:
        # Other plugins may have changed the status in their own pytest_sessionfinish.
        if self.session is not None:
            self._end(self.session.exitstatus)

    def _end(self, exit_status: int) -> None:
        _write(event="end", exit_status=int(exit_status), duration_s=time.time() - self.started)


def _reason(report: Any) -> str:
    """The last line of an error, such as `AssertionError: assert 1 == 2`; blank if it is unknown."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [line.partition("E   ")[2] for line in lines if line.startswith("E   ")]  # what pytest points at
    found = (marked or lines)[0 if crash is not None else -1 :]
    return found[0].strip()[:_MAX_LENGTH] if found else ""


def _runtime_lines(report: Any) -> "list[str]":
    lines = [line for _, content in report.sections for line in content.splitlines()]
    return [line for line in lines if any(message in line for message in _RUNTIME_MESSAGES)]


def _reported(report: Any) -> "list[tuple[Any, Any]]":
    """The properties that the test recorded (`record_property`); the lowest PCC that it printed if it recorded none."""
    plain = [
        (name, value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value)
        for name, value in getattr(report, "user_properties", ())
    ]
    recorded = [
        (name, value) for name, value in plain if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    ]
    if any(str(name).lower() == "pcc" for name, _ in recorded):
        return recorded
    matches = [match for _, content in report.sections for match in _PCC.findall(content)]
    printed = [float(value) for before, value in matches if before.lower() not in _NOT_MEASURED]
    printed = [value for value in printed if abs(value) <= 1]
    return [*recorded, ("pcc", min(printed))] if printed else recorded


_recorders: "list[_Recorder]" = []


def pytest_configure(config: Any) -> None:
    """Record only the first session of the process: a test may run pytest in its own process."""
    if _ONLY is not None and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("a single case cannot be distributed over workers: leave -n out")
    if _PATH and not _recorders and not hasattr(config, "workerinput"):
        _recorders.append(_Recorder(config))
        config.pluginmanager.register(_recorders[0], "perfsheet-verdict-recorder")


if _PATH:
    _write(event="loaded")
    atexit.register(_write, event="exit")
