"""A budget, and the result of checking it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace

from perfsheet.analysis import Options
from perfsheet.analysis.results import RowRef
from perfsheet.budget.hardware import Hardware
from perfsheet.budget.limits import Limit
from perfsheet.budget.quantities import Unit
from perfsheet.light_dataclass import dataclass

TOLERANCE = 0.0
"""The default tolerance of a budget."""


@dataclass(frozen=True)
class Bound:
    """One limit of a budget: its full name (`op-types.MatmulDeviceOperation.kernel-time`), its value in the base unit.

    `op_type`, `shape` and `layout` narrow it to ops, blank = all. `tolerance` is a fraction; counts and PCCs have none.
    `other_side`: the second half of a two-sided limit, which a measurement that is too good breaches.
    """

    name: str
    limit: Limit
    value: float
    tolerance: float
    op_type: str = ""
    shape: str = ""
    layout: str = ""
    other_side: bool = False

    @property
    def floor(self) -> bool:
        """Whether it must be reached; others must not be exceeded."""
        return self.limit.floor != self.other_side

    @property
    def allowed(self) -> float:
        """The value with its tolerance."""
        if self.limit.unit in (Unit.COUNT, Unit.PCC):
            return self.value
        return self.value * (1 - self.tolerance if self.floor else 1 + self.tolerance)


@dataclass(frozen=True)
class Budget:
    """The limits of a file, and the part of a capture that they apply to.

    `selection` and `options` are keyword arguments of Selection and Options. `hardware`: what it was measured on.
    """

    path: str
    bounds: tuple[Bound, ...]
    selection: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    hardware: Hardware = Hardware()

    def window(self, options: Options, chosen: Collection[str] = ()) -> Options:
        """These options with the fields that the file sets, except those in `chosen`."""
        selection = {key: value for key, value in self.selection.items() if key not in chosen}
        others = {key: value for key, value in self.options.items() if key not in chosen}
        return replace(options, selection=replace(options.selection, **selection), **others)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Checked:
    """One limit and what was measured: `allowed` and `measured` in `unit` (ns, fraction, number, PCC), None = unknown.

    A limit that cannot be measured is not kept: `measured` is None, or `missing` ops have no usable duration. `why`
    says how `allowed` was computed; `rows` are the rows behind the measurement, longest ops first, `row_count` is their
    number.
    """

    limit: str
    ok: bool
    value: float
    allowed: float
    measured: float | None
    unit: Unit
    floor: bool
    why: str
    rows: tuple[RowRef, ...]
    row_count: int
    missing: int = 0


@dataclass(frozen=True)
class Verdict:
    """All limits in the order of the file, with notes."""

    checked: tuple[Checked, ...]
    notes: tuple[str, ...] = ()

    @property
    def breaches(self) -> tuple[Checked, ...]:
        """The limits that were not kept."""
        return tuple(checked for checked in self.checked if not checked.ok)

    @property
    def passed(self) -> bool:
        """Whether all limits were kept."""
        return not self.breaches

    def __add__(self, other: Verdict) -> Verdict:
        """Both verdicts together."""
        checked, notes = (*self.checked, *other.checked), (*self.notes, *other.notes)
        return Verdict(tuple(dict.fromkeys(checked)), tuple(dict.fromkeys(notes)))


@dataclass(frozen=True)
class ExpectationResult:
    """The verdict on the limits that a test set for its ops, or why they could not be checked (`problem`)."""

    nodeid: str
    verdict: Verdict | None
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether all of its limits are kept; limits that cannot be checked are not."""
        return self.verdict is not None and self.verdict.passed

    @property
    def trouble(self) -> str:
        """The breached limits, or why they could not be checked; blank if all are kept."""
        if self.verdict is None:
            return self.problem
        return ", ".join(breach.limit for breach in self.verdict.breaches)
