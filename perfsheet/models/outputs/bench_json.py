"""JSON of a bench (docs/json.md): milliseconds, bytes; null is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.models.bench import Bench, Measured
from perfsheet.outputs.json_output.head import SCHEMA_VERSION
from perfsheet.outputs.json_output.parts import Json


def bench(found: Bench, files: Sequence[str]) -> Json:
    """`perfsheet bench --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "what": found.what,
        "iterations": found.iterations,
        "warmup": found.warmup,
        "baseline": dict(found.rows[found.baseline].variant.values),
        "variants": [
            {"parameters": dict(one.variant.values), **figures(found, one), "runs_ms": list(one.runs_ms)}
            for one in found.rows
        ],
        "files": list(files),
    }


def figures(found: Bench, one: Measured) -> Json:
    """The figures of a variant."""
    return {
        "latency_mean_ms": one.mean_ms,
        "latency_std_ms": one.std_ms,
        "latency_min_ms": one.min_ms,
        "latency_median_ms": one.median_ms,
        "latency_max_ms": one.max_ms,
        "runs": len(one.runs_ms),
        "peak_memory_bytes": one.peak_bytes,
        "speed_up": found.speed_up(one),
        "problem": one.problem or None,
    }
