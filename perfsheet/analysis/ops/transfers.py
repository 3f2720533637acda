"""Transfers between host and device, and ops that ran on the host, as far as they are in a capture."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.ops.categories import RESHARD, category
from perfsheet.analysis.window import Window
from perfsheet.capture.table import OpsTable, RowKind
from perfsheet.light_dataclass import dataclass

_TO = re.compile(r"(?i)\bto_?device\b|copy_?host_?to_?device|host_?to_?device|\bfrom_torch\b")
_FROM = re.compile(r"(?i)\bfrom_?device\b|device_?to_?host|\bto_torch\b|^(?:ttnn::|tt::tt_metal::)?cpu$")


@dataclass(frozen=True)
class Transfers:
    """Counts over the rows of a window.

    `to_device` and `from_device` are None if the capture has no host rows at all (its profiler does not record them).
    `fallbacks` are rows of type python_fallback, `host_ops` of type tt_dnn_cpu; `reshards` are device ops.
    """

    to_device: int | None
    from_device: int | None
    fallbacks: int
    host_ops: int
    reshards: int

    @property
    def to_from_device(self) -> int | None:
        """Transfers in both directions."""
        return None if self.to_device is None or self.from_device is None else self.to_device + self.from_device


def transfers(table: OpsTable, window: Window) -> Transfers:
    """Count them over a window."""
    kinds = table.kind[window.rows]
    codes = table.text("op_code").take(window.rows)
    ops = kinds != RowKind.SIGNPOST
    has_host_rows = bool(np.isin(kinds, (RowKind.HOST, RowKind.PYTHON_FALLBACK)).any())
    to_device = int((codes.where(lambda code: bool(_TO.search(code))) & ops).sum())
    from_device = int((codes.where(lambda code: bool(_FROM.search(code))) & ops).sum())
    records_transfers = has_host_rows or bool(to_device or from_device)
    return Transfers(
        to_device if records_transfers else None,
        from_device if records_transfers else None,
        int((kinds == RowKind.PYTHON_FALLBACK).sum()),
        int((kinds == RowKind.HOST).sum()),
        int((codes.where(lambda code: category(code) == RESHARD) & (kinds == RowKind.DEVICE)).sum()),
    )
