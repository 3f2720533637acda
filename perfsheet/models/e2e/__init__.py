"""End-to-end perf files: the small CSV that a model's perf test writes, and the merge of many.

    from perfsheet.models.e2e import write_perf_report
    write_perf_report("vit", 1, 30.51, 16.05, 14.0, 16.5, "base-patch16", inference_time_cpu=0.29)

    result = merge(["perf_vit_base-patch16_2026_11_01.csv"])
    result.rows, result.disagreements, result.refused

Formats: docs/e2e.md. Imports no heavy package.
"""

from perfsheet.models.e2e.merging import Breach, Limits, MergeResult, find_breaches, find_device_breaches, merge
from perfsheet.models.e2e.model import DeviceRow, PerfRow, Refusal
from perfsheet.models.e2e.reading import Disagreement, read_perf_file
from perfsheet.models.e2e.writing import merge_paths, write_merge, write_perf_report

__all__ = [
    "Breach",
    "DeviceRow",
    "Disagreement",
    "Limits",
    "MergeResult",
    "PerfRow",
    "Refusal",
    "find_breaches",
    "find_device_breaches",
    "merge",
    "merge_paths",
    "read_perf_file",
    "write_merge",
    "write_perf_report",
]
