"""Layers: pieces that repeat in a row inside one pass."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.statistics import ratio
from perfsheet.analysis.windows.periods import tandems
from perfsheet.capture.table import IntArray
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Layer:
    """A piece of a pass that repeats `count` times: the op codes of one repetition, and `kernel_ns` of all of them.

    `first` is the position of the first op, `share` the fraction of the pass's kernel time on that device.
    """

    first: int
    codes: tuple[str, ...]
    count: int
    kernel_ns: float
    share: float


_LAYERS = 8


def layers(ops: Ops, here: IntArray) -> tuple[Layer, ...]:
    """The repeated pieces of a pass, whose ops are at these positions, on its first device, most kernel time first."""
    if not len(here):
        return ()
    here = here[ops.sequence[here] == ops.sequence[here].min()]
    total = float(np.nansum(ops.kernel_ns[here]))
    codes = ops.codes.codes[here]
    pieces = [
        Layer(
            first=int(here[piece.start]),
            codes=tuple(ops.codes[position] for position in here[piece.start : piece.start + piece.period].tolist()),
            count=piece.count,
            kernel_ns=time,
            share=ratio(time, total),
        )
        for piece in tandems(numbers(ops)[here], codes)
        for time in [float(np.nansum(ops.kernel_ns[here[piece.start : piece.start + piece.length]]))]
    ]
    return tuple(sorted(pieces, key=lambda layer: -layer.kernel_ns)[:_LAYERS])
