"""What was read: records, kernel durations, core counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.grid import IN_WORDS, UNKNOWN
from perfsheet.analysis.ops import LONGEST_PLAUSIBLE_NS, Ops
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.result import Check
from perfsheet.capture.notes import Note, rows


def records(notes: tuple[Note, ...]) -> Iterator[Check]:
    """What the reader met in the files."""
    if not notes:
        yield Check("records", "Records of the file", True, 0, "every record fits the header and was read")
    for note in notes:
        yield Check(note.id, "Records of the file", False, note.count, note.text)


def durations(ops: Ops) -> Iterator[Check]:
    """Kernel durations that are missing, impossible or zero."""
    label, blank = "Kernel durations", np.isnan(ops.raw_kernel_ns)
    yield row_check(
        "blank-duration",
        label,
        blank,
        f"all {rows(len(ops), 'device row')} have one",
        "{rows} without DEVICE KERNEL DURATION [ns]: device data is missing, so they are neither ranked nor summed; "
        "profile again with --op-support-count or --dump-device-data-mid-run",
    )
    yield row_check(
        "implausible-duration",
        label,
        ~blank & ~ops.timed,
        "none is negative or absurdly long",
        f"{{rows}} with a negative duration or one above {LONGEST_PLAUSIBLE_NS:.0e} ns (corrupt markers), left out",
    )
    yield row_check("zero-duration", label, ops.kernel_ns == 0, "none is zero", "{rows} with a duration of 0 ns")


def cores(ops: Ops) -> Iterator[Check]:
    """Worker grids and core counts that are missing or do not fit."""
    sources = ops.grid.sources
    unknown_grid = np.isnan(ops.worker_cores)
    words = " and ".join(IN_WORDS[source] for source in sources if source != UNKNOWN)
    missing = f"{rows(int(unknown_grid.sum()), 'device row')} without a known worker grid: {IN_WORDS[UNKNOWN]}"
    yield Check(
        "worker-grid",
        "Worker grid",
        not unknown_grid.any(),
        int(unknown_grid.sum()),
        f"{missing}; not checked for few cores" if UNKNOWN in sources else f"from {words}",
    )
    yield row_check(
        "no-core-count",
        "Core counts",
        ops.timed & np.isnan(ops.cores),
        "every timed op has one",
        "{rows} with a blank or zero CORE COUNT: no utilization, not checked for few cores",
    )
    yield row_check(
        "cores-above-grid",
        "Core counts",
        ops.cores > ops.worker_cores,
        "none exceeds its worker grid",
        "{rows} with a CORE COUNT above the worker grid",
    )
