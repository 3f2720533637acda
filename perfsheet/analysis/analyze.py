"""`analyze`: from an ops table to an Analysis, which has everything that the outputs show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import findings as of_findings
from perfsheet.analysis import quality, ranking, totals
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.device_ops import Ops, device_ops
from perfsheet.analysis.ops.utilization import not_physical
from perfsheet.analysis.options import Options, Selection
from perfsheet.analysis.ranking import NOT_PHYSICAL, ranked_op
from perfsheet.analysis.results import (
    Cause,
    Check,
    Finding,
    IfFixed,
    OpGroup,
    OpType,
    RankedOp,
    RowRef,
    RuleTotal,
    WhatIf,
)
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.statistics import known_int, known_ints
from perfsheet.analysis.summary import CaptureSummary, summarise
from perfsheet.analysis.window import Window
from perfsheet.analysis.windows.empty import no_device_op
from perfsheet.analysis.windows.scope import Scope, scope, unreduced
from perfsheet.analysis.windows.selection import select
from perfsheet.capture.table import BoolArray, IntArray, OpsTable
from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Provenance

if TYPE_CHECKING:
    import pandas as pd

    from perfsheet.analysis import charts
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.analysis.repeats import Repeats
    from perfsheet.analysis.reshards import Reshards
    from perfsheet.analysis.windows.signposts import Signposts
    from perfsheet.capture.planned import PlanHead
    from perfsheet.graph_report import GraphReport
    from perfsheet.trials.ways import TriedCauses

__all__ = ["NOISY", "NOT_PHYSICAL", "NO_MODEL", "Analysis", "analyze"]

NO_MODEL = "no-model"
NOISY = "noisy"
HIDDEN = "hidden"
"""A longer op of another sub-device or queue runs all the time."""
INVALID = "invalid-duration"
"""The gaps contradict its duration."""


def analyze(
    table: OpsTable,
    options: Options | None = None,
    window: Window | None = None,
    provenance: Provenance | None = None,
    repeats: Repeats | None = None,
    reference: Analysis | None = None,
    graph: GraphReport | None = None,
) -> Analysis:
    """Analyse the device ops of a window (default: what the options select): one warm pass of it, unless
    `which_pass` asks for another one or for all; of a mesh the critical path, unless `per_device` is set.

    `repeats`: what other runs of the same ops took. `reference`: the analysis of another capture, in which the same ops
    may have run faster. `graph`: the graph report of the capture, which tells source lines, memory and accuracy. Raises
    NoDeviceOpError (exit status 3) when the window has no device op, PerfsheetError when the capture has no such window
    (exit status 2), is damaged and the options are strict, or is not of the graph report (3).
    """
    options = options or Options()
    if not isinstance(table, OpsTable):
        raise usage(f"`analyze` takes a table, not {type(table).__name__}", "perfsheet.analyze(perfsheet.read(path))")
    if table.plan is not None and options.board not in (None, table.plan.board):
        raise usage(
            f"a plan is of the board that it was made on ({table.plan.board})", "leave `board` out, or plan anew"
        )
    # A pass is chosen among the device ops, so that it never leaves none.
    selected = window is None and replace(options.selection, which_pass=None) != Selection()
    window = window or select(table, options.selection)
    ops = device_ops(table, window, options)
    if not len(ops):
        raise no_device_op(table, window, selected)
    if table.plan is not None:
        from perfsheet.analysis.speed_of_light.planned import with_least_times

        graph = graph or _report_of(table.plan)
        ops = with_least_times(ops, graph)
    if reference is not None:
        _check_reference(ops, reference.ops)
    scoped = scope(ops, window)
    if table.plan is not None and graph is not None and _are_layers(scoped, table.plan, graph):
        scoped = scope(ops, replace(window, one_pass=True))
    facts = Facts(scoped, None if reference is None else reference.ops)
    analysis = Analysis(facts, provenance or Provenance(), repeats)
    repaired = [check.detail for check in analysis.checks if check.repaired] if options.strict else []
    if repaired:
        more = f" (and {len(repaired) - 1} more)" if len(repaired) > 1 else ""
        raise unusable(f"the capture is damaged: {repaired[0]}{more}", "repair it, or leave `strict` out")
    return analysis if graph is None else analysis.with_graph(graph)


def _report_of(plan: PlanHead) -> GraphReport:
    """The graph report that a plan was made of."""
    from perfsheet.graph_report import read_graph_report

    return read_graph_report(plan.path)


def _are_layers(scoped: Scope, plan: PlanHead, report: GraphReport) -> bool:
    """Whether what looks like passes are layers of one: each reads what the one before it made."""
    from perfsheet.analysis.graph.flow import Flow

    runs = [run.positions.tolist() for run in scoped.passes.all]
    if len(runs) < 2 or scoped.passes.how != "repeated":
        return False
    partner = np.array(plan.of, dtype=np.int64)[scoped.every.rows]
    flow = Flow(report, partner)
    return all(
        any(flow.makers(position) & set(partner[before].tolist()) for position in run) for before, run in pairwise(runs)
    )


def _check_reference(ops: Ops, reference: Ops) -> None:
    """Raises PerfsheetError (exit status 2) when times say nothing: of a plan, or of captures of other worker grids."""
    if ops.planned or reference.planned:
        raise usage("a plan has least times, of which none says that an op can run faster", "leave `reference` out")
    grids = [set(known_ints(one.worker_cores)) for one in (ops, reference)]
    if all(grids) and not grids[0] & grids[1]:
        named = " and ".join("/".join(map(str, sorted(grid))) for grid in grids)
        raise usage(f"the reference is of another board: {named} worker cores", "give a capture of the same board")


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of `analyze`: `facts.ops` column by column; all else is computed once, on first access.

    `tried`: what TTNN says of the causes, once they are tried on a mock board (`perfsheet.trials`).
    """

    facts: Facts
    provenance: Provenance
    repeats: Repeats | None = None
    tried: TriedCauses | None = None

    @property
    def ops(self) -> Ops:
        """The ops that the figures are of, in execution order."""
        return self.facts.ops

    @property
    def window(self) -> Window:
        """The rows that the figures are of."""
        return self.facts.window

    @cached_property
    def every(self) -> Analysis:
        """The analysis of all passes, and of the ops of every device."""
        whole = unreduced(self.facts.scope)
        graph = None if self.graph is None else self.graph.beside(whole.ops)
        return Analysis(Facts(whole, graph=graph), self.provenance)

    def with_graph(self, report: GraphReport) -> Analysis:
        """The same analysis with the graph report of the capture.

        Raises PerfsheetError (exit status 3) when the two don't belong together.
        """
        from perfsheet.analysis.graph.beside import Graph
        from perfsheet.analysis.graph.join import join
        from perfsheet.analysis.graph.sources import Sources

        graph = Graph(join(self.ops.table, report), Sources(report), self.ops)
        return replace(self, facts=replace(self.facts, graph=graph))

    def with_tried(self, tried: TriedCauses) -> Analysis:
        """The same analysis with what TTNN says of its causes."""
        found = copy(self)  # with everything that is computed already
        object.__setattr__(found, "tried", tried)
        return found

    def without_graph(self) -> Analysis:
        """The same analysis from the capture alone; a plan has its report in any case."""
        if self.graph is None or self.plan is not None:
            return self
        return replace(self, facts=replace(self.facts, graph=None))

    @property
    def plan(self) -> PlanHead | None:
        """What was planned, if the ops were placed on a mock board and never ran; times are least times then."""
        return self.ops.table.plan

    @property
    def graph(self) -> Graph | None:
        """The graph report beside the ops: their source, memory and accuracy; None without one."""
        return self.facts.graph

    def __repr__(self) -> str:
        return f"<Analysis of {len(self.ops):,} device ops, {self.ops.total_ns / 1e6:,.3f} ms, {self.window.label}>"

    @cached_property
    def ranking(self) -> ranking.Ranking:
        """All timed ops by kernel duration."""
        return ranking.rank(self.ops)

    @cached_property
    def groups(self) -> list[OpGroup]:
        """Identical ops together, by the sum of their kernel durations."""
        return ranking.group(self.ops, self.ranking)

    @cached_property
    def signposts(self) -> Signposts:
        """The signposts of everything that was selected, and the regions between them."""
        from perfsheet.analysis.windows.signposts import signposts

        return signposts(self.facts.scope.selected, self.facts.scope.every)

    @cached_property
    def _hits(self) -> of_findings.AllHits:
        return of_findings.hits(self.facts)

    @cached_property
    def _hit_masks(self) -> dict[str, BoolArray]:
        return of_findings.masks(self.ops, self._hits)

    @cached_property
    def _unassigned(self) -> tuple[Finding, ...]:
        return of_findings.findings(self.facts, self._hits)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What to fix, largest expected saving first: the findings of one root together."""
        from perfsheet.analysis.causes import causes

        return causes(self.facts, self._unassigned)

    @cached_property
    def without_cause(self) -> tuple[tuple[str, float], ...]:
        """Op codes that no finding is about, with their share of the kernel time, where that is a tenth or more."""
        from perfsheet.analysis.causes import without_cause

        return without_cause(self.facts, self.causes)

    def first_causes(self, count: int | None) -> tuple[Cause, ...]:
        """The first `count` causes that are not minor (of all, if all are minor); None = every cause."""
        main = tuple(cause for cause in self.causes if not cause.is_minor)
        return self.causes if count is None else (main or self.causes)[:count]

    def if_fixed(self, ids: Collection[str]) -> IfFixed:
        """What is left of the kernel time once the causes with these ids (`C1`, …) are fixed.

        Raises PerfsheetError (exit status 2) for an id that no cause has.
        """
        from perfsheet.analysis.fixed import if_fixed

        return if_fixed(self.facts, self.causes, ids)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, largest expected saving first."""
        by_id = {member.id: member for cause in self.causes for member in cause.members}
        return tuple(by_id[finding.id] for finding in self._unassigned)

    @cached_property
    def findings_of(self) -> dict[int, list[str]]:
        """The ids of the findings about each op, by its position; ops without findings are left out."""
        ids: dict[int, list[str]] = {}
        for finding in self.findings:
            for position in finding.positions.tolist():
                ids.setdefault(position, []).append(finding.id)
        return ids

    @cached_property
    def what_if(self) -> tuple[WhatIf, ...]:
        """Kernel time and FPS if the first findings were fixed."""
        return of_findings.what_if(self.facts, self.findings)

    @cached_property
    def rule_totals(self) -> tuple[RuleTotal, ...]:
        """Ops and kernel time behind each rule's findings."""
        return of_findings.totals(self.ops, self._hits)

    @cached_property
    def reshard_pairs(self) -> int:
        """Reshards that directly follow another one on their device."""
        from perfsheet.analysis.rules.reshard import back_to_back

        return len(back_to_back(self.ops))

    @cached_property
    def reshards(self) -> Reshards:
        """The reshards by source and target layout, and their chains."""
        from perfsheet.analysis.reshards import reshards

        return reshards(self.facts)

    @cached_property
    def timeline(self) -> charts.Timeline:
        """Kernel time over the run, by category."""
        from perfsheet.analysis.charts import timeline

        return timeline(self.ops)

    @cached_property
    def pareto(self) -> charts.Pareto:
        """The groups of identical ops with most kernel time."""
        from perfsheet.analysis.charts import pareto

        return pareto(self.ops, self.groups)

    @cached_property
    def roofline(self) -> charts.Roofline:
        """Groups of identical ops under the chip's compute and DRAM roofs."""
        from perfsheet.analysis.charts import roofline

        return roofline(self.facts, self.groups)

    @cached_property
    def core_use(self) -> charts.CoreUse:
        """Groups of identical ops by core count."""
        from perfsheet.analysis.charts import core_use

        return core_use(self.ops, self.groups)

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
        """The data-quality checks of the capture."""
        repeats = quality.repeats(self.repeats) if self.repeats else ()
        return [*quality.provenance(self.provenance), *repeats, *quality.checks(self.facts)]

    @cached_property
    def verdict(self) -> list[Check]:
        """The checks and the row counts, failed checks first."""
        return sorted([*self.checks, *quality.counts(self.summary)], key=lambda check: check.ok)

    @cached_property
    def flag_masks(self) -> dict[str, BoolArray]:
        """A mask of ops per flag: each rule's id, no-model, not-physical, and with repeats noisy."""
        ops = self.ops
        return {
            **self._hit_masks,
            NO_MODEL: np.isnan(ops.pm_ideal_ns) & (not ops.planned),
            **({HIDDEN: ops.hidden} if ops.overlaps.any() else {}),
            **({INVALID: ops.invalid} if ops.invalid.any() else {}),
            NOT_PHYSICAL: not_physical(ops.utilization, ops.utilization_grid),
            **({NOISY: self.repeats.noisy} if self.repeats else {}),
        }

    def flags(self, position: int) -> tuple[str, ...]:
        """The flags of one op."""
        return tuple(flag for flag, mask in self.flag_masks.items() if mask[position])

    def row_ref(self, position: int) -> RowRef:
        """The row of an op in its capture."""
        return self.table_ref(int(self.ops.rows[position]), int(self.facts.scope.of[position]))

    def table_ref(self, row: int, position: int | None = None) -> RowRef:
        """The row of the capture behind a row of the table; `position`: that of its op in `every.ops`, if it is one."""
        return self._refs(np.array([row]), [position])[0]

    def table_refs(self, rows: IntArray) -> list[RowRef]:
        """The rows of the capture behind rows of the table."""
        return self._refs(rows, [None] * len(rows))

    def row_refs(self, positions: Iterable[int]) -> list[RowRef]:
        """The rows of several ops."""
        places = np.fromiter(positions, np.int64)
        return self._refs(self.ops.rows[places], self.facts.scope.of[places].tolist())

    def _refs(self, rows: IntArray, positions: Sequence[int | None]) -> list[RowRef]:
        table = self.ops.table
        files, several = table.files, len(table.files) > 1
        columns = (
            map(known_int, table.number(name)[rows].tolist())
            for name in ("device_id", "global_call_count", "replay_session")
        )
        places = (table.file[rows].tolist(), table.row[rows].tolist())
        return [
            RowRef(files[file], row, device_id, call, session, position, several)
            for file, row, device_id, call, session, position in zip(*places, *columns, positions, strict=True)
        ]

    def top(self, count: int | None = None) -> list[RankedOp]:
        """The first `count` ops of the ranking (None = all)."""
        order = self.ranking.order[:count].tolist()
        return [
            ranked_op(self.facts, self.ranking, index, self.row_ref(position), self.flags(position))
            for index, position in enumerate(order)
        ]

    def ops_frame(self) -> pd.DataFrame:
        """Every device op in execution order, a column for each of table `ops` (docs/columns.md); NaN = unknown."""
        from perfsheet.tables.frames import ops_frame

        return ops_frame(self)

    def findings_frame(self) -> pd.DataFrame:
        """Every finding, largest saving first, a column for each of table `findings` (docs/columns.md)."""
        from perfsheet.tables.frames import findings_frame

        return findings_frame(self)

    def frame(self, table: str) -> pd.DataFrame:
        """A table as a data frame, with the columns of docs/columns.md; NaN = unknown, times in ns, shares in %.

        `table`: `ops`, `findings`, `causes`, `groups`, `layers`, `matmul-geometry`, `attention`, `norms`,
        `collectives` or `host-fallback`. Raises PerfsheetError (exit status 2) for another name.
        """
        from perfsheet.tables.frames import frame

        return frame(self, table)

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, and the first causes."""
        from perfsheet.tables.notebook import analysis_html

        return analysis_html(self)

    @cached_property
    def summary(self) -> CaptureSummary:
        """What was analysed."""
        return summarise(self.facts, self.checks, self.provenance)
