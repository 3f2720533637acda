"""The columns of times that every table of a comparison has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from perfsheet.compare import Comparison
from perfsheet.compare.results import Times
from perfsheet.outputs.workbook.marks import delta_bar
from perfsheet.outputs.workbook.sheet import Field

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Item = TypeVar("Item")

BEFORE, NOW = "BEFORE [ns]", "NOW [ns]"
_DIFFERENCE, _A_PASS = "DIFFERENCE [ns]", "DIFFERENCE [ns a pass]"
BEFORE_A_PASS, NOW_A_PASS = "BEFORE [ns a pass]", "NOW [ns a pass]"


def before(times: Callable[[Item], Times]) -> Field[Item]:
    """Kernel time before."""
    return Field(BEFORE, lambda one: times(one).base_ns, "ns", 14)


def now(times: Callable[[Item], Times]) -> Field[Item]:
    """Kernel time now."""
    return Field(NOW, lambda one: times(one).new_ns, "ns", 14)


def differences(found: Comparison, times: Callable[[Item], Times]) -> list[Field[Item]]:
    """The difference, that of a mean pass where only those can be compared, and whether it counts."""
    a_pass: list[Field[Item]] = [
        Field(BEFORE_A_PASS, lambda one: times(one).a_pass.base_ns, "ns", 14),
        Field(NOW_A_PASS, lambda one: times(one).a_pass.new_ns, "ns", 14),
        Field(_A_PASS, lambda one: times(one).a_pass.delta_ns, "delta_ns", 20),
        Field("DIFFERENCE A PASS", lambda one: times(one).a_pass.delta, "delta_percent", 12),
    ]
    return [
        Field(_DIFFERENCE, lambda one: times(one).delta_ns, "delta_ns", 20),
        Field("DIFFERENCE", lambda one: times(one).window.delta, "delta_percent", 12),
        *(a_pass if found.per_pass else ()),
        Field("COUNTS", lambda one: "yes" if times(one).beyond_noise else "noise", width=9),
    ]


def bars(sheet: Worksheet, found: Comparison, fields: Sequence[Field[Item]], last_row: int) -> None:
    """Bars behind the difference that can be compared."""
    headers = [field.header for field in fields]
    delta_bar(sheet, headers.index(_A_PASS if found.per_pass else _DIFFERENCE), 1, last_row)
