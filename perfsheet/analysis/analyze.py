"""From an ops table to everything that the outputs show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis import findings as finding
from perfsheet.analysis import quality, ranking, totals
from perfsheet.analysis.numbers import known, known_int, known_ints
from perfsheet.analysis.ops import Ops, device_ops
from perfsheet.analysis.options import Options
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.result import (
    CaptureSummary,
    Check,
    Finding,
    OpGroup,
    OpType,
    RankedOp,
    RowRef,
    RuleTotal,
)
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.rules.reshard import back_to_back
from perfsheet.analysis.utilization import not_physical, reason_not_physical
from perfsheet.analysis.windows.window import Window, whole
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray, OpsTable, RowKind
from perfsheet.errors import NoDeviceOpError
from perfsheet.provenance import Provenance

NO_MODEL = "no-model"
NOT_PHYSICAL = "not-physical"
NOISY = "noisy"


def analyze(
    table: OpsTable,
    options: Options | None = None,
    window: Window | None = None,
    provenance: Provenance | None = None,
    repeats: Repeats | None = None,
) -> Analysis:
    """Analyse the device ops of a window (default: the whole capture); `repeats`: what other runs of them took.

    Raises NoDeviceOpError (exit status 3) when the window has no device op.
    """
    window = window or whole(table)
    ops = device_ops(table, window, options or Options())
    if not len(ops):
        raise NoDeviceOpError(
            f"{', '.join(table.files)}: {_what_else(table, window)}", "profile a target that runs ops on a device"
        )
    return Analysis(ops, window, provenance or Provenance(), repeats)


def _what_else(table: OpsTable, window: Window) -> str:
    kinds = table.kind[window.rows]
    counts = [
        rows(int((kinds == kind).sum()), f"{kind.name.lower().replace('_', ' ')} row")
        for kind in RowKind
        if (kinds == kind).any()
    ]
    return f"no device op in the {window.label} ({', '.join(counts) or 'no rows at all'})"


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result: `ops` column by column, the rest computed once when first asked for."""

    ops: Ops
    window: Window
    provenance: Provenance
    repeats: Repeats | None = None

    @cached_property
    def ranking(self) -> ranking.Ranking:
        """All timed ops by kernel duration."""
        return ranking.rank(self.ops)

    @cached_property
    def groups(self) -> list[OpGroup]:
        """Identical ops together, by the sum of their kernel durations."""
        return ranking.group(self.ops, self.ranking)

    @cached_property
    def _hits(self) -> finding.AllHits:
        return finding.hits(self.ops)

    @cached_property
    def _hit_masks(self) -> dict[str, BoolArray]:
        return finding.masks(self.ops, self._hits)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, most kernel time first."""
        return finding.findings(self.ops, self._hits)

    @cached_property
    def rule_totals(self) -> tuple[RuleTotal, ...]:
        """Rows and time that each rule hit."""
        return finding.totals(self.ops, self._hits)

    @cached_property
    def reshard_pairs(self) -> int:
        """Reshards that directly follow another one on their device."""
        return len(back_to_back(self.ops))

    @cached_property
    def op_types(self) -> list[OpType]:
        """Kernel time by op code."""
        return totals.by_op_type(self.ops, self._hit_masks[low_core_count.RULE.id])

    @cached_property
    def categories(self) -> list[OpType]:
        """Kernel time by category."""
        return totals.by_category(self.ops, self._hit_masks[low_core_count.RULE.id])

    @cached_property
    def checks(self) -> list[Check]:
        """The verdict on the capture."""
        repeats = quality.repeats(self.repeats) if self.repeats else ()
        return [*quality.provenance(self.provenance), *repeats, *quality.checks(self.ops)]

    @cached_property
    def flag_masks(self) -> dict[str, BoolArray]:
        """For each flag which ops carry it: every rule's id, no-model, not-physical, and with repeats noisy."""
        ops = self.ops
        return {
            **self._hit_masks,
            NO_MODEL: np.isnan(ops.pm_ideal_ns),
            NOT_PHYSICAL: not_physical(ops.utilization, ops.utilization_grid),
            **({NOISY: self.repeats.noisy} if self.repeats else {}),
        }

    def flags(self, position: int) -> tuple[str, ...]:
        """The flags of one op."""
        return tuple(flag for flag, mask in self.flag_masks.items() if mask[position])

    def row_ref(self, position: int) -> RowRef:
        """Where an op stands in its capture."""
        table, row = self.ops.table, int(self.ops.rows[position])
        device_id, call, session = (
            table.number(name)[row] for name in ("device_id", "global_call_count", "replay_session")
        )
        return RowRef(
            table.files[table.file[row]], int(table.row[row]), known_int(device_id), known_int(call), known_int(session)
        )

    def top(self, count: int | None = None) -> list[RankedOp]:
        """The first `count` ops of the ranking (None = all)."""
        ops, order = self.ops, self.ranking.order[:count]
        return [self._ranked(index, int(position), ops) for index, position in enumerate(order)]

    def _ranked(self, index: int, position: int, ops: Ops) -> RankedOp:
        flags = self.flags(position)
        return RankedOp(
            rank=index + 1,
            position=position,
            row=self.row_ref(position),
            op_code=ops.codes[position],
            device=int(ops.device[position]),
            core_count=known_int(ops.cores[position]),
            worker_cores=known_int(ops.worker_cores[position]),
            kernel_ns=float(ops.kernel_ns[position]),
            share=float(self.ranking.share[index]),
            cumulative=float(self.ranking.cumulative[index]),
            pm_ideal_ns=known(ops.pm_ideal_ns[position]),
            utilization=known(ops.utilization[position]),
            utilization_grid=known(ops.utilization_grid[position]),
            flags=flags,
            not_physical_reason=self._reason(position) if NOT_PHYSICAL in flags else None,
        )

    def _reason(self, position: int) -> str:
        ops, row = self.ops, int(self.ops.rows[position])
        bandwidth, compute = (ops.table.number(name)[row] for name in ("pm_bandwidth_ns", "pm_compute_ns"))
        return reason_not_physical(
            pm_ideal_ns=ops.pm_ideal_ns[position],
            kernel_ns=ops.kernel_ns[position],
            bandwidth_bound=bool(bandwidth >= compute),
            grid_utilization=ops.utilization_grid[position],
        )

    @cached_property
    def summary(self) -> CaptureSummary:
        """What was analysed."""
        ops, table, options = self.ops, self.ops.table, self.ops.options
        kinds = table.kind[self.window.rows]
        arches = sorted({cell.strip() for cell in ops.text("device_arch")} - {""})
        grids = known_ints(ops.worker_cores)
        return CaptureSummary(
            paths=table.files,
            schema=table.schema,
            arch="+".join(arches) or None,
            board=options.board,
            worker_cores=grids[-1] if grids else None,
            worker_grids=grids,
            worker_cores_sources=ops.grid.sources,
            ref_cores=options.ref_cores,
            low_cores_pct=options.low_cores_pct,
            batch=options.batch,
            window=self.window.label,
            devices=tuple(np.unique(ops.device).tolist()),
            device_rows=len(ops),
            timed_rows=int(ops.timed.sum()),
            unchecked_rows=int((ops.timed & np.isnan(ops.cores * ops.worker_cores)).sum()),
            host_rows=int(np.isin(kinds, (RowKind.HOST, RowKind.PYTHON_FALLBACK)).sum()),
            signpost_rows=int((kinds == RowKind.SIGNPOST).sum()),
            dropped_rows=sum(note.dropped for note in table.notes),
            kernel_ns=ops.total_ns,
            modelled_share=known(quality.modelled_share(ops)),
            fps=totals.fps(ops),
            provenance=self.provenance,
            warnings=tuple(check.detail for check in self.checks if not check.ok),
        )
