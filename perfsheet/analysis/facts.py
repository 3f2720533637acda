"""What finding rules can ask for about a window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import Signature, of_variants
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light import SpeedOfLight, speed_of_light
from perfsheet.analysis.window import Window
from perfsheet.analysis.windows.devices import Devices, devices
from perfsheet.analysis.windows.passes import Passes, Variation, passes, variation
from perfsheet.capture.table import BoolArray, IntArray, RowKind


@dataclass(frozen=True, eq=False)
class Facts:
    """The ops of a window and what follows from them, each computed on first use."""

    ops: Ops
    window: Window

    @cached_property
    def speed_of_light(self) -> SpeedOfLight:
        """Speed of light of every op."""
        return speed_of_light(self.ops)

    @cached_property
    def passes(self) -> Passes:
        """The passes of the window."""
        return passes(self.ops, self.window)

    @cached_property
    def variation(self) -> Variation | None:
        """How ops vary between the passes; None without several passes of the same ops."""
        return variation(self.ops, self.passes)

    @cached_property
    def devices(self) -> Devices:
        """The devices, and their ops step by step."""
        return devices(self.ops)

    @cached_property
    def warm(self) -> BoolArray:
        """Ops that did not wait for compiling: replayed ones, and those of a later pass.

        PROGRAM CACHE HIT does not decide: the profiler keeps the flag of the first call of each program hash.
        """
        return np.asarray(np.isfinite(self.ops.number("replay_session")) | self.later)

    @cached_property
    def later(self) -> BoolArray:
        """Ops of a pass that is not the capture's first one."""
        later = np.full(len(self.ops), self.window.warm)
        for model_pass in self.passes.all[1:]:
            later[model_pass.positions] = True
        return later

    @cached_property
    def previous(self) -> IntArray:
        """For each op the position of the op that its device ran before it, -1 for the first one."""
        before = np.full(len(self.ops), -1, dtype=np.int64)
        for here in self.by_device:
            before[here[1:]] = here[:-1]
        return before

    @cached_property
    def place(self) -> IntArray:
        """For each op its index among the ops of its device."""
        places = np.empty(len(self.ops), dtype=np.int64)
        for here in self.by_device:
            places[here] = np.arange(len(here))
        return places

    @cached_property
    def by_device(self) -> tuple[IntArray, ...]:
        """Positions of the ops of each device, in execution order."""
        return tuple(np.flatnonzero(self.ops.device == device) for device in np.unique(self.ops.device))

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

    def of_variants(self, verdicts: list[bool]) -> BoolArray:
        """Per op, given a verdict for each distinct description in `ops.variants.all`."""
        return np.array(verdicts, dtype=np.bool_)[self.ops.variants.of]
