"""What the tests of a run wanted of their ops, checked now that these are measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perfsheet.analysis import Analysis
from perfsheet.budget.expected import check_expected
from perfsheet.budget.model import Verdict
from perfsheet.errors import PerfsheetError
from perfsheet.run.watching.verdict import Expectation

SESSION = "the session"


@dataclass(frozen=True)
class Met:
    """One expectation: its verdict, or why it could not be checked (`problem`)."""

    nodeid: str
    verdict: Verdict | None
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether all of its limits are kept; what cannot be checked is not."""
        return self.verdict is not None and self.verdict.passed

    @property
    def trouble(self) -> str:
        """The limits that were breached, or why they could not be checked; blank when all is well."""
        if self.verdict is None:
            return self.problem
        return ", ".join(breach.limit for breach in self.verdict.breaches)


def met(analysis: Analysis, expectations: tuple[Expectation, ...]) -> Iterator[Met]:
    """Check them one by one, each on its own window of the capture."""
    for one in expectations:
        name = one.nodeid or SESSION
        try:
            yield Met(name, check_expected(analysis.ops.table, one.tables, one.path, name, analysis.ops.options))
        except PerfsheetError as error:
            yield Met(name, None, str(error))
