"""What a comparison says: small typed results that renderers lay out. Every delta is new − base."""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.analysis.results import Finding
from perfsheet.compare.changes import Change

SAME, CHANGED, SPLIT, FUSED, ADDED, REMOVED = "same", "changed", "split", "fused", "added", "removed"
STATUSES = (SAME, CHANGED, SPLIT, FUSED, ADDED, REMOVED)


@dataclass(frozen=True)
class Span:
    """Kernel time before and after in ns: 0 where there is no op, None where it is unknown."""

    base_ns: float | None
    new_ns: float | None

    @property
    def delta_ns(self) -> float | None:
        """New − base; None when either is unknown."""
        return None if self.base_ns is None or self.new_ns is None else self.new_ns - self.base_ns

    @property
    def delta(self) -> float | None:
        """That as a fraction of base; None without a base."""
        return None if self.delta_ns is None or not self.base_ns else self.delta_ns / self.base_ns


@dataclass(frozen=True)
class Times:
    """Kernel time of some ops: in the windows, and in a mean pass (0 for what runs outside of the passes).

    `beyond_noise`: whether the difference counts. `noise_ns`: beyond what it does (of a mean pass), where repeats tell;
    None where they don't (noise.py).
    """

    window: Span
    a_pass: Span
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

    `status`: `same`; `changed` (its configuration or, beyond noise, its time); `fused` (several ops became one),
    `split` (one became several); `added`, `removed`. `base_code` and `new_code` are what the captures call it,
    `op_code` what it is shown as.
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
    """Ops with the same change, together; `base` and `new` describe one of them, blank where there is none.

    `members` are places in `Comparison.ops`, `changes` what differs about the configuration.
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
        """Ops of the model (of one pass) that it is about."""
        return len(self.members)


@dataclass(frozen=True)
class OpTypeChange:
    """All ops of one kind, on both sides; counts are of the windows."""

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
    """A finding before and after: fixed without the one, new without the other."""

    base: Finding | None
    new: Finding | None

    @property
    def one(self) -> Finding:
        """Whichever is there, the new one first."""
        finding = self.new or self.base
        assert finding is not None
        return finding


@dataclass(frozen=True)
class FindingChanges:
    """What was fixed, what is new, what remains; each with most kernel time first."""

    fixed: tuple[FindingChange, ...]
    new: tuple[FindingChange, ...]
    remaining: tuple[FindingChange, ...]


TIME, COUNT, RATE, SHARE = "time", "count", "rate", "share"


@dataclass(frozen=True)
class Figure:
    """A headline figure on both sides, None = unknown.

    `kind` is time (ns), count, rate (a second) or share (a fraction). `lower_is_better`: None where neither is.
    `comparable`: not so are sums over windows that hold different numbers of passes.
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
        """The delta as a fraction of base; None where that says nothing."""
        return None if self.delta is None or not self.base or not self.comparable else self.delta / self.base
