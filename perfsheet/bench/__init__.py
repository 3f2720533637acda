"""Latency and memory over a matrix of variants, each measured in a process of its own.

plan = Plan("model.py:infer", (), matrix([("precision", ("fp32", "bf16"))]), iterations=100, warmup=10)
found = run_bench(plan, Watch())
found[0].mean_ms, found[0].std_ms, found[0].peak_bytes
"""

from perfsheet.bench.model import Bench, Measured, Plan, Variant
from perfsheet.bench.running import run_bench

__all__ = ["Bench", "Measured", "Plan", "Variant", "run_bench"]
