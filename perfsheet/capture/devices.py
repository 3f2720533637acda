"""Device ids that are unique over all hosts of a capture: several files, or one file with a HOST ID column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from perfsheet.capture.arrays import distinct
from perfsheet.capture.build import FileColumns
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, RowKind

_LARGEST_ID = 1_000_000


def unique_devices(
    parts: Sequence[FileColumns], kinds: Sequence[npt.NDArray[np.int8]], notes: list[Note]
) -> list[IntArray]:
    """Device ids of each file, raised where two files or hosts use the same ids; -1 on rows without a device."""
    unique: list[IntArray] = []
    taken: set[int] = set()
    for part, kind in zip(parts, kinds, strict=True):
        on_device = kind == RowKind.DEVICE
        # Files before generation S2 have one device and no DEVICE ID column.
        device = np.where(on_device, np.nan_to_num(_device_ids(part, on_device, notes), nan=0.0), -1).astype(np.int64)
        from_others, shift = bool(taken), 0
        for of_host in _hosts(part, on_device, notes):
            own = set(distinct(device[of_host]).tolist())
            if own & taken:
                shift = max(taken) + 1
                device = np.where(of_host, device + shift, device)
                own = {number + shift for number in own}
            taken |= own
        if from_others and shift:
            text = f"{part.label} is from another host: its device ids are raised by {shift}"
            notes.append(Note("devices-shifted", text, 0))
        unique.append(device)
    return unique


def _device_ids(part: FileColumns, on_device: BoolArray, notes: list[Note]) -> FloatArray:
    ids = _valid(part.numbers.get("device_id", np.full(len(part.row), np.nan)))
    without = int(np.count_nonzero(on_device & np.isnan(ids)))
    if without and "device_id" in part.headers:
        text = f"{part.label}: {rows(without, 'device row')} without a valid DEVICE ID, read as device 0"
        notes.append(Note("blank-device-id", text, without))
    return ids


def _hosts(part: FileColumns, on_device: BoolArray, notes: list[Note]) -> Iterator[BoolArray]:
    """The device rows of each host, lowest HOST ID first; rows without one are a host of their own, and come last."""
    ids = _valid(part.numbers.get("host_id", np.full(len(part.row), np.nan)))
    known = distinct(ids[on_device & np.isfinite(ids)])
    blank = on_device & np.isnan(ids)
    yield from (on_device & (ids == host) for host in known)
    if not blank.any():
        return
    if known.size:
        count = int(np.count_nonzero(blank))
        text = f"{part.label}: {rows(count, 'device row')} without a valid HOST ID, read as those of one more host"
        notes.append(Note("blank-host-id", text, count))
    yield blank


def _valid(ids: FloatArray) -> FloatArray:
    return np.where((ids >= 0) & (ids <= _LARGEST_ID) & (ids == np.round(ids)), ids, np.nan)
