"""The JSON contract (docs/json.md). Percentages are numbers in percent, null is unknown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from perfsheet.analysis import Analysis
from perfsheet.analysis.cases import Case
from perfsheet.analysis.numbers import known
from perfsheet.analysis.result import Finding, OpGroup, RankedOp
from perfsheet.doctor.model import Diagnosis
from perfsheet.render import words
from perfsheet.render.jsonout.parts import Json, number, percent, row, rows
from perfsheet.render.jsonout.runs import repeats, run
from perfsheet.render.jsonout.windows import passes
from perfsheet.render.jsonout.windows import signposts as signposts_of

__all__ = [
    "SCHEMA_VERSION",
    "case_records",
    "cases",
    "doctor",
    "dumps",
    "hotspots",
    "op_groups",
    "report",
    "run",
    "signposts",
    "top_ops",
]

SCHEMA_VERSION = 1


def top_ops(analysis: Analysis, count: int | None) -> Json:
    """`perfsheet top-ops --json`: the first `count` ops (None = all); shares are of the whole window."""
    return {**_head(analysis), "ops": [_op(op) for op in analysis.top(count)]}


def op_groups(analysis: Analysis, count: int | None) -> Json:
    """`perfsheet top-ops --group --json`: identical ops together, beside the ranking of single ops."""
    return {**top_ops(analysis, count), "groups": [_group(analysis, group) for group in analysis.groups[:count]]}


def hotspots(analysis: Analysis, count: int | None) -> Json:
    """`perfsheet hotspots --json`: totals of every rule before the cut, and the first `count` findings (None = all)."""
    return {**_head(analysis), **_hotspots(analysis, count)}


def report(analysis: Analysis, workbook: str) -> Json:
    """`perfsheet report --json`: everything, and where the workbook is."""
    return {
        **_head(analysis),
        "workbook": workbook,
        **({"run": run(analysis.provenance, analysis.summary)} if analysis.provenance.record else {}),
        **({"repeats": repeats(analysis, analysis.repeats)} if analysis.repeats else {}),
        "ops": [_op(op) for op in analysis.top()],
        **_hotspots(analysis, None),
    }


def cases(found: Sequence[Case], workbook: str) -> Json:
    """`perfsheet run --split-cases --json`: one entry per case, and where the workbook is."""
    return {"schema_version": SCHEMA_VERSION, "workbook": workbook, "cases": [_case(case) for case in found]}


def case_records(found: Sequence[Case]) -> Json:
    """The run.json of cases: how each of them was run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "cases": [
            {
                **{key: value for key, value in _case(case).items() if key != "report"},
                "run": run(case.analysis.provenance, case.analysis.summary) if case.analysis else None,
            }
            for case in found
        ],
    }


def doctor(findings: Sequence[Diagnosis]) -> Json:
    """`perfsheet doctor --json`: `ok` is null where it could not be told, or does not matter."""
    ok = not any(finding.ok is False for finding in findings)
    return {"schema_version": SCHEMA_VERSION, "ok": ok, "checks": [asdict(finding) for finding in findings]}


def signposts(analysis: Analysis) -> Json:
    """`--signposts --json`: the signposts of the window, and the regions between them."""
    return {**_head(analysis), **signposts_of(analysis.signposts)}


def dumps(result: Json) -> str:
    """The text of a result; NaN never gets into it, and characters that could drive a terminal are escaped."""
    text = json.dumps(result, ensure_ascii=False, allow_nan=False, indent=2)
    return words.UNPRINTABLE.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def _head(analysis: Analysis) -> Json:
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
            "aiclk_ghz": summary.light.clock_ghz,
            "peaks_of": list(summary.light.boards),
            "sol_pct": percent(summary.light.sol),
            "sol_known_pct": percent(summary.light.known_share),
            "pm_generations": list(summary.pm_generations),
            **passes(summary.passes),
            "device_totals": [
                {"device_id": one.device, "ops": one.ops, "kernel_duration_ns": number(one.kernel_ns)}
                for one in summary.device_totals
            ],
            "critical_path_ns": number(summary.critical_path_ns),
            "replayed": summary.provenance.replayed,
            "warnings": list(summary.warnings),
        },
    }


