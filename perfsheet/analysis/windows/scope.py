"""What the figures of an analysis are of: by default one warm pass, each op of a mesh on its slowest device."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.window import WHOLE, Window
from perfsheet.analysis.windows.devices import Devices, devices
from perfsheet.analysis.windows.passes import Pass, Passes, one_pass, passes
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import IntArray, RowKind
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Scope:
    """From every device op of a selection to the ops that the figures are of.

    `every`: all device ops of the rows that were selected, with their `passes`. `chosen`: the pass that the figures are
    of, None = all that was selected; `window` has its rows. `within`: positions in `every` of the window's ops on all
    devices, which `devices` aligns. `of`: positions in `every` of the ops that the figures are of, `ops`: those of the
    critical path, or with `Options.per_device` all within the window.
    """

    every: Ops
    selected: Window
    passes: Passes
    chosen: Pass | None
    window: Window
    within: IntArray
    devices: Devices
    of: IntArray
    ops: Ops

    @property
    def counted_passes(self) -> int:
        """How many passes the figures are of."""
        return self.passes.count if self.chosen is None else 1

    @cached_property
    def place_within(self) -> IntArray:
        """For each op of `of` its index in `within`."""
        return np.searchsorted(self.within, self.of)


def scope(every: Ops, selected: Window) -> Scope:
    """Choose the pass that the options ask for, and the critical path over its devices.

    Raises PerfsheetError (exit status 2) for a pass that the selection does not have.
    """
    all_passes = passes(every, selected)
    chosen = _chosen(every, all_passes)
    return _scope(every, selected, all_passes, chosen, every.options.per_device)


def unreduced(narrow: Scope) -> Scope:
    """The same selection with all of its passes, and the ops of every device."""
    return _scope(narrow.every, narrow.selected, narrow.passes, None, per_device=True)


def all_passes(narrow: Scope) -> Scope:
    """The same selection with all of its passes."""
    return _scope(narrow.every, narrow.selected, narrow.passes, None, narrow.every.options.per_device)


def without(whole: Scope, outside: IntArray) -> Scope:
    """A selection of one pass without the ops at these positions of `ops`, on all devices.

    Ops that only some devices run go with the op before them. It is unchanged where devices are not aligned.
    """
    aligned, dropped = whole.devices, np.zeros(len(whole.within), dtype=np.bool_)
    if len(whole.of) == len(whole.within):
        dropped[outside] = True
    elif not aligned.aligned:
        return whole
    else:
        shared = np.bincount(aligned.step)[aligned.step] > 1
        gone = np.isin(whole.within, whole.of[outside])
        dropped = shared & np.isin(aligned.step, aligned.step[gone])
        for device in distinct(whole.every.device[whole.within]).tolist():
            here = np.flatnonzero(whole.every.device[whole.within] == device)
            known = np.flatnonzero(shared[here])
            if known.size:
                before = np.maximum(np.searchsorted(known, np.arange(len(here)), side="right") - 1, 0)
                dropped[here] = dropped[here[known[before]]] | gone[here]
    alone = replace(one_pass(whole.every, whole.within[~dropped]), const_eval=whole.passes.const_eval)
    return _scope(whole.every, whole.selected, alone, alone.all[0], whole.every.options.per_device)


def _scope(every: Ops, selected: Window, all_passes: Passes, chosen: Pass | None, per_device: bool) -> Scope:
    within = np.arange(len(every)) if chosen is None else chosen.positions
    window = selected if chosen is None else _window(every, selected, all_passes, chosen)
    aligned = devices(every, within)
    if per_device or aligned.count < 2:
        return Scope(every, selected, all_passes, chosen, window, within, aligned, within, _take(every, within))
    of = within[aligned.critical]
    ops = every.take(of, sequence=np.zeros(len(of), dtype=np.int64))
    return Scope(every, selected, all_passes, chosen, window, within, aligned, of, ops)


def _take(every: Ops, positions: IntArray) -> Ops:
    return every if len(positions) == len(every) else every.take(positions)


def _chosen(every: Ops, all_passes: Passes) -> Pass | None:
    which = every.options.selection.which_pass
    if which is None:
        return all_passes.typical() if all_passes.count > 1 or all_passes.outside.size else None
    if which == "all":
        return None
    number = 1 if which == "first" else all_passes.count if which == "last" else int(which)
    if number > all_passes.count:
        raise usage(f"`which_pass` {which}: the window has {all_passes.count}", "give a lower number, or last")
    return all_passes.all[number - 1]


def _window(every: Ops, selected: Window, all_passes: Passes, chosen: Pass) -> Window:
    """The rows of a pass: its ops, and the host rows and signposts between them."""
    in_pass = np.isin(selected.rows, every.rows[chosen.positions])
    places = np.flatnonzero(in_pass)
    between = np.zeros(len(selected.rows), dtype=np.bool_)
    if places.size:
        between[places[0] : places[-1] + 1] = True
    keep = in_pass | (between & (every.table.kind[selected.rows] != RowKind.DEVICE))
    label = "" if selected.label == WHOLE else f"{selected.label}, "
    warm = chosen in all_passes.warm or selected.warm
    text = f"{label}pass {chosen.number} of {all_passes.count}"
    return Window(text, selected.rows[keep], one_pass=True, warm=warm, doubt=selected.doubt)
