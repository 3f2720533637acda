"""The least time of planned ops: what their math and their DRAM bytes take on the cores that TTNN placed them on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.variants import TensorSet, Variant
from perfsheet.analysis.speed_of_light.bounds import amounts, flops_of, working_cores
from perfsheet.analysis.speed_of_light.flops import NO_FLOP_MODEL, Work
from perfsheet.analysis.speed_of_light.peaks import passes_of, peaks
from perfsheet.analysis.speed_of_light.traffic import dram_bytes
from perfsheet.capture.table import FloatArray
from perfsheet.graph_report.model import GraphReport


def with_least_times(ops: Ops, report: GraphReport) -> Ops:
    """The same ops with their least time in the place of a kernel duration, NaN = unknown.

    `report`: that of the plan.
    """
    return replace(ops, kernel_ns=least_ns(ops, report))


def least_ns(ops: Ops, report: GraphReport) -> FloatArray:
    """The longer of FLOPs / peak of the op's cores and DRAM bytes / peak bandwidth, in whole ns (rounded up).

    L1 bandwidth is not modelled: an op without math and without bytes in DRAM has no known least time.
    """
    chip, of = peaks(ops), ops.variants.of
    work = [flops_of(variant) for variant in ops.variants.all]
    does_math = np.array([item is not NO_FLOP_MODEL for item in work], dtype=np.bool_)[of]
    moved = _bytes(ops, report)
    with np.errstate(divide="ignore", invalid="ignore"):
        compute = (
            amounts(work)[of] * passes_of(ops) / chip.core_flops_per_ns / working_cores(ops, chip, np.zeros(len(ops)))
        )
        dram = np.where(moved > 0, moved / chip.dram_bytes_per_ns, np.nan)
        unknown = does_math & (np.isnan(compute) | np.isnan(moved))
        return np.ceil(np.where(unknown, np.nan, np.fmax(compute, dram)))


def _bytes(ops: Ops, report: GraphReport) -> FloatArray:
    """The DRAM bytes of each op, NaN = unknown: a tensor that is several of its inputs is read once."""
    assert ops.table.plan is not None
    of_variant = ops.variants.of.tolist()
    partner = np.array(ops.table.plan.of, dtype=np.int64)[ops.rows].tolist()
    known: dict[tuple[int, tuple[int, ...]], Work] = {}
    found = []
    for variant, index in zip(of_variant, partner, strict=True):
        inputs = report.device_ops[index].inputs if 0 <= index < len(report.device_ops) else ()
        key = variant, tuple(place for place, tensor in enumerate(inputs) if tensor not in inputs[:place])
        if key not in known:
            known[key] = dram_bytes(_reading(ops.variants.all[variant], key[1], len(inputs)))
        found.append(known[key])
    return amounts(found)


def _reading(variant: Variant, places: tuple[int, ...], count: int) -> Variant:
    """The op as if it had only the inputs at these places of `count`."""
    if len(places) == count:
        return variant
    cells = variant.tensors.input_cells
    tensors = TensorSet(tuple(cells[place] for place in places if place < len(cells)), variant.tensors.output_cells)
    return replace(variant, tensors=tensors)