def _case(case: Case) -> Json:
    return {
        "nodeid": case.nodeid,
        "outcome": case.outcome,
        "duration_s": None if case.duration_s is None else round(case.duration_s, 3),
        "csv": case.csv,
        "problem": case.problem or None,
        "kernel_duration_ns": number(case.kernel_ns),
        "report": {key: value for key, value in report(case.analysis, "").items() if key not in _NOT_OF_A_CASE}
        if case.analysis
        else None,
    }


_NOT_OF_A_CASE = {"schema_version", "workbook"}


def _op(op: RankedOp) -> Json:
    return {
        "rank": op.rank,
        "row": row(op.row),
        "op_code": op.op_code,
        "global_call_count": op.row.global_call_count,
        "device_id": op.device,
        "core_count": op.core_count,
        "worker_cores": op.worker_cores,
        "kernel_duration_ns": number(op.kernel_ns),
        "share_pct": percent(op.share),
        "cumulative_pct": percent(op.cumulative),
        "pm_ideal_ns": number(op.pm_ideal_ns),
        "utilization_pct": percent(op.utilization),
        "utilization_grid_pct": percent(op.utilization_grid),
        "utilization_corrected_pct": percent(op.utilization_corrected),
        "flops": number(op.flops),
        "dram_bytes": number(op.dram_bytes),
        "compute_pct": percent(op.compute),
        "compute_used_cores_pct": percent(op.compute_used_cores),
        "dram_pct": percent(op.dram),
        "sol_pct": percent(op.sol),
        "sol_unknown_reason": op.sol_unknown_reason,
        "bound": op.bound,
        "flags": list(op.flags),
        "not_physical_reason": op.not_physical_reason,
    }


def _group(analysis: Analysis, group: OpGroup) -> Json:
    return {
        "rank": group.rank,
        "op_code": group.signature.op_code,
        "signature": group.signature.text,
        "count": group.count,
        "cores": list(group.cores),
        "kernel_duration_ns": number(group.kernel_ns),
        "median_ns": number(group.median_ns),
        "share_pct": percent(group.share),
        "cumulative_pct": percent(group.cumulative),
        "rows": rows(analysis, group.positions),
    }


def _hotspots(analysis: Analysis, count: int | None) -> Json:
    return {
        "totals": {
            total.rule.id: {
                "rows": total.rows,
                "kernel_duration_ns": number(total.kernel_ns),
                "share_pct": percent(total.share),
            }
            for total in analysis.rule_totals
        },
        "reshard_pairs": analysis.reshard_pairs,
        "findings": [_finding(analysis, finding) for finding in analysis.findings[:count]],
        "what_if": [
            {
                "findings": one.findings,
                "saving_ns": number(one.saving_ns),
                "saving_pct": percent(known(one.share)),
                "kernel_duration_ns": number(one.left_ns),
                "gap_saving_ns": number(one.gap_saving_ns),
                "fps": one.fps,
                "fps_per_pass": one.fps_per_pass,
            }
            for one in analysis.what_if
        ],
    }


def _finding(analysis: Analysis, finding: Finding) -> Json:
    return {
        "id": finding.id,
        "rule": finding.rule.id,
        "op_code": finding.signature.op_code,
        "signature": finding.signature.text,
        "count": finding.count,
        "kernel_duration_ns": number(finding.kernel_ns),
        "share_pct": percent(finding.share),
        "core_count": finding.cores[0] if finding.cores else None,
        "cores": list(finding.cores),
        "worker_cores": finding.worker_cores,
        "saving_ns": number(finding.saving_ns),
        "added_saving_ns": number(finding.added_ns),
        "saving_of": "gaps" if finding.rule.waits else "kernel",
        "saving_formula": finding.rule.saving_formula,
        "rows": [row(analysis.table_ref(place)) for place in finding.rows.tolist()],
        "advice": finding.advice,
        "caveat": finding.rule.caveat,
        "evidence": {
            name: number(value) if isinstance(value, float) else value for name, value in finding.evidence.items()
        },
    }
