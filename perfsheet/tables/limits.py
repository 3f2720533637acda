"""The tables of checked limits: those of a budget, and those that tests stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from perfsheet.budget.quantities import Unit, format_quantity
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, ROWS, TEXT, YES_NO, Kind, number, percent
from perfsheet.text import limits

if TYPE_CHECKING:
    from perfsheet.budget.model import Checked, ExpectationResult

LimitRows = Rows[bool, "Checked"]
"""Checked limits; `source`: whether the capture is of several files."""
_BUDGETS = "docs/budgets.md"

Quantity = tuple["float | None", Unit]


def _quantity_data(quantity: Quantity) -> float | int | None:
    value, unit = quantity
    return percent(value) if unit is Unit.SHARE else number(value)


_QUANTITY = Kind("quantity", lambda quantity: format_quantity(*quantity), _quantity_data)
"""A figure in the unit of its limit."""
_LIMITS = Kind("limits", lambda records: "", lambda records: records, number=False)


def _quantity(value: Callable[[Checked], float | None]) -> Callable[[LimitRows], list[Quantity]]:
    return lambda rows: [(value(limit), limit.unit) for limit in rows]


def _messages(rows: LimitRows) -> list[str]:
    return [limits.sentence(limit, rows.source) for limit in rows]


# fmt: off
LIMITS: Table[LimitRows] = Table(
    "limits",
    "Limits",
    "Every limit and what was measured: `checks[]` and `breaches[]` of `check --json`, `limits[].checks[]` of `run`.",
    (
        Column("limit", "Limit", LABEL, each(lambda limit: limit.limit),
            "its full name, such as `op-types.MatmulDeviceOperation.kernel-time`", _BUDGETS, outputs=In.JSON),
        Column("ok", "Kept", YES_NO, each(lambda limit: limit.ok), "whether it is kept; what cannot be measured is not",
            _BUDGETS, outputs=In.JSON),
        Column("floor", "Floor", YES_NO, each(lambda limit: limit.floor), "whether it is a least value", _BUDGETS,
            outputs=In.JSON),
        Column("unit", "Unit", LABEL, each(lambda limit: limit.unit.value), "`ns`, `%`, `1/s`, `PCC`, blank for counts",
            _BUDGETS, outputs=In.JSON),
        Column("value", "Value", _QUANTITY, _quantity(lambda limit: limit.value), "the limit as stated", _BUDGETS,
            outputs=In.JSON),
        Column("allowed", "Allowed", _QUANTITY, _quantity(lambda limit: limit.allowed), "the limit with its tolerance",
            _BUDGETS, outputs=In.JSON),
        Column("measured", "Measured", _QUANTITY, _quantity(lambda limit: limit.measured),
            "null = it cannot be measured", _BUDGETS, outputs=In.JSON),
        Column("missing", "Missing", COUNT, each(lambda limit: limit.missing),
            "ops whose duration is unknown: then it is not kept", _BUDGETS, outputs=In.JSON),
        Column("row_count", "Rows", COUNT, each(lambda limit: limit.row_count), "ops behind what was measured",
            _BUDGETS, outputs=In.JSON),
        Column("rows", "Rows", ROWS, each(lambda limit: limit.rows), "the longest of them, 50 at most", _BUDGETS,
            outputs=In.JSON),
        Column("message", "Message", LABEL, _messages, "the limit and what was measured in one sentence", _BUDGETS,
            outputs=In.JSON),
    ),
)


def _checks(rows: Rows[bool, ExpectationResult]) -> list[list[dict[str, Any]]]:
    return [
        LIMITS.records(Rows(rows.source, result.verdict.checked)) if result.verdict else [] for result in rows
    ]


TEST_LIMITS: Table[Rows[bool, ExpectationResult]] = Table(
    "test_limits",
    "Limits of the tests",
    "The tests that stated limits for their ops: `limits[]` of `run --json`.",
    (
        Column("nodeid", "Test", LABEL, each(lambda result: result.nodeid), "its pytest node id", _BUDGETS,
            outputs=In.JSON),
        Column("passed", "Passed", YES_NO, each(lambda result: result.passed), "whether all of its limits are kept",
            _BUDGETS, outputs=In.JSON),
        Column("problem", "Problem", TEXT, each(lambda result: result.problem),
            "why they could not be checked; null = they were", _BUDGETS, outputs=In.JSON),
        Column("checks", "Limits", _LIMITS, _checks, "see `limits`", _BUDGETS, outputs=In.JSON),
    ),
)
