"""Check a capture against the limits of a budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perfsheet.analysis import Analysis, Options, analyze, quality
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import RowRef
from perfsheet.budget.hardware import hardware_of
from perfsheet.budget.limits import Measured, Scope, of_kind
from perfsheet.budget.model import Bound, Budget, Checked, Verdict
from perfsheet.budget.quantities import Unit, format_quantity, percentage
from perfsheet.budget.reading import budget_of, read_budget
from perfsheet.capture.notes import rows as plural
from perfsheet.capture.table import IntArray, OpsTable
from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Provenance

if TYPE_CHECKING:
    from perfsheet.graph_report import GraphReport

ROWS_NAMED = 50
_ROUNDING = 1e-12


def check(analysis: Analysis, budget: Budget) -> Verdict:
    """Check every limit of the budget. Ops are matched by kind, independent of their name in the build.

    Raises PerfsheetError (exit status 3) with the option `strict` for a capture of other hardware than the budget's.
    """
    positions = {key: _positions(analysis, *key) for key in dict.fromkeys(_key(bound) for bound in budget.bounds)}
    checked = tuple(_checked(analysis, bound, positions[_key(bound)]) for bound in budget.bounds)
    notes = (
        *replay_notes(analysis.provenance.replayed),
        *plan_notes(analysis),
        *_hardware_notes(analysis, budget),
        *_notes(analysis, budget, positions),
    )
    return Verdict((*whole(analysis), *checked), notes)


def replay_notes(replayed: bool) -> Iterator[str]:
    """What a verdict on a replayed capture says of itself."""
    if replayed:
        yield "replayed: the limits are checked on a recorded capture, not on a measurement of this run"


def plan_notes(analysis: Analysis) -> Iterator[str]:
    """What a verdict on a plan says of itself."""
    if analysis.plan is not None:
        yield "planned: no op ran; limits on measured times cannot be kept (least-time is one for plans)"
        if analysis.plan.tests_failed and not analysis.plan.cut_short:
            yield "planned: a check of values failed, as on any mock board; what would have followed is not planned"


def _hardware_notes(analysis: Analysis, budget: Budget) -> Iterator[str]:
    """What a verdict says of a capture of other hardware than the budget's; an error with `strict`."""
    ours = hardware_of(analysis)
    if budget.hardware.differs(ours):
        text = f"the budget is of {budget.hardware.named}, the capture of {ours.named}: the limits may not fit"
        if analysis.ops.options.strict:
            raise unusable(text, "write a budget for this hardware: perfsheet budget init")
        yield text


def whole(analysis: Analysis) -> Iterator[Checked]:
    """Limits for every capture, listed if breached: no row may be lost to damage, no plan may end too early."""
    lost = quality.losses(analysis.ops.table.notes)
    if lost:
        why = "the missing rows may be the ones that the limits are about"
        yield _never("capture.lost-rows", lost, why)
    if analysis.plan is not None and analysis.plan.cut_short:
        yield _never("plan.cut-short", 1, f"{analysis.plan.cut_short}: what would have followed is not planned")


def _never(limit: str, count: int, why: str) -> Checked:
    return Checked(limit, False, 0, 0, count, Unit.COUNT, floor=False, why=why, rows=(), row_count=0)


def _key(bound: Bound) -> tuple[str, str, str]:
    return bound.op_type, bound.shape, bound.layout


def _positions(analysis: Analysis, op_type: str, shape: str, layout: str) -> IntArray:
    ops = analysis.ops
    if not op_type:
        return np.arange(len(ops))
    positions = of_kind(analysis, op_type)
    if not (shape or layout):
        return positions
    shapes = [shape_of(ops, position) for position in positions.tolist()]
    fits = [shape in ("", op_shape.shape) and layout in ("", op_shape.layout) for op_shape in shapes]
    return positions[np.array(fits, dtype=np.bool_)]


def _checked(analysis: Analysis, bound: Bound, positions: IntArray) -> Checked:
    limit = bound.limit
    measured = limit.measure(Scope(analysis, positions))
    allowed = bound.allowed
    ok = not measured.missing and kept(measured.value, allowed, bound.floor)
    return Checked(
        limit=bound.name,
        ok=ok,
        value=bound.value,
        allowed=allowed,
        measured=measured.value,
        unit=limit.unit,
        floor=bound.floor,
        why=_why(bound, ok or measured.value is None),
        rows=rows(analysis, measured),
        row_count=len(measured.rows),
        missing=measured.missing,
    )


def kept(measured: float | None, allowed: float, floor: bool) -> bool:
    """Whether a limit is kept; a limit that cannot be measured is not."""
    if measured is None:
        return False
    slack = _ROUNDING * abs(allowed)
    return measured >= allowed - slack if floor else measured <= allowed + slack


def rows(analysis: Analysis, measured: Measured) -> tuple[RowRef, ...]:
    """The rows behind a measurement, longest ops first."""
    duration = np.nan_to_num(analysis.ops.table.number("kernel_duration_ns")[measured.rows])
    order = measured.rows[np.argsort(-duration, kind="stable")][:ROWS_NAMED]
    return tuple(analysis.table_refs(order))


def _why(bound: Bound, kept_or_unknown: bool) -> str:
    """How the allowed value was computed, and what to do about a measurement that is too good."""
    sign = "−" if bound.floor else "+"
    written = format_quantity(bound.value, bound.limit.unit)
    computed = "" if bound.allowed == bound.value else f"{written} {sign} {percentage(bound.tolerance)}"
    better = "better than the target: update it" if bound.other_side and not kept_or_unknown else ""
    return "; ".join(filter(None, (computed, better)))


def _notes(analysis: Analysis, budget: Budget, positions: dict[tuple[str, str, str], IntArray]) -> Iterator[str]:
    if wrong := int(analysis.ops.invalid.sum()):
        left = len(analysis.ops) - wrong
        yield f"{plural(wrong, 'op')} whose duration the gaps contradict: times and shares are of the other {left:,}"
    for key, hits in positions.items():
        if not len(hits):
            yield f"{budget.path}: the window has no op {' · '.join(filter(None, key))}"


@dataclass(frozen=True, eq=False)
class Captured:
    """What limits of tests are checked on: a capture, what its tests reported, and its graph report if there is one."""

    table: OpsTable
    provenance: Provenance = Provenance()
    graph: GraphReport | None = None
    options: Options = Options()


def check_expected(captured: Captured, tables: dict[str, Any], path: str, name: str) -> Verdict:
    """Check a capture against the limits of a test: tables of a budget, or the budget file `path`; `name` is the test.

    Raises PerfsheetError for invalid limits, and for a window that the capture does not have.
    """
    budget: Budget = read_budget(Path(path)) if path else budget_of(tables, Path(name))
    options = budget.window(captured.options)
    return check(analyze(captured.table, options, provenance=captured.provenance, graph=captured.graph), budget)
