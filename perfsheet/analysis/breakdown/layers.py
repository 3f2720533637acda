"""Layer classes: for each kind of layer, and each device, where its time goes; one real layer, and Σ count × layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.statistics import ratio
from perfsheet.analysis.time_split import COLLECTIVES, COMPUTE, MOVEMENT, group_of
from perfsheet.analysis.windows.idle import LONG_WAIT_NS, idle_before
from perfsheet.analysis.windows.layers import layers
from perfsheet.analysis.windows.scope import Scope
from perfsheet.analysis.windows.signposts import places_in
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

OUTSIDE, EVERYTHING = "outside", "all ops"
_NAMED = 3
_FEW = 2


@dataclass(frozen=True)
class Split:
    """Where time goes, in ns: kernels that compute (and unnamed ones), that communicate, that move data; no kernel."""

    compute_ns: float
    communication_ns: float
    memory_ns: float
    idle_ns: float

    @property
    def total_ns(self) -> float:
        """All of it."""
        return self.compute_ns + self.communication_ns + self.memory_ns + self.idle_ns


@dataclass(frozen=True)
class DeviceSplit:
    """A class of layers on one device: `layer` is that of its layer of median time, `all` that of all its layers."""

    device: int
    layer: Split
    all: Split


@dataclass(frozen=True, eq=False)
class LayerClass:
    """Layers of one kind: the same ops in the same order, or regions of one name.

    `id` is `L1`, `L2`, …, `outside` for the ops in none, or `all ops` where there is no layer. `ops`: of one layer, on
    the device with most; `first`: the position of the first op of the layer of median time. `share`: fraction of the
    time of the window, over all devices.
    """

    id: str
    name: str
    count: int
    ops: int
    first: int
    devices: tuple[DeviceSplit, ...]
    share: float

    def of_devices(self, value: str) -> list[float]:
        """A part of the time of one layer (`compute_ns`, …) on each device."""
        return [float(getattr(one.layer, value)) for one in self.devices]


def layer_classes(analysis: Analysis, by_regions: bool | None = None) -> tuple[LayerClass, ...]:
    """The classes of layers of the window, most time first, and what is in none of them.

    `by_regions`: regions between signposts, by their names; False: pieces of a pass that repeat; None: regions if the
    window has several. Of a mesh every device has its own times; where devices cannot be aligned, no piece repeats on
    all of them.
    """
    facts = analysis.facts
    names, instances = _regions(analysis) if by_regions is not False else ([], [])
    if not by_regions and sum(map(len, instances)) < _FEW:
        names, instances = _repeated(facts)
    times = _times(facts)
    classes, taken = [], np.zeros(len(times.step), dtype=np.bool_)
    for name, steps in zip(names, instances, strict=True):
        instance = _instances(times.step, steps)
        taken |= instance >= 0
        classes.append(_class(facts, name, instance, len(steps), times))
    if not taken.all():
        classes.append(_class(facts, OUTSIDE, np.where(taken, -1, 0), 1, times))
    whole = sum(one.all.total_ns for found in classes for one in found.devices)
    ranked = sorted(classes, key=lambda found: (found.name == OUTSIDE, -_time(found)))
    return tuple(_numbered(ranked, whole))


def _numbered(ranked: Sequence[LayerClass], whole: float) -> Iterator[LayerClass]:
    for number, found in enumerate(ranked, 1):
        name = OUTSIDE if found.name == OUTSIDE else f"L{number}"
        if name == OUTSIDE and len(ranked) == 1:
            name = EVERYTHING
        share = ratio(_time(found), whole)
        title = name if found.name == OUTSIDE else found.name
        yield LayerClass(name, title, found.count, found.ops, found.first, found.devices, share)


def _time(found: LayerClass) -> float:
    return sum(one.all.total_ns for one in found.devices)


@dataclass(frozen=True, eq=False)
class _Times:
    """For each op of the window on all devices its step, device, the group of its time, kernel time, idle before it,
    and whether it waited for compiling, which is left out of that."""

    step: IntArray
    device: IntArray
    part: IntArray
    ns: FloatArray
    idle: FloatArray
    compiled: BoolArray


def _times(facts: Facts) -> _Times:
    scope = facts.scope
    every, within = scope.every, scope.within
    step = _keys(scope)
    idle = np.nan_to_num(idle_before(every, within))
    compiled = (idle >= LONG_WAIT_NS) & ~facts.every_warm[within]
    idle[compiled] = 0.0
    part = np.zeros(len(every), dtype=np.int64)
    for name, rows in every.codes.mapped(group_of).places():
        part[rows] = _PART.get(name, 0)
    busy = np.nan_to_num(every.exposed_ns[within])
    return _Times(step, every.device[within].astype(np.int64), part[within], busy, idle, compiled)


def _keys(scope: Scope) -> IntArray:
    """For each op of all devices its step; one that no other device runs has a number of its own."""
    every = np.arange(len(scope.within))
    if scope.devices.count < 2:
        return every
    step = scope.devices.step
    return np.asarray(np.where(step >= 0, step, int(step.max(initial=-1)) + 1 + every))


_PART = {COMPUTE: 0, COLLECTIVES: 1, MOVEMENT: 2}


def _instances(step: IntArray, steps: Sequence[IntArray]) -> IntArray:
    """For each op the number of the layer, among these lists of steps, that it is in; -1 = in none."""
    of_step = np.full(int(step.max(initial=-1)) + 1, -1, dtype=np.int64)
    for number, some in enumerate(steps):
        of_step[some[some >= 0]] = number
    return np.asarray(of_step[step])


def _class(facts: Facts, name: str, instance: IntArray, count: int, times: _Times) -> LayerClass:
    devices, first, most = [], -1, 0
    inside = np.flatnonzero(instance >= 0)
    for number in distinct(times.device[inside]).tolist():
        own = inside[times.device[inside] == number]
        at = instance[own]
        parts = np.bincount(at * 3 + times.part[own], times.ns[own], minlength=3 * count).reshape(count, 3)
        idle = np.bincount(at, times.idle[own], minlength=count)
        # A layer without waits that are left out is complete, so one of these is shown if there are any.
        gone = np.bincount(at, times.compiled[own], minlength=count)
        order = np.lexsort((parts.sum(axis=1) + idle, gone))
        median = int(order[(int((gone == gone.min()).sum()) - 1) // 2])
        if first < 0 and (at == median).any():
            first = int(facts.scope.within[own[at == median][0]])
        most = max(most, int(np.bincount(at).max()))
        devices.append(
            DeviceSplit(int(number), _split(parts[median], idle[median]), _split(parts.sum(axis=0), idle.sum()))
        )
    return LayerClass("", name, count, most, first, tuple(devices), 0.0)


def _split(parts: FloatArray, idle: float) -> Split:
    compute, communication, memory = parts.tolist()
    return Split(compute, communication, memory, float(idle))


def _repeated(facts: Facts) -> tuple[list[str], list[list[IntArray]]]:
    """The pieces of a pass that repeat, each as its steps; every pass of the window has them."""
    scope = facts.scope
    one = _of_first_device(facts, facts.last_pass)
    every = [one]
    if scope.chosen is None and scope.passes.count > 1:
        every = [
            _of_first_device(facts, np.flatnonzero(np.isin(scope.of, each.positions))) for each in scope.passes.all
        ]
    found = [scope.place_within[here] for here in every if len(here) == len(one)]
    steps = [scope.devices.step[places] if scope.devices.count > 1 else places for places in found]
    at = {int(position): index for index, position in enumerate(one.tolist())}
    names, instances = [], []
    for layer in layers(facts.ops, facts.last_pass):
        start, period = at[layer.first], len(layer.codes)
        codes = [short_code(code) for code in layer.codes]
        more = f" → … ({len(codes)} ops)" if len(codes) > _NAMED else ""
        names.append(" → ".join(codes[:_NAMED]) + more)
        begins = range(start, start + layer.count * period, period)
        instances.append([of_pass[begin : begin + period] for of_pass in steps for begin in begins])
    return names, instances


def _of_first_device(facts: Facts, positions: IntArray) -> IntArray:
    """Those of the ops that are of the first device that has any; on the critical path all of them."""
    sequence = facts.ops.sequence[positions]
    return positions[sequence == sequence.min()] if len(positions) else positions


def _regions(analysis: Analysis) -> tuple[list[str], list[list[IntArray]]]:
    """Regions of one name, each as the steps of the ops between its rows: outermost ones, or those in a single one."""
    regions = [region for region in analysis.signposts.regions if region.ops]
    outer = [region for region in regions if region.depth == 0]
    inner = [region for region in regions if region.depth == 1]
    shown = inner if len(outer) == 1 and inner else outer
    facts = analysis.facts
    scope = facts.scope
    places = places_in(scope.selected, scope.every)[scope.within]
    steps = _keys(scope)
    found: dict[str, list[IntArray]] = {}
    for region in shown:
        inside = steps[region.has(places)]
        if len(inside):
            found.setdefault(region.name, []).append(inside)
    return list(found), list(found.values())
