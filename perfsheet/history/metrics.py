"""What can be followed over runs: totals of table `runs`, and measurements of benchmark records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from perfsheet.capture.table import FloatArray
from perfsheet.errors import usage
from perfsheet.history.engines import Engine
from perfsheet.history.series import Series
from perfsheet.light_dataclass import dataclass
from perfsheet.tables import kinds


@dataclass(frozen=True)
class Metric:
    """A figure of every run: its name on the command line, its title, its kind; `column` of table `runs`.

    `higher_is_better`: whether a rise is a gain. A measurement of benchmark records has no column.
    """

    name: str
    title: str
    kind: kinds.Kind
    column: str = ""
    higher_is_better: bool = False


_RATES = ("fps", "/s", "per_s", "throughput", "tokens", "accuracy", "correlation", "pcc")
_PERCENT = kinds.Kind("percent", lambda value: f"{value:.1f} %", kinds.number, "decimal", unit="%")
"""In percent already, as the store has it."""
METRICS = (
    Metric("kernel", "Kernel time", kinds.NS, "kernel_duration_ns"),
    Metric("elapsed", "Elapsed device time", kinds.NS, "elapsed_ns"),
    Metric("idle", "Idle time", kinds.NS, "idle_ns"),
    Metric("collectives", "Collectives", kinds.NS, "collective_ns"),
    Metric("fps", "FPS", kinds.RATE, "fps", higher_is_better=True),
    Metric("speed-of-light", "Speed of light", _PERCENT, "sol_pct", higher_is_better=True),
    Metric("low-core-time", "Time on few cores", kinds.NS, "low_core_ns"),
    Metric("reshards", "Reshards", kinds.COUNT, "reshards"),
    Metric("reshard-time", "Reshard time", kinds.NS, "reshard_ns"),
    Metric("host-ops", "Host ops", kinds.COUNT, "host_ops"),
    Metric("ops", "Device ops", kinds.COUNT, "ops"),
    Metric("expected-saving", "Expected saving", kinds.NS, "expected_saving_ns"),
    Metric("pcc", "PCC", kinds.PCC, "pcc", higher_is_better=True),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def metric_of(name: str, measured: Sequence[str] = ()) -> Metric:
    """A metric by its name, or a measurement of benchmark records. Raises PerfsheetError (exit status 2)."""
    if name in BY_NAME:
        return BY_NAME[name]
    if name in measured:
        return Metric(name, name, kinds.DECIMAL, higher_is_better=any(part in name for part in _RATES))
    known = ", ".join(BY_NAME)
    more = f"; measured in records: {', '.join(measured[:20])}" if measured else ""
    raise usage(f"--metric {name} is unknown", f"give one of {known}{more}")


MEASUREMENTS_OF = """
SELECT m.run_id, m.step, m.name, m.value
FROM measurements m JOIN runs r ON m.run_id = r.run_id
WHERE m.value IS NOT NULL
ORDER BY m.run_id, m.step, m.name, m.value
"""


def measured_names(engine: Engine) -> list[str]:
    """The measurements of the chosen runs: `name`, and `step.name` where several steps have it."""
    rows = engine.query("SELECT DISTINCT m.step, m.name FROM measurements m JOIN runs r ON m.run_id = r.run_id")
    pairs = sorted(zip(rows["step"].to_pylist(), rows["name"].to_pylist(), strict=True))
    names = [name for _, name in pairs]
    return [f"{step}.{name}" if names.count(name) > 1 and step else name for step, name in pairs]


def values_of(metric: Metric, series: Series, measurements: pa.Table | None) -> FloatArray:
    """The metric of every run of a series; NaN = unknown."""
    if metric.column:
        return series.values(metric.column)
    assert measurements is not None
    columns = (measurements[name].to_pylist() for name in ("run_id", "step", "name", "value"))
    by_run = {
        run_id: value
        for run_id, step, name, value in zip(*columns, strict=True)
        if metric.name in (name, f"{step}.{name}")
    }
    return np.array([by_run.get(run_id, np.nan) for run_id in series.places], dtype=np.float64)
