"""What an analysis says: small typed results that every renderer lays out and none computes."""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.analysis.rules.base import Rule
from perfsheet.analysis.signature import Signature
from perfsheet.capture.table import IntArray
from perfsheet.provenance import Provenance


@dataclass(frozen=True)
class RowRef:
    """Where an op stands in its capture; `row` numbers records as a spreadsheet does (the header is row 1)."""

    file: str
    row: int
    device_id: int | None
    global_call_count: int | None
    replay_session: int | None


@dataclass(frozen=True)
class RankedOp:
    """One op of the ranking. Shares and utilizations are fractions; None = unknown (or no model)."""

    rank: int
    position: int
    row: RowRef
    op_code: str
    device: int
    core_count: int | None
    worker_cores: int | None
    kernel_ns: float
    share: float
    cumulative: float
    pm_ideal_ns: float | None
    utilization: float | None
    utilization_grid: float | None
    flags: tuple[str, ...]
    not_physical_reason: str | None


@dataclass(frozen=True, eq=False)
class OpGroup:
    """Identical ops (one signature) together; `kernel_ns` is their sum, `median_ns` the median of one."""

    rank: int
    signature: Signature
    positions: IntArray
    kernel_ns: float
    median_ns: float
    share: float
    cumulative: float
    cores: tuple[int, ...]

    @property
    def count(self) -> int:
        """Ops in the group."""
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Finding:
    """One (rule, configuration) with all its ops. `saving_ns` is an upper bound; savings of findings can overlap."""

    id: str
    rule: Rule
    signature: Signature
    positions: IntArray
    kernel_ns: float
    share: float
    cores: tuple[int, ...]
    worker_cores: int | None
    saving_ns: float
    advice: str

    @property
    def count(self) -> int:
        """Ops behind the finding."""
        return len(self.positions)


@dataclass(frozen=True)
class RuleTotal:
    """All hits of one rule over the window."""

    rule: Rule
    rows: int
    kernel_ns: float
    share: float


@dataclass(frozen=True)
class OpType:
    """All ops of one op code (or of one category, when `op_code` is empty)."""

    op_code: str
    category: str
    count: int
    kernel_ns: float
    share: float
    median_ns: float
    longest_ns: float
    cores_min: int | None
    cores_max: int | None
    low_core_count: int


@dataclass(frozen=True)
class Fps:
    """Samples a second on the busiest device, 1e9 × batch / its kernel time; None where that set of ops is empty."""

    all: float | None
    matmul_conv: float | None
    other: float | None
    device: int | None


@dataclass(frozen=True)
class Check:
    """One line of the verdict on a capture. `ok` False makes `detail` a warning."""

    id: str
    label: str
    ok: bool
    count: int
    detail: str


@dataclass(frozen=True)
class CaptureSummary:
    """What was analysed: the head of every output.

    `worker_grids` are the distinct worker grids of the ops, `worker_cores` the largest of them. `unchecked_rows` are
    timed ops whose worker grid or core count is unknown: nothing can be said of them using few cores.
    """

    paths: tuple[str, ...]
    schema: str
    arch: str | None
    board: str | None
    worker_cores: int | None
    worker_grids: tuple[int, ...]
    worker_cores_sources: tuple[str, ...]
    ref_cores: float | str
    low_cores_pct: float
    batch: float
    window: str
    devices: tuple[int, ...]
    device_rows: int
    timed_rows: int
    unchecked_rows: int
    host_rows: int
    signpost_rows: int
    dropped_rows: int
    kernel_ns: float
    modelled_share: float | None
    fps: Fps
    provenance: Provenance
    warnings: tuple[str, ...]
