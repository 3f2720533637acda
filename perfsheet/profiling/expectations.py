"""What the tests of a run wanted of their ops, checked now that these are measured."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis import Analysis
from perfsheet.budget.expected import check_expected
from perfsheet.budget.model import Met
from perfsheet.errors import PerfsheetError
from perfsheet.run.test_verdict import Expectation

SESSION = "the session"


def met(analysis: Analysis, expectations: tuple[Expectation, ...]) -> Iterator[Met]:
    """Check them one by one, each on its own window of the capture."""
    for one in expectations:
        name = one.nodeid or SESSION
        try:
            yield Met(name, check_expected(analysis.ops.table, one.tables, one.path, name, analysis.ops.options))
        except PerfsheetError as error:
            yield Met(name, None, str(error))
