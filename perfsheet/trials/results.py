"""What came of ops that were tried: built as recorded, and in other ways."""

from __future__ import annotations

from functools import cached_property

from perfsheet.analysis.results import RowRef
from perfsheet.graph_report.model import GraphReport
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.code import Code
from perfsheet.trials.kinds import Kind, Variant
from perfsheet.trials.kinds.base import What
from perfsheet.trials.memory import Memory
from perfsheet.trials.recorded import Recorded

BECOMES = "it becomes"
"""Begins the reason of an op that TTNN accepts, but makes others of."""


def l1_peak(report: GraphReport) -> int | None:
    """Tensors and circular buffers of a core at their peak, in bytes; None = unknown."""
    used = [op.use.l1_bank + (op.circular_bytes or 0) for op in report.device_ops if op.use is not None]
    return max(used, default=None)


@dataclass(frozen=True)
class Built:
    """What came of building an op: `reason` why TTNN refuses it, or what it becomes instead; blank if it accepts it.

    `cores` is that of the device op itself, `others` the device ops that came with it. `l1_bytes` are the tensors and
    circular buffers of a core at their peak, `bank_bytes` what a core has for both; None = unknown.
    """

    reason: str
    cores: int | None = None
    others: tuple[str, ...] = ()
    l1_bytes: int | None = None
    bank_bytes: int | None = None

    @property
    def of_bank(self) -> float | None:
        """The part of an L1 bank that it takes; None = unknown."""
        return self.l1_bytes / self.bank_bytes if self.l1_bytes is not None and self.bank_bytes else None

    @property
    def accepted(self) -> bool:
        """Whether TTNN accepts it."""
        return not self.reason


@dataclass(frozen=True)
class Tried:
    """A variant and what came of it: `cores` that can have work, None = unknown.

    `moved`: how many tensors lie elsewhere than recorded, which neighbours must bring there or take from there;
    `layouts`: which, and where, as far as the code shows it.
    """

    variant: Variant
    built: Built
    cores: int | None
    moved: int
    layouts: tuple[tuple[str, Memory], ...] = ()


@dataclass(frozen=True)
class Trial:
    """An op of a capture that was tried, at `positions` of the analysis.

    `code` builds it as recorded, `again` is what came of that, `tried` are its variants, in their order. `pieces`: into
    how many its work can be cut; cores beyond that are idle (None = unknown). `sibling`: the way of an op of the same
    shapes that ran faster. `left_out`: variants that were not tried for their number. `problem` says why nothing was
    tried, blank if it was. `wanted`: what the cure that is looked for changes.
    """

    row: RowRef
    op_code: str
    positions: tuple[int, ...]
    kernel_ns: float
    kind: Kind | None = None
    op: Recorded | None = None
    pieces: int | None = None
    code: Code | None = None
    sibling: Variant | None = None
    again: Built | None = None
    tried: tuple[Tried, ...] = ()
    left_out: int = 0
    problem: str = ""
    wanted: tuple[What, ...] = ()

    @property
    def count(self) -> int:
        """How many identical ops it stands for."""
        return len(self.positions)

    @property
    def working(self) -> int | None:
        """How many cores can have work at most: as many as there are pieces, or shards; None = unknown."""
        memory = self.op.output_memory if self.op is not None else None
        if self.kind is not None and self.kind.on_shards and memory is not None and memory.shard is not None:
            return memory.shard.cores
        return self.pieces

    @property
    def reproduced(self) -> bool:
        """Whether it came out on as many working cores as recorded.

        A build may start an op on the whole grid, or only where there is work: cores beyond the pieces do not count.
        """
        if self.op is None or self.again is None or self.again.cores is None or self.op.cores is None:
            return False
        most = self.working or max(self.again.cores, self.op.cores)
        return min(self.again.cores, most) == min(self.op.cores, most)

    @cached_property
    def accepted(self) -> tuple[Tried, ...]:
        """The variants that TTNN accepts: what is wanted first, then most working cores, exact ones, least moved."""
        found = [one for one in self.tried if one.built.accepted]
        return tuple(sorted(found, key=self._rank))

    def _rank(self, one: Tried) -> tuple[int, int, bool, int]:
        what = one.variant.what
        place = self.wanted.index(what) if what in self.wanted else len(self.wanted)
        return place, -(one.cores or 0), not one.variant.exact, one.moved

    @property
    def cores_at_work(self) -> int | None:
        """How many of the recorded cores can have work; None = unknown."""
        now = None if self.op is None else self.op.cores
        return now if now is None or self.working is None else min(now, self.working)

    @property
    def refused(self) -> tuple[Tried, ...]:
        """The variants that TTNN refuses."""
        return tuple(one for one in self.tried if not one.built.accepted)
