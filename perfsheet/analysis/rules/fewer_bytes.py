"""What ops save that read fewer bytes from DRAM."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Hits
from perfsheet.capture.table import FloatArray, IntArray


def hits(facts: Facts, positions: IntArray, gone: FloatArray) -> Hits:
    """These ops without so many of the bytes of each: their part of the time, down to what is left of the bounds.

    `gone` goes with `positions`; the compute bound stays as it is, the DRAM bound shrinks with the bytes.
    """
    light, kernel = facts.speed_of_light, facts.ops.kernel_ns[positions]
    part = gone / light.dram_bytes[positions]
    floor = kernel * np.fmax(light.dram[positions] * (1 - part), np.nan_to_num(light.compute[positions]))
    return Hits(positions, np.minimum(kernel * part, kernel - floor), floor_ns=floor)
