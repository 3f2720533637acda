"""What the fixes of each rule saved in before/after pairs, as a part of what they could save at most.

docs/calibration.md has the pairs. A rule that is not in the table has no record; `rule/root` is that of one root of it
(`Rule.root`). No factor is above 1 (two cures were taken at once) or below 0 (other changes cost more).
"""

from __future__ import annotations

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Record:
    """`factor`: saved / saved at most, the median of `cases` findings that were acted on."""

    factor: float
    cases: int


RECORDS: dict[str, Record] = {
    "core-imbalance": Record(0.0, 5),
    "fusable-pair/cache": Record(0.92, 1),
    "input-in-dram": Record(0.29, 3),
    "input-in-dram/nlpcreateqkvheadsdecode": Record(0.44, 1),
    "launch-skew": Record(0.0, 5),
    "layout-conversion/halo": Record(0.0, 20),
    "layout-conversion/move": Record(0.33, 5),
    "layout-conversion/tilize": Record(0.76, 24),
    "layout-conversion/typecast": Record(0.2, 6),
    "low-core-count": Record(0.92, 2),
    "math-fidelity": Record(0.64, 15),
    "matmul-program-config": Record(0.5, 6),
    "multicore-off": Record(0.98, 6),
    "repeated-work": Record(0.62, 3),
    "reshard": Record(0.77, 8),
    "reshard-round-trip": Record(0.23, 1),
    "weights-dtype": Record(0.7, 9),
}
