"""Time of the host beside that of the device, by scope: the window, its passes, its regions, kinds of host ops."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.statistics import ratio
from perfsheet.capture.table import FloatArray, IntArray, OpsTable, RowKind
from perfsheet.light_dataclass import dataclass

_HOST = (RowKind.HOST, RowKind.PYTHON_FALLBACK)


@dataclass(frozen=True)
class HostScope:
    """Device ops and host ops of a scope, and their times in ns; of a kind of host op (`op_code`) no device ops.

    `device_ns` is Σ kernel duration over the scope's rows of all devices. `host_share`: host time / both together.
    """

    scope: str
    window: str
    op_code: str
    device_ops: int
    host_ops: int
    device_ns: float
    host_ns: float | None

    @property
    def total_ns(self) -> float | None:
        """Both together, as if they never ran at the same time; None where the host's time is unknown."""
        return None if self.host_ns is None else self.device_ns + self.host_ns

    @property
    def host_share(self) -> float | None:
        """Host time / both together; None where there is no time."""
        return ratio(self.host_ns or 0.0, self.total_ns) if self.total_ns else None


def host_scopes(analysis: Analysis) -> tuple[HostScope, ...]:
    """The window, each region of it, and each kind of host op, most host time first."""
    return tuple(_scopes(analysis))


def _scopes(analysis: Analysis) -> Iterator[HostScope]:
    table, window = analysis.ops.table, analysis.window
    kernel = np.full(len(table), np.nan)
    every = analysis.facts.scope.every
    kernel[every.rows] = every.kernel_ns
    yield _scope(table, kernel, "window", window.label, window.rows)
    within = np.zeros(len(table), dtype=np.bool_)
    within[window.rows] = True
    selected = analysis.facts.scope.selected.rows
    for region in analysis.signposts.regions:
        inside = selected[region.start : region.end]
        inside = inside[within[inside]]
        if np.isin(table.kind[inside], (RowKind.DEVICE, *_HOST)).any():
            name = f"{region.name}#{region.number}" if region.number > 1 else region.name
            yield _scope(table, kernel, "region", name, inside)
    codes, host = table.text("op_code"), window.rows[np.isin(table.kind[window.rows], _HOST)]
    of_code: dict[str, list[int]] = {}
    for row in host.tolist():
        of_code.setdefault(codes[row], []).append(row)
    found = [_scope(table, kernel, "host op", window.label, np.array(some), code) for code, some in of_code.items()]
    yield from sorted(found, key=lambda one: -(one.host_ns or 0.0))


def _scope(
    table: OpsTable, kernel: FloatArray, scope: str, window: str, rows: IntArray, op_code: str = ""
) -> HostScope:
    """The figures of these rows; HOST DURATIONs that are all unknown add up to nothing known."""
    kinds = table.kind[rows]
    device, host = rows[kinds == RowKind.DEVICE], rows[np.isin(kinds, _HOST)]
    host_ns = table.number("host_duration_ns")[host]
    return HostScope(
        scope,
        window,
        op_code,
        len(device),
        len(host),
        float(np.nansum(kernel[device])),
        float(np.nansum(host_ns)) if np.isfinite(host_ns).any() or not len(host) else None,
    )
