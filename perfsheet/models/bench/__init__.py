"""Latency and memory over a matrix of variants, each measured in a process of its own.

plan = Plan("model.py:infer", "", variants(["precision=fp32,bf16"], []), iterations=100, warmup=10)
found = run_bench(plan, Watch())
found.rows[0].mean_ms, found.rows[0].std_ms, found.rows[0].peak_bytes
"""

from perfsheet.models.bench.matrix import variants
from perfsheet.models.bench.model import Bench, Measured, Plan, Variant
from perfsheet.models.bench.running import BenchInterruptedError, planned, run_bench

__all__ = ["Bench", "BenchInterruptedError", "Measured", "Plan", "Variant", "planned", "run_bench", "variants"]
