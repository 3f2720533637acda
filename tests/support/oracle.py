"""The figures of a capture, computed a second time in plain Python from its text, without perfsheet.

The formulas are those of the documentation; nothing of the package is imported here.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

KNOWN_GRIDS = {20, 56, 63, 64, 70, 72, 80, 108, 110, 120, 130, 140}
RESHARDS = ("Reshard", "InterleavedToSharded", "ShardedToInterleaved")
IMPLAUSIBLE_NS = 1e13
CONTRADICTED_NS = 1e6


@dataclass(frozen=True)
class OracleOp:
    row: int
    code: str
    device: int
    kernel: float | None
    cores: float | None
    stated_grid: float | None
    pm: float | None
    attributes: str
    gap: float | None

    @property
    def is_reshard(self) -> bool:
        return any(word in self.code for word in RESHARDS)


@dataclass(frozen=True)
class Ranked:
    op: OracleOp
    share: float
    cumulative: float


class Oracle:
    """Device rows in file order; no trace replays."""

    def __init__(self, path: Path) -> None:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            self.rows = list(csv.DictReader(lines))
        self.ops = [
            OracleOp(
                row=number,
                code=row["OP CODE"].strip(),
                device=int(_number(row.get("DEVICE ID", "")) or 0),
                kernel=_within(_number(row["DEVICE KERNEL DURATION [ns]"]), 0, IMPLAUSIBLE_NS),
                cores=_within(_number(row["CORE COUNT"]), 1, math.inf),
                stated_grid=_within(_number(row.get("AVAILABLE WORKER CORE COUNT", "")), 1, math.inf),
                pm=_model(_number(row.get("PM IDEAL [ns]", ""))),
                attributes=row.get("ATTRIBUTES", ""),
                gap=_number(row.get("OP TO OP LATENCY [ns]", "")),
            )
            for number, row in enumerate(self.rows, start=2)
            if row["OP TYPE"].strip() == "tt_dnn_device"
        ]

    @cached_property
    def timed(self) -> list[OracleOp]:
        return [op for op in self.ops if op.kernel is not None and not self.contradicted(op)]

    @staticmethod
    def contradicted(op: OracleOp) -> bool:
        """The test that tt-metal publishes; an op before an invalid one that is long itself is not in our captures."""
        return (
            op.kernel is not None and op.gap is not None and op.kernel > CONTRADICTED_NS and op.gap < -CONTRADICTED_NS
        )

    @cached_property
    def total(self) -> float:
        return math.fsum(op.kernel or 0 for op in self.timed)

    def ranking(self) -> list[Ranked]:
        ranked, so_far = [], 0.0
        for op in sorted(self.timed, key=lambda op: -(op.kernel or 0)):
            so_far += op.kernel or 0
            share, cumulative = ((part / self.total if self.total else math.nan) for part in (op.kernel or 0, so_far))
            ranked.append(Ranked(op, share, cumulative))
        return ranked

    @cached_property
    def _largest(self) -> float | None:
        largest = max((op.cores for op in self.ops if op.cores), default=None)
        return largest if largest in KNOWN_GRIDS else None

    def grid(self, op: OracleOp) -> float | None:
        return op.stated_grid or self._largest

    def utilization(self, op: OracleOp, reference: float | None) -> float | None:
        if op.pm is None or not op.kernel or op.cores is None or reference is None:
            return None
        return op.pm * reference / (op.kernel * op.cores)

    def low_core_ops(self, percent: float = 25) -> list[OracleOp]:
        def is_low(op: OracleOp) -> bool:
            grid = self.grid(op)
            return grid is not None and op.cores is not None and op.cores * 100 <= grid * percent

        return [op for op in self.timed if is_low(op) and "DRAMSharded" not in op.attributes]

    def reshard_ops(self) -> list[OracleOp]:
        return [op for op in self.timed if op.is_reshard]

    def reshard_pairs(self) -> int:
        previous: dict[int, OracleOp] = {}
        pairs = 0
        for op in self.ops:
            before = previous.get(op.device)
            pairs += before is not None and before.is_reshard and op.is_reshard
            previous[op.device] = op
        return pairs

    def busiest(self, rows: set[int]) -> float:
        """Kernel time of the busiest device, of the ops in these rows."""
        devices = {op.device for op in self.ops}
        return max(
            math.fsum(op.kernel or 0 for op in self.timed if op.device == one and op.row in rows) for one in devices
        )

    def seconds(self, ops: list[OracleOp]) -> float:
        return math.fsum(op.kernel or 0 for op in ops)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _within(value: float | None, least: float, most: float) -> float | None:
    return value if value is not None and least <= value <= most else None


def _model(value: float | None) -> float | None:
    return value if value is not None and value > 1 else None
