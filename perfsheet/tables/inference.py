"""The tables of `summary`: times of one inference, and device time between signposts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perfsheet.analysis.breakdown.inference import InferenceSummary, PerToken, RegionTime, Timing
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, LABEL, NS, PERCENT, RATE

TimingRows = Rows[InferenceSummary, Timing]
_PAGE = "docs/breakdown.md"


def _token(value: Callable[[PerToken], float]) -> Callable[[TimingRows], list[Any]]:
    return each(lambda one: None if one.per_token is None else value(one.per_token))


def _of_tokens(rows: TimingRows) -> bool:
    return rows.source.workload.phase is not None


def _one_decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _three_decimals(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}"


def _of_roofline(rows: TimingRows) -> list[float | None]:
    least = rows.source.roofline_ns
    return [None if least is None else least / one.ns for one in rows]


# fmt: off
TIMINGS: Table[TimingRows] = Table(
    "inference",
    "One inference",
    "Its time on the device and end to end, what that is per token, and of the peaks: `summary`.",
    (
        Column("time", "Time", LABEL, each(lambda one: one.name),
            "`kernel`: Σ kernel duration; `elapsed`: first op to last on the device; `end to end`: --e2e", _PAGE),
        Column("ns", "Duration", NS, each(lambda one: one.ns), "of one inference", text=lambda ns: f"{ns:,.0f}"),
        Column("inferences_per_s", "Samples/s", RATE, each(lambda one: one.inferences_per_s), "batch / duration",
            unit="", drop=3),
        Column("ms_per_token", "Per token", DECIMAL, _token(lambda one: one.ms_per_token),
            "duration / tokens of one user", _PAGE, unit="ms", text=_three_decimals, short="Token", when=_of_tokens),
        Column("tokens_per_s_user", "Tokens/s/user", DECIMAL, _token(lambda one: one.tokens_per_s_user),
            "tokens of one user / duration", _PAGE, unit="", text=_one_decimal, short="Tok/s/user", when=_of_tokens),
        Column("tokens_per_s", "Tokens/s", DECIMAL, _token(lambda one: one.tokens_per_s),
            "batch × tokens / duration", _PAGE, unit="", text=_one_decimal, short="Tok/s", drop=2, when=_of_tokens),
        Column("dram_bandwidth_pct", "DRAM bandwidth", PERCENT, each(lambda one: one.dram), short="DRAM",
            meaning="bytes that its ops must move / (duration × DRAM peak)", page=_PAGE),
        Column("flops_pct", "FLOPs", PERCENT, each(lambda one: one.compute),
            "time of its FLOPs at the peak of the grid, at the math fidelity of each op / duration", _PAGE),
        Column("roofline_pct", "Roofline", PERCENT, _of_roofline, "roofline / duration", _PAGE),
    ),
    outputs=In.JSON | In.TERMINAL,
)

REGION_TIMES: Table[Rows[InferenceSummary, RegionTime]] = Table(
    "signposted_time",
    "Between signposts",
    "Regions between signposts by name: `summary`.",
    (
        Column("name", "Region", LABEL, each(lambda one: one.name), "its name", "docs/windows.md", flexible=True),
        Column("count", "Count", COUNT, each(lambda one: one.count), "how many of that name"),
        Column("kernel_duration_ns", "Kernel", NS, each(lambda one: one.kernel_ns), "Σ kernel duration inside"),
        Column("host_ns", "Host", NS, each(lambda one: one.host_ns),
            "host time from the opening signposts to the closing ones, under the profiler; empty = unknown"),
    ),
    outputs=In.JSON | In.TERMINAL,
)
