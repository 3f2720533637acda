"""Pytest plugin: check a capture after the session, and let tests set limits for their own ops.

    pytest --perfsheet-budget perf-budget.toml --perfsheet-capture ops_perf_results.csv

    def test_encoder(perfsheet):
        with perfsheet.region("encoder"):
            run_encoder()
        perfsheet.expect(reshards=0, kernel_time="2 ms", region="encoder")
        perfsheet.accuracy(output, golden, name="encoder", at_least=0.99)

    def test_perf_vit(perfsheet_e2e):
        perfsheet_e2e.time(lambda: model(inputs))
        perfsheet_e2e.write("vit", 1, expected_inference_time=16.05, comments="base-patch16")

Nothing happens unless an option or a fixture is used. Under `perfsheet run` the capture is made after the session, so
limits are passed on to it, and its exit status shows whether they are kept.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.budget import Verdict
    from perfsheet.capture import OpsTable
    from perfsheet.graph_report import GraphReport
    from perfsheet.models.e2e.fixture import EndToEnd
    from perfsheet.provenance import Provenance

_BUDGET, _CAPTURE, _GRAPH = "perfsheet_budget", "perfsheet_capture", "perfsheet_graph"
_STARTED, _FINISHED = "started", "finished"
_LIMITS = "perfsheet-limits"
"""The name of the plugin that keeps the limits of tests (pytest 6 has no stash)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own."""
    group = parser.getgroup("perfsheet", "perf sheets of tt-metal ops")
    group.addoption("--perfsheet-budget", metavar="FILE.toml", help="check a capture against this budget at the end")
    group.addoption(
        "--perfsheet-capture",
        metavar="PATH",
        help="the ops CSV or folder of reports to check; default: the report made during the session",
    )
    group.addoption(
        "--perfsheet-graph",
        metavar="REPORT",
        help="TTNN's graph report of the same target, for limits on the accuracy of ops",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the capture at the end of the session that the user started, not of a worker."""
    config.pluginmanager.register(_Limits(config), _LIMITS)
    if config.getoption(_BUDGET) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_AfterSession(config), "perfsheet-after-session")


@pytest.fixture
def perfsheet(request: pytest.FixtureRequest) -> PerfSheet:
    """The ops of this test: set limits for them, or look at them."""
    return PerfSheet(request.config, request.node.nodeid, request.node.user_properties)


@pytest.fixture
def perfsheet_e2e(request: pytest.FixtureRequest) -> EndToEnd:
    """The end-to-end figures of this test: time its first and second run, and write its perf file."""
    from perfsheet.models.e2e.fixture import EndToEnd

    return EndToEnd(request.node.user_properties)


