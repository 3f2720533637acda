"""Latency and peak memory over a matrix of variants, each measured in a process of its own.

plan = Plan("model.py:infer", "", parse_variants(["precision=fp32,bf16"], []), iterations=100, warmup=10)
bench = run_bench(plan, Watch())
bench.rows[0].mean_ms, bench.rows[0].std_ms, bench.rows[0].peak_bytes
"""

from perfsheet.models.bench.model import Bench, Measurement, Plan, Variant, baseline_index, parse_variants
from perfsheet.models.bench.running import BenchInterruptedError, make_jobs, run_bench

__all__ = [
    "Bench",
    "BenchInterruptedError",
    "Measurement",
    "Plan",
    "Variant",
    "baseline_index",
    "make_jobs",
    "parse_variants",
    "run_bench",
]
