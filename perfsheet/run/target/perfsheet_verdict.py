"""Pytest plugin that writes what pytest decided, test by test, as JSON lines (PYTEST_DONT_REWRITE).

It runs in the target's interpreter, so it uses nothing of perfsheet and nothing newer than Python 3.8 and pytest 6.
Every event is flushed at once: a process that is killed or calls os._exit leaves all that happened before.

Events: `loaded` (the plugin was imported), `session` (options are parsed), `collected` (how many tests; which, when
they are only collected), `test` (a test begins), `phase` (collection, setup, call or teardown has an outcome), `said`
(a line that pytest captured and that tells of the profiler or the device), `stopped` (why pytest went no further),
`end` (pytest's exit status), `exit` (the process ends in good order), `expects` (limits for the capture, which is not
there yet), `reported` (a property that a test has recorded, or an accuracy that it printed).

PERFSHEET_ONLY names the one test of the session that is to run.
"""

import atexit
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

# Taken out of the environment, so that a pytest started by a test, or an xdist worker, has nowhere to write.
_PATH = os.environ.pop("PERFSHEET_VERDICT", "")
_ONLY = os.environ.pop("PERFSHEET_ONLY", None)

# pytest keeps the output of a test that passes to itself, the runtime's own words included.
_TELLING = ("were full", "Waiting for lock", "Device data m", "never replayed", "Tracy-enabled build", "Skipping ")
_MOST_LINES, _LONGEST = 100, 400

# How the comparisons of tt-metal word an accuracy; `PCC threshold: 0.99` and `expected PCC: 0.99` are none.
_PCC = re.compile(
    r"(?:(\w+)[ \t]+)?\bPCC(?: value)?\s*[:=]\s*(-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?!\w)", re.IGNORECASE
)
_WANTED = ("expected", "required", "target", "threshold", "minimum", "min", "desired", "wanted", "least", "than")


def _write(**event: object) -> None:
    with Path(_PATH).open("a", encoding="utf-8") as verdict:
        verdict.write(json.dumps(event) + "\n")


def expects(nodeid: str, tables: "dict[str, Any]", path: str) -> bool:
    """Ask whoever profiles this run to check limits when the capture is there; whether somebody does."""
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
        if report.when == "teardown":  # it has the sections of the phases before it, too
            for line in _telling_lines(report)[:_MOST_LINES]:
                _write(event="said", line=line[:_LONGEST])
            for name, value in _reported(report):
                _write(event="reported", nodeid=report.nodeid, name=str(name), value=value)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        _write(event="stopped", reason=str(excinfo.value)[:_LONGEST])

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._end(exitstatus)

    def pytest_unconfigure(self) -> None:
        # Other plugins may still have changed the status in their own pytest_sessionfinish.
        if self.session is not None:
            self._end(self.session.exitstatus)

    def _end(self, exit_status: int) -> None:
        _write(event="end", exit_status=int(exit_status), duration_s=time.time() - self.started)


def _reason(report: Any) -> str:
    """The last line of an error, such as `AssertionError: assert 1 == 2`; blank when there is none to be had."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    lines = [line.partition("E   ")[2] or line for line in text.splitlines() if line.strip()]
    return (lines[0] if crash is not None else lines[-1]).strip()[:_LONGEST] if lines else ""


def _telling_lines(report: Any) -> "list[str]":
    lines = [line for _, content in report.sections for line in content.splitlines()]
    return [line for line in lines if any(word in line for word in _TELLING)]


def _reported(report: Any) -> "list[tuple[Any, Any]]":
    """What the test recorded (`record_property`); an accuracy that it only printed, the lowest of them, besides."""
    told = [
        (name, value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value)
        for name, value in getattr(report, "user_properties", ())
    ]
    found = [
        (name, value) for name, value in told if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    ]
    if any(str(name).lower() == "pcc" for name, _ in found):
        return found
    said = [match for _, content in report.sections for match in _PCC.findall(content)]
    printed = [float(value) for before, value in said if before.lower() not in _WANTED]
    printed = [value for value in printed if abs(value) <= 1]
    return [*found, ("pcc", min(printed))] if printed else found


_recorders: "list[_Recorder]" = []


def pytest_configure(config: Any) -> None:
    """Record the first session of the process only: a test may run pytest in its own process."""
    if _ONLY is not None and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("one case in a run of its own cannot be distributed: leave -n out")
    if _PATH and not _recorders and not hasattr(config, "workerinput"):
        _recorders.append(_Recorder(config))
        config.pluginmanager.register(_recorders[0], "perfsheet-verdict-recorder")


if _PATH:
    _write(event="loaded")
    atexit.register(_write, event="exit")