class PerfSheet:
    """The fixture `perfsheet` of a test.

    There is a capture if --perfsheet-capture names one. Without it limits are passed on to `perfsheet run`; if that is
    not running either, they are not checked, and pytest's summary says so.
    """

    def __init__(self, config: pytest.Config, nodeid: str, properties: list[tuple[str, object]]) -> None:
        self._config, self._nodeid, self._properties = config, nodeid, properties
        self._session = cast("_Limits", config.pluginmanager.get_plugin(_LIMITS))

    @contextmanager
    def region(self, name: str | None = None) -> Iterator[None]:
        """Set signposts around the ops of a block if the profiler is running; `name` defaults to the test's node id."""
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
        """Set limits: those of docs/budgets.md with `_` for `-`, or all tables of a budget.

        They apply to a `region` of this fixture, to the ops between the signposts `start` and `end`, or to the whole
        capture. A breach fails the test if there is a capture, else the run; invalid limits fail the test in any case.
        Raises pytest.fail.Exception with a line per breach.
        """
        from perfsheet.errors import PerfsheetError

        if region is not None:
            start, end = f"{region} {_STARTED}", f"{region} {_FINISHED}"
        try:
            budget = _budget_tables(tables or {}, start, end, limits, self._nodeid)
            capture = self._table()
            lines = [] if capture is None else self._breaches(capture, budget)
        except PerfsheetError as error:
            pytest.fail(f"FAIL  {error}", pytrace=False)
        if capture is None:
            self._session.pass_on(self._nodeid, budget)
        elif lines:
            pytest.fail("\n".join(lines), pytrace=False)

    def accuracy(
        self,
        a: Any = None,
        b: Any = None,
        *,
        name: str = "",
        pcc: float | None = None,
        at_least: float | None = None,
    ) -> float:
        """Record the PCC of two tensors (perfsheet.pcc), or a `pcc` computed elsewhere, and return it.

        It is of the test as a whole, or of the module `name`, such as `encoder.attention`; of several of one name the
        lowest counts. `perfsheet run` shows it with the tests, and budgets limit it (`pcc-tests`). Below `at_least` the
        test fails. Tensors that cannot be compared, and a `pcc` that cannot be one, fail the test, too.
        """
        from perfsheet.accuracy import pcc as pcc_of
        from perfsheet.accuracy import possible, property_of, text
        from perfsheet.errors import PerfsheetError, usage

        try:
            if (pcc is None) == (a is None or b is None):
                raise usage("accuracy() takes two tensors, or `pcc`", "write perfsheet.accuracy(output, golden)")
            value = pcc_of(a, b) if pcc is None else possible(float(pcc))
            if value is None:
                raise usage(f"{pcc!r} is not a PCC", "give a number from -1 to 1")
        except PerfsheetError as error:
            pytest.fail(f"FAIL  {error}", pytrace=False)
        self._properties.append((property_of(name), value))
        if at_least is not None and value < at_least:
            of = f" of {name}" if name else ""
            pytest.fail(f"FAIL  PCC{of}: {text(value)}, at least {at_least:g} required", pytrace=False)
        return value

    def analysis(
        self, *, start: str | None = None, end: str | None = None, which_pass: str | int | None = None
    ) -> Analysis:
        """The analysis of the capture, or of the ops between two signposts; without a capture the test is skipped.

        It is of one warm pass, unless `which_pass` (`first`, `last`, `all`, or a number) asks for another one.
        """
        from perfsheet.errors import PerfsheetError

        try:
            capture = self._table()
            if capture is None:
                pytest.skip("no capture to look at: name one with --perfsheet-capture")
            from perfsheet.analysis import Options, Selection, analyze

            options = Options(selection=Selection(start, end, which_pass=which_pass))
            return analyze(capture, options, graph=self._session.graph())
        except PerfsheetError as error:
            pytest.fail(f"FAIL  {error}", pytrace=False)

    def _breaches(self, capture: OpsTable, tables: dict[str, Any]) -> list[str]:
        """A line for each limit that is not kept."""
        from perfsheet.budget.check import Captured, check_expected

        reported = _provenance({self._nodeid: self._properties})
        captured = Captured(capture, reported, self._session.graph())
        return _lines(check_expected(captured, tables, "", self._nodeid), breaches_only=True)

    def _table(self) -> OpsTable | None:
        """The capture, read once per session; None without one. Raises PerfsheetError."""
        path = self._config.getoption(_CAPTURE)
        if not path:
            return None
        if self._session.table is None:
            from perfsheet.capture import read

            self._session.table = read([path])
        return self._session.table


class _Limits:
    """Limits of tests without a capture: passed on to `perfsheet run`, or counted as not checked.

    `table` is the capture that all tests share, read when the first test needs it.
    A worker of pytest-xdist cannot pass limits on; it sends them to the process that started it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.table: OpsTable | None = None
        self._graph_path: str | None = config.getoption(_GRAPH)
        self._graph: GraphReport | None = None
        self._in_worker = hasattr(config, "workerinput")
        self._to_send: list[tuple[str, dict[str, Any]]] = []
        self._unchecked: set[str] = set()

    def graph(self) -> GraphReport | None:
        """The graph report beside the capture, read once; None without one. Raises PerfsheetError."""
        if self._graph is None and self._graph_path:
            from perfsheet.graph_report import read_graph_report

            self._graph = read_graph_report(self._graph_path)
        return self._graph

    def pass_on(self, nodeid: str, tables: dict[str, Any]) -> None:
        """Pass limits on to `perfsheet run`, which will have the capture."""
        if self._in_worker:
            self._to_send.append((nodeid, tables))
        elif not _pass_on(nodeid, tables, ""):
            self._unchecked.add(nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker sends the limits of its tests."""
        if self._in_worker:
            session.config.workeroutput[_BUDGET] = self._to_send  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Receive the limits that a worker sent."""
        for nodeid, tables in getattr(node, "workeroutput", {}).get(_BUDGET, []):
            self.pass_on(nodeid, tables)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Report limits that could not be checked."""
        count = len(self._unchecked)
        if count:
            terminalreporter.section("perfsheet")
            terminalreporter.write_line(
                f"limits of {count} {'test' if count == 1 else 'tests'} not checked: there is no capture "
                "(--perfsheet-capture names one, `perfsheet run` makes one)"
            )


