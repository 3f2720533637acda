"""The results of a comparison, which renderers only lay out. Every delta is new − base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis.results import Finding
from perfsheet.comparison.changes import Change
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis.graph.sources import Source

SAME, CHANGED, SPLIT, FUSED, ADDED, REMOVED = "same", "changed", "split", "fused", "added", "removed"
STATUSES = (SAME, CHANGED, SPLIT, FUSED, ADDED, REMOVED)


@dataclass(frozen=True)
class Span:
    """Kernel time before and after in ns: 0 without an op, None = unknown."""

    base_ns: float | None
    new_ns: float | None

    @property
    def delta_ns(self) -> float | None:
        """New − base; None when either is unknown."""
        return None if self.base_ns is None or self.new_ns is None else self.new_ns - self.base_ns

    @property
    def delta(self) -> float | None:
        """The delta as a fraction of base; None without a base."""
        return None if self.delta_ns is None or not self.base_ns else self.delta_ns / self.base_ns


@dataclass(frozen=True)
class Times:
    """Kernel time of some ops: in the windows, and in a mean pass (0 for ops outside of the passes).

    `beyond_noise`: whether the difference counts. `noise_ns`: the difference (of a mean pass) from which it counts, if
    known from repeats.
    """

    window: Span
    mean_pass: Span
    beyond_noise: bool
    noise_ns: float | None

    @property
    def base_ns(self) -> float | None:
        """Before, in the window."""
        return self.window.base_ns

    @property
    def new_ns(self) -> float | None:
        """Now, in the window."""
        return self.window.new_ns

    @property
    def delta_ns(self) -> float | None:
        """The difference of the windows."""
        return self.window.delta_ns


@dataclass(frozen=True)
class ComparedOp:
    """One op of the model on both sides: `base` and `new` are the positions of its ops (one for each pass).

    `status`: `same`; `changed` (its configuration, or its time beyond the noise); `fused` (several ops became one),
    `split` (one became several); `added`, `removed`. `base_code` and `new_code` are its names in the captures,
    `op_code` is the name to show.
    """

    status: str
    op_code: str
    base_code: str
    new_code: str
    base: tuple[int, ...]
    new: tuple[int, ...]
    times: Times
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class ChangeGroup:
    """Ops with the same change; `base` and `new` describe one of them, blank if there is none.

    `members` are indices in `Comparison.ops`, `changes` the differences of the configuration.
    """

    status: str
    op_code: str
    base: str
    new: str
    changes: tuple[Change, ...]
    members: tuple[int, ...]
    times: Times

    @property
    def count(self) -> int:
        """Number of ops (of one pass) with this change."""
        return len(self.members)


@dataclass(frozen=True)
class LineChange:
    """The ops of one line of the source on both sides, from graph reports; counts are those of one pass.

    `source`: the line now, or before if it is gone; None = ops whose source is unknown. `base`: where its ops were
    before; None = nowhere. `calls`: the Python calls of its ops.
    """

    source: Source | None
    base: Source | None
    calls: tuple[str, ...]
    base_count: int
    new_count: int
    times: Times


@dataclass(frozen=True)
class OpTypeChange:
    """All ops of one type on both sides; counts are those of the windows."""

    op_type: str
    category: str
    base_count: int
    new_count: int
    times: Times


@dataclass(frozen=True)
class HostChange:
    """Host ops between device ops, by op code: how many, and Σ host duration (ns) of those that state one."""

    op_code: str
    base_count: int
    new_count: int
    base_ns: float | None
    new_ns: float | None


@dataclass(frozen=True)
class FindingChange:
    """A finding before and after: fixed if it is None now, new if it was None before."""

    base: Finding | None
    new: Finding | None

    @property
    def finding(self) -> Finding:
        """The finding now, or else before."""
        finding = self.new or self.base
        assert finding is not None
        return finding


@dataclass(frozen=True)
class FindingChanges:
    """Fixed, new and remaining findings, each with most kernel time first."""

    fixed: tuple[FindingChange, ...]
    new: tuple[FindingChange, ...]
    remaining: tuple[FindingChange, ...]


TIME, COUNT, RATE, SHARE = "time", "count", "rate", "share"


@dataclass(frozen=True)
class Figure:
    """A headline figure on both sides, None = unknown.

    `kind` is time (ns), count, rate (per second) or share (a fraction). `lower_is_better`: None if neither is better.
    `comparable`: False for sums over windows with different numbers of passes.
    """

    id: str
    label: str
    kind: str
    base: float | None
    new: float | None
    lower_is_better: bool | None
    comparable: bool = True

    @property
    def delta(self) -> float | None:
        """New − base, in the unit of the figure."""
        return None if self.base is None or self.new is None else self.new - self.base

    @property
    def relative(self) -> float | None:
        """The delta as a fraction of base; None if that is meaningless, as of a share, whose delta is in points."""
        if self.delta is None or not self.base or not self.comparable or self.kind == SHARE:
            return None
        return self.delta / self.base
