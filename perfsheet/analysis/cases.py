"""The cases of a parametrised target, each profiled on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.results import OpType
from perfsheet.analysis.statistics import Spread, known
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Outcome, ReportedPcc, lowest


@dataclass(frozen=True)
class Case:
    """One case. `analysis` is None without a report; then `problem` says why.

    `csv` is its ops CSV, `duration_s` its duration in pytest; None = there is none.
    """

    number: int
    nodeid: str
    outcome: Outcome | None
    duration_s: float | None
    csv: str | None
    problem: str = ""
    analysis: Analysis | None = field(default=None, repr=False)

    @property
    def kernel_ns(self) -> float | None:
        """Kernel time of the case; None without a report."""
        return self.summary.kernel_ns if self.summary else None

    @property
    def longest(self) -> OpType | None:
        """The op code with most kernel time; None when unknown."""
        return self.analysis.op_types[0] if self.analysis and self.analysis.op_types else None

    @property
    def summary(self) -> CaptureSummary | None:
        """What was analysed; None without a report."""
        return self.analysis.summary if self.analysis else None

    @property
    def kernel_spread(self) -> Spread | None:
        """The spread of its kernel time over repeated runs; None if it was not repeated."""
        return self.analysis.repeats.total if self.analysis and self.analysis.repeats else None

    @property
    def pcc(self) -> ReportedPcc | None:
        """The lowest PCC that its test reported; None without one, or without a report."""
        results = self.analysis.provenance.results if self.analysis else ()
        return lowest(one for test in results if test.nodeid == self.nodeid for one in test.accuracy)

    def share_of(self, rule: str) -> float | None:
        """Share of kernel time (a fraction) that a finding rule hit; None when unknown."""
        if self.analysis is None:
            return None
        return next((known(total.share) for total in self.analysis.rule_totals if total.rule.id == rule), None)


@dataclass(frozen=True)
class OpCodeOfCases:
    """Kernel time (ns) and number of ops of one op code, case by case; None if a case has none."""

    op_code: str
    kernel_ns: tuple[float | None, ...]
    counts: tuple[int | None, ...]

    @property
    def total_ns(self) -> float:
        """Kernel time over all cases."""
        return sum(value for value in self.kernel_ns if value is not None)


def op_codes(cases: Sequence[Case]) -> list[OpCodeOfCases]:
    """Every op code with its kernel time in each case, longest over all cases first."""
    types_of_cases = [
        {kind.op_code: kind for kind in case.analysis.op_types} if case.analysis else {} for case in cases
    ]
    names = dict.fromkeys(name for kinds in types_of_cases for name in kinds)
    unordered = [
        OpCodeOfCases(
            name,
            tuple(kinds[name].kernel_ns if name in kinds else None for kinds in types_of_cases),
            tuple(kinds[name].count if name in kinds else None for kinds in types_of_cases),
        )
        for name in names
    ]
    return sorted(unordered, key=lambda kind: -kind.total_ns)