class _AfterSession:
    """Checks the budget after all tests, and reports in pytest's own summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._budget = Path(config.getoption(_BUDGET)).absolute()
        self._capture: str | None = config.getoption(_CAPTURE)
        self._limits = cast("_Limits", config.pluginmanager.get_plugin(_LIMITS))
        self._started = time.time()
        self._reported: dict[str, list[tuple[str, object]]] = {}
        self._lines: list[str] = []
        self._failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test recorded."""
        if report.when == "teardown":
            self._reported[report.nodeid] = list(report.user_properties)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A breach makes a passing session fail."""
        if session.config.option.collectonly:
            return
        if not self._capture and _pass_on("", {}, str(self._budget)):
            self._lines.append(f"{self._budget} is checked once the capture exists")
            return
        self._check()
        if self._failed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line per limit."""
        if self._lines:
            terminalreporter.section("perfsheet")
            for line in self._lines:
                terminalreporter.write_line(line, red=line.startswith("FAIL"))

    def _check(self) -> None:
        from perfsheet.budget.check import Captured, check_expected
        from perfsheet.capture import read
        from perfsheet.errors import PerfsheetError
        from perfsheet.text import limits as verdicts

        try:
            capture = self._capture or self._new_report()
            captured = Captured(read([capture]), _provenance(self._reported), self._limits.graph())
            verdict = check_expected(captured, {}, str(self._budget), "")
        except PerfsheetError as error:
            self._failed = True
            self._lines.append(f"FAIL  {error}")
            return
        self._failed = not verdict.passed
        self._lines += [f"{capture}, {self._budget}: {verdicts.outcome(verdict)}", *_lines(verdict)]

    def _new_report(self) -> str:
        """The newest report of the profiler; it must be from this session."""
        from perfsheet.capture.sources import newest_report, profiler_folders
        from perfsheet.errors import unusable

        newest = newest_report(profiler_folders())
        if newest is None or newest.stat().st_mtime < self._started:
            raise unusable("the profiler made no report during this session", "name one with --perfsheet-capture")
        return str(newest)


def _budget_tables(
    tables: dict[str, Any], start: str | None, end: str | None, limits: dict[str, object], name: str
) -> dict[str, Any]:
    """The tables of a budget, with single limits and the window added. Raises PerfsheetError for an invalid budget."""
    from perfsheet.budget.reading import budget_of

    # Numbers of numpy and torch become plain ones.
    named = {key.replace("_", "-"): value.item() if hasattr(value, "item") else value for key, value in limits.items()}
    window = {key: value for key, value in (("start-signpost", start), ("end-signpost", end)) if value is not None}
    budget = dict(tables)
    for key, added in (("limits", named), ("window", window)):
        if added:
            table = budget.get(key, {})
            budget[key] = {**table, **added} if isinstance(table, dict) else table
    budget_of(budget, Path(name))
    return budget


def _provenance(reported: Mapping[str, Iterable[tuple[str, object]]]) -> Provenance:
    """What tests of this session reported, by node id."""
    from perfsheet.provenance import Provenance, TestResult, reported_pccs

    return Provenance(
        results=tuple(
            TestResult(nodeid, "passed", 0.0, accuracy=reported_pccs(properties))
            for nodeid, properties in reported.items()
        )
    )


def _lines(verdict: Verdict, breaches_only: bool = False) -> list[str]:
    from perfsheet.text import limits as verdicts

    shown = verdict.breaches if breaches_only else sorted(verdict.checked, key=lambda check: check.ok)
    return [verdicts.marked(check, verdicts.sentence(check, False)) for check in shown]


def _pass_on(nodeid: str, tables: dict[str, Any], path: str) -> bool:
    """Pass limits on to the `perfsheet run` that started this session, if any; returns whether there is one."""
    recorder = sys.modules.get("perfsheet_verdict")
    return bool(recorder and recorder.expects(nodeid, tables, path))


def _signpost(header: str) -> None:
    """Set a signpost, if the profiler is installed."""
    try:
        from tracy import signpost
    except ImportError:
        return
    signpost(header)
