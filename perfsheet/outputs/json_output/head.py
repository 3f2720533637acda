"""What was analysed: `schema_version` and `capture` of every result."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.outputs.json_output.parts import Json, number, percent
from perfsheet.outputs.json_output.windows import passes
from perfsheet.tables.totals import DEVICES

SCHEMA_VERSION = 1


def head(analysis: Analysis) -> Json:
    """The window and its headline figures."""
    summary = analysis.summary
    return {
        "schema_version": SCHEMA_VERSION,
        "capture": {
            "paths": list(summary.paths),
            "schema": summary.schema,
            "arch": summary.arch,
            "board": summary.board,
            "worker_cores": summary.worker_cores,
            "worker_cores_source": "+".join(summary.worker_cores_sources),
            "ref_cores": number(summary.ref_cores) if isinstance(summary.ref_cores, float | int) else summary.ref_cores,
            "low_cores_pct": number(summary.low_cores_pct),
            "batch": number(summary.batch),
            "window": summary.window,
            "devices": list(summary.devices),
            "device_rows": summary.device_rows,
            "timed_rows": summary.timed_rows,
            "host_rows": summary.host_rows,
            "signpost_rows": summary.signpost_rows,
            "dropped_rows": summary.dropped_rows,
            "kernel_duration_ns": number(summary.kernel_ns),
            "fps": {
                "all": summary.fps.all,
                "matmul_conv": summary.fps.matmul_conv,
                "other": summary.fps.other,
            },
            "aiclk_ghz": summary.speed_of_light.clock_ghz,
            "peaks_of": list(summary.speed_of_light.boards),
            "sol_pct": percent(summary.speed_of_light.sol),
            "sol_known_pct": percent(summary.speed_of_light.known_share),
            "pm_generations": list(summary.pm_generations),
            **passes(analysis),
            "device_totals": DEVICES.records(summary.device_totals),
            "critical_path_ns": number(summary.critical_path_ns),
            "replayed": summary.provenance.replayed,
            "verdict": list(summary.verdict),
            "warnings": list(summary.warnings),
        },
    }
