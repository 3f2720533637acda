"""Latency and memory over a matrix of variants, or over runtimes of different kinds.

plan = plan_of_variants(Runtime(function="model.py:infer"), parse_variants(["precision=fp32,bf16"], []))
bench = run_bench(plan, Watch())
bench.rows[0].mean_ms, bench.rows[0].std_ms, bench.rows[0].peak_bytes
"""

from perfsheet.models.bench.model import (
    Bench,
    Entry,
    Group,
    Measurement,
    Plan,
    Printed,
    Runtime,
    Variant,
    baseline_index,
    parse_variants,
    plan_of_variants,
)
from perfsheet.models.bench.reading import read_bench
from perfsheet.models.bench.running import BenchInterruptedError, check_plan, run_bench

__all__ = [
    "Bench",
    "BenchInterruptedError",
    "Entry",
    "Group",
    "Measurement",
    "Plan",
    "Printed",
    "Runtime",
    "Variant",
    "baseline_index",
    "check_plan",
    "parse_variants",
    "plan_of_variants",
    "read_bench",
    "run_bench",
]
