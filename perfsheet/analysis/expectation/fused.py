"""How fast the ops that TTNN has for whole chains, and DRAM-sharded matmuls, ran in real captures."""

from __future__ import annotations

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class FusedOp:
    """`share` of the speed of light that it reaches, `least_ns` that it takes, and in how many `ops` that was seen."""

    name: str
    share: float
    least_ns: float
    ops: int

    @property
    def text(self) -> str:
        """The ground of what is expected of it."""
        return (
            f"{self.name} reaches {100 * self.share:.0f} % of speed of light and takes at least "
            f"{self.least_ns / 1000:.1f} µs ({self.ops} ops in real captures)"
        )


# The median share of those with a known speed of light, and the shortest of all: docs/calibration.md.
ATTENTION = FusedOp("fused attention", 0.19, 9000, 6)
HEADS = FusedOp("an op for heads", 0.67, 1300, 4)
DRAM_SHARDED = FusedOp("a DRAM-sharded matmul at LoFi", 0.68, 1500, 4)
ROTARY = FusedOp("a fused rotary embedding", 0.34, 1800, 8)
