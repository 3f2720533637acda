"""What finding rules can ask for about a window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.elementwise import function
from perfsheet.analysis.ops.signature import Signature, of_variants
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.siblings import Sibling, siblings
from perfsheet.analysis.speed_of_light import SpeedOfLight, speed_of_light
from perfsheet.analysis.window import Window
from perfsheet.analysis.windows.devices import Devices, StepTimes, step_times
from perfsheet.analysis.windows.idle import inference_span_ns
from perfsheet.analysis.windows.passes import Passes, first_of_devices
from perfsheet.analysis.windows.scope import Scope
from perfsheet.analysis.windows.variation import Variation, variation
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, RowKind
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph


@dataclass(frozen=True, eq=False)
class Facts:
    """The ops that the figures are of and what follows from them, each computed on first use.

    `reference`: the ops of another capture, among which siblings are looked for, too. `graph`: the graph report of the
    capture, beside these ops.
    """

    scope: Scope
    reference: Ops | None = None
    graph: Graph | None = None

    @property
    def ops(self) -> Ops:
        """The ops that the figures are of."""
        return self.scope.ops

    @property
    def window(self) -> Window:
        """The rows that the figures are of."""
        return self.scope.window

    @property
    def passes(self) -> Passes:
        """The passes of the selection; their positions are among `scope.every`."""
        return self.scope.passes

    @property
    def devices(self) -> Devices:
        """The devices, and their ops step by step; its indices are into `scope.within`."""
        return self.scope.devices

    @cached_property
    def speed_of_light(self) -> SpeedOfLight:
        """Speed of light of every op."""
        return speed_of_light(self.ops)

    @cached_property
    def found(self) -> dict[str, Any]:
        """What rules have found, by the id of the rule (see `rules.base.hits_of`)."""
        return {}

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """For each of `ops.variants.all` what it computes if it is elementwise: `MUL`; blank for other ops."""
        return tuple(function(variant) for variant in self.ops.variants.all)

    @cached_property
    def chains(self) -> dict[tuple[int, ...], Signature]:
        """The signatures of chains, by the descriptions of their ops (see `rules.chains.chain`)."""
        return {}

    @cached_property
    def flows(self) -> dict[tuple[int, int], bool]:
        """Whether ops of two descriptions may feed one another (see `rules.chains.flows`)."""
        return {}

    @cached_property
    def siblings(self) -> tuple[Sibling | None, ...]:
        """For each of `ops.variants.all` the same op that ran fastest with other settings."""
        trusted = ~self.speed_of_light.contradicted
        if self.reference is None:
            return siblings(self.ops, trusted)
        return siblings(self.ops, trusted, self.reference, ~speed_of_light(self.reference).contradicted)

    @cached_property
    def sibling_ns(self) -> FloatArray:
        """For each op the kernel duration of its fastest sibling, NaN without one."""
        return self.figures([None if sibling is None else sibling.kernel_ns for sibling in self.siblings])

    def sibling_row(self, sibling: Sibling) -> int:
        """The row of a sibling in its capture."""
        source = self.reference if sibling.in_reference else self.ops
        assert source is not None
        return int(source.table.row[source.rows[sibling.position]])

    def inference_ns(self, time_ns: FloatArray) -> float:
        """The time of one inference from a time for each op; ops outside of the passes are left out.

        It is that of the critical path, or with `per_device` of the busiest device. Where ops of a single device
        overlap, what elapses beyond the kernels of each pass comes on top, by the firmware cycles.
        """
        scope, counted = self.scope, self._in_passes(time_ns)
        longest = max((float(counted[here].sum()) for here in self.sequences), default=0.0)
        return (longest + self._beyond_kernels_ns) / scope.counted_passes

    @cached_property
    def _beyond_kernels_ns(self) -> float:
        scope, every = self.scope, self.scope.every
        if self.devices.count != 1 or not self.ops.overlaps.any():
            return 0.0
        runs = [scope.within] if scope.passes.count == 1 or scope.chosen else [r.positions for r in scope.passes.all]
        spans = [inference_span_ns(every, here, self.every_warm[here]) for here in runs]
        return sum(spans) - float(sum(np.nansum(every.exposed_ns[here]) for here in runs))

    @cached_property
    def of_busiest(self) -> BoolArray:
        """Ops of the sequence that sets the pace: the critical path, or with `per_device` the busiest device."""
        counted = self._in_passes(self.ops.counted_ns)
        pace = np.zeros(len(self.ops), dtype=np.bool_)
        pace[max(self.sequences, key=lambda here: float(counted[here].sum()))] = True
        return pace

    def _in_passes(self, time_ns: FloatArray) -> FloatArray:
        """A time for each op, 0 if it is unknown or the op is outside of the passes."""
        scope, counted = self.scope, np.nan_to_num(time_ns)
        if scope.chosen is not None or not scope.passes.outside.size:
            return np.asarray(counted)
        outside = np.zeros(len(scope.every), dtype=np.bool_)
        outside[scope.passes.outside] = True
        return np.where(outside[scope.of], 0.0, counted)

    @cached_property
    def last_pass(self) -> IntArray:
        """Positions of the ops of the pass that the figures are of, or of the last one if they are of all."""
        scope = self.scope
        if scope.chosen is not None or scope.passes.count < 2:
            return np.arange(len(self.ops))
        return np.flatnonzero(np.isin(scope.of, scope.passes.all[-1].positions))

    @cached_property
    def variation(self) -> Variation | None:
        """How the ops of `last_pass` vary between the passes; None without several passes of the same ops."""
        return variation(self.scope.every, self.passes, self.scope.of[self.last_pass])

    @cached_property
    def steps_within(self) -> StepTimes:
        """For each op of `scope.within`, on all devices, the times of its step."""
        return step_times(self.devices, self.scope.every.kernel_ns[self.scope.within])

    @cached_property
    def steps(self) -> StepTimes:
        """For each op the times of its step over the devices."""
        times, at = self.steps_within, self.scope.place_within
        return StepTimes(times.devices[at], times.mean_ns[at], times.shortest_ns[at])

    @cached_property
    def untimed(self) -> IntArray:
        """For each op how many devices lack a usable duration of it: the slowest one may be among them."""
        scope, aligned = self.scope, self.devices
        if scope.every.options.per_device or aligned.count < 2 or not aligned.aligned:
            return np.asarray((~self.ops.timed).astype(np.int64))
        lacking = np.bincount(aligned.step[~scope.every.timed[scope.within]], minlength=int(aligned.step.max()) + 1)
        return np.asarray(lacking[aligned.step[scope.place_within]])

    @cached_property
    def warm(self) -> BoolArray:
        """Ops that did not wait for compiling: replayed ones, and those of a later pass.

        PROGRAM CACHE HIT does not decide: the profiler keeps the flag of the first call of each program hash.
        """
        return np.asarray(self.every_warm[self.scope.of])

    @cached_property
    def every_warm(self) -> BoolArray:
        """The same for every op that was selected."""
        every = self.scope.every
        warm = np.isfinite(every.number("replay_session")) | self.scope.selected.warm
        for model_pass in self.passes.warm:
            warm[model_pass.positions] = True
        return np.asarray(warm)

    @cached_property
    def first_of_passes(self) -> BoolArray:
        """Ops that are the first of a pass on their device, or of the window."""
        every = self.scope.every
        first = np.zeros(len(every), dtype=np.bool_)
        for here in (self.scope.within, *(run.positions for run in self.passes.all)):
            first[first_of_devices(every, here)] = True
        return np.asarray(first[self.scope.of] | (self.previous < 0))

    @cached_property
    def previous(self) -> IntArray:
        """For each op the position of the op before it in its sequence, -1 for the first one."""
        before = np.full(len(self.ops), -1, dtype=np.int64)
        for here in self.sequences:
            before[here[1:]] = here[:-1]
        return before

    @cached_property
    def place(self) -> IntArray:
        """For each op its index in its sequence."""
        places = np.empty(len(self.ops), dtype=np.int64)
        for here in self.sequences:
            places[here] = np.arange(len(here))
        return places

    @cached_property
    def sequences(self) -> tuple[IntArray, ...]:
        """Positions of the ops that ran one after another: those of each device, or of the critical path."""
        return tuple(np.flatnonzero(self.ops.sequence == number) for number in distinct(self.ops.sequence))

    def sequence_of(self, position: int) -> IntArray:
        """The sequence that an op is in."""
        number = self.ops.sequence[position]
        return next(here for here in self.sequences if self.ops.sequence[here[0]] == number)

    @cached_property
    def host_rows(self) -> IntArray:
        """Rows of the table with host ops, from the first device op of the window to the last one."""
        rows = self.window.rows
        kinds = self.ops.table.kind[rows]
        on_device = np.flatnonzero(kinds == RowKind.DEVICE)
        if not on_device.size:
            return np.empty(0, dtype=np.int64)
        inside = np.zeros(len(rows), dtype=np.bool_)
        inside[on_device[0] : on_device[-1]] = True
        return rows[inside & np.isin(kinds, (RowKind.HOST, RowKind.PYTHON_FALLBACK))]

    def in_category(self, *names: str) -> BoolArray:
        """Ops of these categories (analysis/ops/categories.py)."""
        return self.ops.in_category(*names)

    def variant(self, position: int) -> Variant:
        """The description of an op."""
        return self.ops.variants.all[int(self.ops.variants.of[position])]

    def signature(self, position: int) -> Signature:
        """The signature of an op."""
        return of_variants(self.ops)[int(self.ops.variants.of[position])]

    def figures(self, values: Sequence[float | None]) -> FloatArray:
        """Per op, given a figure for each distinct description in `ops.variants.all`; None = unknown, which is NaN."""
        each = [np.nan if value is None else value for value in values]
        return np.array(each, dtype=np.float64)[self.ops.variants.of]

    def of_variants(self, verdicts: list[bool]) -> BoolArray:
        """Per op, given a verdict for each distinct description in `ops.variants.all`."""
        return np.array(verdicts, dtype=np.bool_)[self.ops.variants.of]
