"""End-to-end perf files: what a model's own perf test writes, one file a model, and their merge.

    from perfsheet.models.e2e import write_perf_report
    write_perf_report("vit", 1, 30.51, 16.05, 14.0, 16.5, "base-patch16", inference_time_cpu=0.29)

    merged = merge(["perf_vit_base-patch16_2026_11_01.csv"])
    merged.rows, merged.disagreements, merged.refused

Formats: docs/e2e.md. Nothing heavy is imported.
"""

from perfsheet.models.e2e.limits import Breach, Limits, breaches
from perfsheet.models.e2e.merging import Merged, merge
from perfsheet.models.e2e.model import PerfRow, Refused
from perfsheet.models.e2e.reading import read_perf_file
from perfsheet.models.e2e.writing import merge_targets, write_merged, write_perf_report

__all__ = [
    "Breach",
    "Limits",
    "Merged",
    "PerfRow",
    "Refused",
    "breaches",
    "merge",
    "merge_targets",
    "read_perf_file",
    "write_merged",
    "write_perf_report",
]
