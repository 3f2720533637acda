"""Pytest plugin: check a capture after the session, and let tests state limits for their own ops.

    pytest --perfsheet-budget perf-budget.toml --perfsheet-capture ops_perf_results.csv

    def test_encoder(perfsheet):
        with perfsheet.region("encoder"):
            run_encoder()
        perfsheet.expect(reshards=0, kernel_time="2 ms", region="encoder")

    def test_perf_vit(perfsheet_e2e):
        perfsheet_e2e.time(lambda: model(inputs))
        perfsheet_e2e.write("vit", 1, expected_inference_time=16.05, comments="base-patch16")

Nothing happens unless an option or the fixture is used. Under `perfsheet run` the capture is made after the session:
limits are handed over to it then, and its exit status tells.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.budget import Verdict
    from perfsheet.capture import OpsTable
    from perfsheet.models.e2e.fixture import EndToEnd

_BUDGET, _CAPTURE = "perfsheet_budget", "perfsheet_capture"
_STARTED, _FINISHED = "started", "finished"
_STATED = "perfsheet-stated"
"""The name of the plugin that keeps what tests state (pytest 6 has no stash)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("perfsheet", "perf sheets of tt-metal ops")
    group.addoption("--perfsheet-budget", metavar="FILE.toml", help="check a capture against this budget at the end")
    group.addoption(
        "--perfsheet-capture",
        metavar="PATH",
        help="the ops CSV, or folder of reports, that is meant; default: the report that the session itself made",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Look at the capture at the end of the one session that the user started."""
    config.pluginmanager.register(_Stated(config), _STATED)
    if config.getoption(_BUDGET) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_AfterSession(config), "perfsheet-after-session")


@pytest.fixture
def perfsheet(request: pytest.FixtureRequest) -> PerfSheet:
    """The ops of this test: state limits for them, or look at them."""
    return PerfSheet(request.config, request.node.nodeid)


@pytest.fixture
def perfsheet_e2e(request: pytest.FixtureRequest) -> EndToEnd:
    """The end-to-end figures of this test: time its first and second run, and write its perf file."""
    from perfsheet.models.e2e.fixture import EndToEnd

    return EndToEnd(request.node.user_properties)


class PerfSheet:
    """What the fixture `perfsheet` gives a test.

    A capture is there when --perfsheet-capture names one. Without one limits are handed over to `perfsheet run`, and
    where that does not run either, they are not checked (the summary of pytest says so).
    """

    def __init__(self, config: pytest.Config, nodeid: str) -> None:
        self._config, self._nodeid = config, nodeid
        self._session = cast("_Stated", config.pluginmanager.get_plugin(_STATED))

    @contextmanager
    def region(self, name: str | None = None) -> Iterator[None]:
        """Set signposts around the ops of a block, if the profiler is there; `name` is the test's own by default."""
        name = name or self._nodeid
        _signpost(f"{name} {_STARTED}")
        try:
            yield
        finally:
            _signpost(f"{name} {_FINISHED}")

    def expect(
        self,
        tables: dict[str, Any] | None = None,
        *,
        region: str | None = None,
        start: str | None = None,
        end: str | None = None,
        **limits: object,
    ) -> None:
        """State limits: those of docs/budgets.md with `_` for `-`, or all tables of a budget.

        They are about a `region` of this fixture, about what lies between the signposts `start` and `end`, or about the
        whole capture. A breach fails the test where a capture is there, else the run; a mistake in the limits fails the
        test in any case. Raises pytest.fail.Exception with a line a breach.
        """
        from perfsheet.errors import PerfsheetError

        if region is not None:
            start, end = f"{region} {_STARTED}", f"{region} {_FINISHED}"
        try:
            stated = _stated(tables or {}, start, end, limits, self._nodeid)
            captured = self._table()
            lines = [] if captured is None else _breaches(captured, stated, self._nodeid)
        except PerfsheetError as error:
            pytest.fail(f"FAIL  {error}", pytrace=False)
        if captured is None:
            self._session.hand_over(self._nodeid, stated)
        elif lines:
            pytest.fail("\n".join(lines), pytrace=False)

    def analysis(self, *, start: str | None = None, end: str | None = None, which_pass: str = "all") -> Analysis:
        """The analysis of the capture, or of what lies between two signposts; without a capture the test is skipped."""
        from perfsheet.errors import PerfsheetError

        try:
            captured = self._table()
            if captured is None:
                pytest.skip("no capture to look at: name one with --perfsheet-capture")
            from perfsheet.analysis import Options, Selection, analyze

            return analyze(captured, Options(selection=Selection(start, end, which_pass=which_pass)))
        except PerfsheetError as error:
            pytest.fail(f"FAIL  {error}", pytrace=False)

    def _table(self) -> OpsTable | None:
        """The capture, read once a session; None without one. Raises PerfsheetError."""
        named = self._config.getoption(_CAPTURE)
        if not named:
            return None
        if self._session.table is None:
            from perfsheet.capture import read

            self._session.table = read([named])
        return self._session.table


class _Stated:
    """Limits of tests that run without a capture: handed over to `perfsheet run`, or counted as not checked.

    `table` is the capture that all tests share, once one of them has asked for it.
    A worker of pytest-xdist has nobody to hand them over to; it gives them to the process that started it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.table: OpsTable | None = None
        self._in_worker = hasattr(config, "workerinput")
        self._kept: list[tuple[str, dict[str, Any]]] = []
        self._unchecked: set[str] = set()

    def hand_over(self, nodeid: str, tables: dict[str, Any]) -> None:
        """Give limits to whoever will have the capture."""
        if self._in_worker:
            self._kept.append((nodeid, tables))
        elif not _handed_over(nodeid, tables, ""):
            self._unchecked.add(nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker sends what its tests stated."""
        if self._in_worker:
            session.config.workeroutput[_BUDGET] = self._kept  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker sent."""
        for nodeid, tables in getattr(node, "workeroutput", {}).get(_BUDGET, []):
            self.hand_over(nodeid, tables)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Limits that nobody could check are not forgotten in silence."""
        count = len(self._unchecked)
        if count:
            terminalreporter.section("perfsheet")
            terminalreporter.write_line(
                f"limits of {count} {'test' if count == 1 else 'tests'} not checked: there is no capture "
                "(--perfsheet-capture names one, `perfsheet run` makes one)"
            )


class _AfterSession:
    """Checks the budget when all tests have run, and tells in pytest's own summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._budget = Path(config.getoption(_BUDGET)).absolute()
        self._capture: str | None = config.getoption(_CAPTURE)
        self._started = time.time()
        self._lines: list[str] = []
        self._failed = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A breach makes a session fail that has passed."""
        if session.config.option.collectonly:
            return
        if not self._capture and _handed_over("", {}, str(self._budget)):
            self._lines.append(f"{self._budget} is checked once the capture is there")
            return
        self._check()
        if self._failed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line a limit."""
        if self._lines:
            terminalreporter.section("perfsheet")
            for line in self._lines:
                terminalreporter.write_line(line, red=line.startswith("FAIL"))

    def _check(self) -> None:
        from perfsheet.analysis import Options
        from perfsheet.budget.expected import check_expected
        from perfsheet.capture import read
        from perfsheet.errors import PerfsheetError
        from perfsheet.outputs.text import limits as verdicts

        try:
            capture = self._capture or self._made_meanwhile()
            verdict = check_expected(read([capture]), {}, str(self._budget), "", Options())
        except PerfsheetError as error:
            self._failed = True
            self._lines.append(f"FAIL  {error}")
            return
        self._failed = not verdict.passed
        self._lines += [f"{capture}, {self._budget}: {verdicts.outcome(verdict)}", *_lines(verdict)]

    def _made_meanwhile(self) -> str:
        """The newest report of the profiler; one from before the session is not what it measured."""
        from perfsheet.capture.sources import newest_report, profiler_folders
        from perfsheet.errors import unusable

        newest = newest_report(profiler_folders())
        if newest is None or newest.stat().st_mtime < self._started:
            raise unusable(
                "no report of the profiler was made during this session", "name one with --perfsheet-capture"
            )
        return str(newest)


def _stated(
    tables: dict[str, Any], start: str | None, end: str | None, limits: dict[str, object], name: str
) -> dict[str, Any]:
    """The tables of a budget: those given, with single limits and the window put in.

    Raises PerfsheetError for what a budget cannot say.
    """
    from perfsheet.budget.reading import budget_of

    named = {key.replace("_", "-"): _plain(value) for key, value in limits.items()}
    window = {key: value for key, value in (("start-signpost", start), ("end-signpost", end)) if value is not None}
    found = dict(tables)
    for key, more in (("limits", named), ("window", window)):
        if more:
            given = found.get(key, {})
            found[key] = {**given, **more} if isinstance(given, dict) else given
    budget_of(found, Path(name))
    return found


def _plain(value: object) -> object:
    """A number of numpy or torch as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _breaches(captured: OpsTable, tables: dict[str, Any], name: str) -> list[str]:
    """A line for each limit that is not kept."""
    from perfsheet.analysis import Options
    from perfsheet.budget.expected import check_expected

    return _lines(check_expected(captured, tables, "", name, Options()), breaches_only=True)


def _lines(verdict: Verdict, breaches_only: bool = False) -> list[str]:
    from perfsheet.outputs.text import limits as verdicts

    shown = verdict.breaches if breaches_only else sorted(verdict.checked, key=lambda one: one.ok)
    return [verdicts.marked(one, verdicts.sentence(one, False)) for one in shown]


def _handed_over(nodeid: str, tables: dict[str, Any], path: str) -> bool:
    """Whether `perfsheet run` is around this session, and checks these limits when it has the capture."""
    recorder = sys.modules.get("perfsheet_verdict")
    return bool(recorder and recorder.expects(nodeid, tables, path))


def _signpost(header: str) -> None:
    """A signpost of the profiler; without one there is nothing to mark."""
    try:
        from tracy import signpost
    except ImportError:
        return
    signpost(header)
