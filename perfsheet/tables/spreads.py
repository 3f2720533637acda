"""Columns of how a kernel time varies between runs or passes; other tables take them over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np

from perfsheet.analysis.statistics import Spread, Spreads
from perfsheet.capture.table import IntArray
from perfsheet.tables.column import Column, In, Table
from perfsheet.tables.kinds import COUNT, LABEL, NS, PERCENT
from perfsheet.text import formats

R = TypeVar("R")


def as_spreads(listed: Sequence[Spread | None]) -> Spreads:
    """Spreads in arrays, one per figure; None = unknown."""
    figures = [
        (spread.runs, spread.min_ns, spread.median_ns, spread.max_ns, spread.mean_ns, spread.std_ns, spread.cv)
        if spread
        else (None,) * 7
        for spread in listed
    ]
    return Spreads(*np.array(figures, dtype=np.float64).reshape(-1, 7).T)


def spreads_at(spreads: Spreads, positions: IntArray) -> Spreads:
    """The spreads at these positions."""
    return Spreads(*(getattr(spreads, figure.name)[positions] for figure in fields(Spreads)))


def _whole(value: float | None) -> str:
    return formats.whole(None if value is None else round(value))


# fmt: off
def spread_columns(spreads: Callable[[R], Spreads]) -> tuple[Column[R], ...]:
    """The columns of a spread per row."""
    return (
        Column("runs", "Runs", COUNT, lambda rows: spreads(rows).runs, "runs (or passes) in which the time is known",
            outputs=In.DATA | In.SHEET, width=7),
        Column("median_ns", "Median", NS, lambda rows: spreads(rows).median_ns, "median over the runs", text=_whole),
        Column("min_ns", "Min", NS, lambda rows: spreads(rows).min_ns, "shortest", text=_whole, drop=2, width=12),
        Column("max_ns", "Max", NS, lambda rows: spreads(rows).max_ns, "longest", text=_whole, drop=2, width=12),
        Column("mean_ns", "Mean", NS, lambda rows: spreads(rows).mean_ns, "arithmetic mean", outputs=In.DATA | In.SHEET,
            width=12),
        Column("std_ns", "Std dev", NS, lambda rows: spreads(rows).std_ns,
            "sample standard deviation (n − 1); unknown for one run", outputs=In.DATA | In.SHEET, width=12),
        Column("mean_std", "Mean ± std dev", LABEL, lambda rows: _mean_std(spreads(rows)),
            "arithmetic mean and sample standard deviation", outputs=In.TEXT, drop=1, right=True, unit="ns"),
        Column("cv_pct", "CV", PERCENT, lambda rows: spreads(rows).cv,
            "coefficient of variation: standard deviation / mean", width=9),
    )
# fmt: on


def _mean_std(spreads: Spreads) -> list[str]:
    return [formats.plus_minus(spreads.at(place)) for place in range(len(spreads.runs))]


def _itself(spreads: Spreads) -> Spreads:
    return spreads


SPREAD: Table[Spreads] = Table(
    "spread",
    "Spread",
    "How a kernel time varies between runs or passes: `--repeat`, `pass_kernel_duration`, `compare`.",
    tuple(column.changed(outputs=In.JSON) for column in spread_columns(_itself) if column.outputs & In.JSON),
)
