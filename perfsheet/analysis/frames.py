"""Results as pandas DataFrames, for notebooks; pandas is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.signature import signatures
from perfsheet.analysis.ranking import Ranking
from perfsheet.analysis.results import Finding
from perfsheet.analysis.speed_of_light.profiler_model import corrected_utilization
from perfsheet.capture.table import OpsTable

if TYPE_CHECKING:
    import pandas as pd


def ops_frame(facts: Facts, ranking: Ranking, flags: Sequence[Sequence[str]]) -> pd.DataFrame:
    """One line per device op in execution order, under the names of the JSON contract.

    Times in ns, percentages in percent, NaN = unknown; `rank` is NaN for ops without a kernel duration. `pass` counts
    from 1, NaN = in none. `flags` joins the flags with `, `.
    """
    import pandas as pd

    ops, light, table = facts.ops, facts.light, facts.ops.table
    rank = np.full(len(ops), np.nan)
    rank[ranking.order] = np.arange(1, len(ranking.order) + 1)
    of_pass = np.full(len(ops), np.nan)
    for one in facts.passes.all:
        of_pass[one.positions] = one.number
    frame: pd.DataFrame = pd.DataFrame(
        {
            "file": [table.files[index] for index in table.file[ops.rows]],
            "row": table.row[ops.rows],
            "device_id": ops.device,
            "global_call_count": ops.number("global_call_count"),
            "pass": of_pass,
            "op_code": ops.codes,
            "signature": [found.text for found in signatures(ops, range(len(ops)))],
            "rank": rank,
            "kernel_duration_ns": ops.kernel_ns,
            "share_pct": 100 * ops.kernel_ns / ops.total_ns if ops.total_ns else np.nan,
            "core_count": ops.cores,
            "worker_cores": ops.worker_cores,
            "pm_ideal_ns": ops.pm_ideal_ns,
            "utilization_pct": 100 * ops.utilization,
            "utilization_grid_pct": 100 * ops.utilization_grid,
            "utilization_corrected_pct": 100 * corrected_utilization(ops),
            "flops": light.flops,
            "dram_bytes": light.dram_bytes,
            "compute_pct": 100 * light.compute,
            "compute_used_cores_pct": 100 * light.compute_used_cores,
            "dram_pct": 100 * light.dram,
            "sol_pct": 100 * light.sol,
            "sol_unknown_reason": [light.reason(position) for position in range(len(ops))],
            "bound": [light.bound(position).value for position in range(len(ops))],
            "flags": [", ".join(own) for own in flags],
        }
    )
    return frame


def findings_frame(findings: Sequence[Finding], table: OpsTable) -> pd.DataFrame:
    """One line per finding, largest saving first; NaN = an unknown saving. `rows` are record numbers in their file."""
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "id": finding.id,
                "rule": finding.rule.id,
                "op_code": finding.signature.op_code,
                "signature": finding.signature.text,
                "count": finding.count,
                "kernel_duration_ns": finding.kernel_ns,
                "share_pct": 100 * finding.share,
                "saving_ns": np.nan if finding.saving_ns is None else finding.saving_ns,
                "added_saving_ns": finding.added_ns,
                "part_of": finding.part_of,
                "saving_of": "gaps" if finding.rule.waits else "kernel",
                "rows": table.row[finding.rows].tolist(),
                "advice": finding.advice,
                "caveat": finding.rule.caveat,
                **{f"evidence_{name}": value for name, value in finding.evidence.items()},
            }
            for finding in findings
        ]
    )
    return frame
