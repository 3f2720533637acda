"""Values of limits as they are written: `3.9 ms`, `30 %`, 64."""

from __future__ import annotations

import re
from enum import Enum

from perfsheet.accuracy import text as pcc_text

_TEXT = re.compile(r"\s*([+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)\s*")
_TIMES = {"": 1.0, "ns": 1.0, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}


class Unit(Enum):
    """The unit of a limit: nanoseconds, a fraction, a number, a number per second, a correlation."""

    TIME = "ns"
    SHARE = "%"
    COUNT = ""
    RATE = "1/s"
    PCC = "PCC"


_LARGEST = 1e15
"""In ns, eleven days. Anything above it is a typing error."""


def quantity(value: object, unit: Unit) -> float | None:
    """A value in the base unit (ns, fraction, number); None if it is not one.

    Numbers without a unit are ns, percent, or a plain number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _TEXT.fullmatch(str(value))
    if match is None:
        return None
    number, written = float(match[1].replace("_", "")), match[2]
    factor = _factor(written, unit)
    most = 1.0 if unit is Unit.PCC else _LARGEST
    return None if factor is None or not 0 <= number * factor <= most else number * factor


def _factor(written: str, unit: Unit) -> float | None:
    if unit is Unit.TIME:
        return _TIMES.get(written)
    if unit is Unit.SHARE:
        return 0.01 if written in ("", "%") else None
    return 1.0 if not written else None


def format_quantity(value: float | None, unit: Unit) -> str:
    """`3.805 ms`, `30.1 %`, `64`, `262.82`, `0.9998`; unknown is `unknown`."""
    if value is None:
        return "unknown"
    if unit is Unit.PCC:
        return pcc_text(value)
    if unit is Unit.TIME:
        if value < 1e3:
            return exact_time(round(value, 3))
        return f"{value / 1e3:,.3f} µs" if value < 1e6 else f"{value / 1e6:,.3f} ms"
    if unit is Unit.SHARE:
        return f"{100 * value:.2f} %"
    return f"{value:,.2f}".removesuffix(".00") if unit is Unit.RATE else f"{value:,.10g}"


def percentage(fraction: float) -> str:
    """`5 %`, `2.50 %`."""
    return format_quantity(fraction, Unit.SHARE).replace(".00 %", " %")


def exact_time(nanoseconds: float) -> str:
    """`3.804885 ms`, with all digits."""
    for size, unit in ((1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= size:
            return f"{nanoseconds / size!r}".removesuffix(".0") + f" {unit}"
    return f"{nanoseconds!r}".removesuffix(".0") + " ns"


def example(unit: Unit) -> str:
    """An example of such a value."""
    return {Unit.TIME: '"3.9 ms"', Unit.SHARE: '"30 %"', Unit.COUNT: "64", Unit.RATE: "250.0", Unit.PCC: "0.999"}[unit]
