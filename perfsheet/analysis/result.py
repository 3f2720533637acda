"""What an analysis says: small typed results that every renderer lays out and none computes."""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.analysis.devices import DeviceTotal
from perfsheet.analysis.rules.base import Evidence, Rule
from perfsheet.analysis.signature import Signature
from perfsheet.analysis.windows.layers import Layer
from perfsheet.analysis.windows.passes import Pass
from perfsheet.capture.table import FloatArray, IntArray
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
    """One op of the ranking. Shares and utilizations are fractions; None = unknown (or no model).

    `compute`, `compute_used_cores`, `dram` and `sol` are fractions of peaks (analysis/light); `bound` is compute, dram,
    neither or unknown.
    """

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
    utilization_corrected: float | None
    flops: float | None
    dram_bytes: float | None
    compute: float | None
    compute_used_cores: float | None
    dram: float | None
    sol: float | None
    sol_unknown_reason: str | None
    bound: str
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
    """One (rule, subject) with all its ops.

    `saving_ns` is an upper bound, None = unknown; `savings` are its parts, op by op (NaN = unknown). `added_ns` is what
    it adds to the findings before it: these never add up to more than the kernel time (of rules that wait, the gaps).
    `rows` are positions in the table, also of findings about host rows, which have no ops.
    """

    id: str
    rule: Rule
    signature: Signature
    positions: IntArray
    rows: IntArray
    kernel_ns: float
    share: float
    cores: tuple[int, ...]
    worker_cores: int | None
    saving_ns: float | None
    savings: FloatArray
    added_ns: float
    advice: str
    evidence: Evidence

    @property
    def count(self) -> int:
        """Ops (or host rows) behind the finding."""
        return len(self.rows)


@dataclass(frozen=True)
class WhatIf:
    """If the first `findings` findings were mended, each to its upper bound: what would be saved, and what is left.

    Per op no more is saved than it takes, so overlapping findings don't count twice. `fps` of the window, and of a
    pass, by what is left of the device that is the busiest then.
    """

    findings: int
    saving_ns: float
    share: float
    left_ns: float
    gap_saving_ns: float
    fps: float | None
    fps_per_pass: float | None


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
class LightSummary:
    """How far the window is from the speed of light.

    `clock_ghz`: the capture's own, None where it has none. `boards`: those whose peaks were taken. `known_share`: part
    of the kernel time whose speed of light is known; `sol`: that part's, weighted by kernel time.
    """

    clock_ghz: float | None
    boards: tuple[str, ...]
    known_share: float | None
    sol: float | None


@dataclass(frozen=True)
class PassSummary:
    """`how`: one, repeated, signposts or replayed. Per pass: ops and FPS (mean). Each pass: kernel time, gaps, FPS, cold."""

    "not."

    how: str
    count: int
    ops_per_pass: float
    fps_per_pass: float | None
    all: tuple[Pass, ...]
    layers: tuple[Layer, ...]
    note: str


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
    light: LightSummary
    pm_generations: tuple[str, ...]
    passes: PassSummary
    device_totals: tuple[DeviceTotal, ...]
    critical_path_ns: float | None
    provenance: Provenance
    warnings: tuple[str, ...]
