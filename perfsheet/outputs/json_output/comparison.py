"""`compare --json`: both captures, and everything that differs."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.compare import Comparison
from perfsheet.compare.changes import Change
from perfsheet.compare.results import ChangeGroup, ComparedOp, Figure, FindingChange, Span, Times
from perfsheet.outputs.json_output.head import SCHEMA_VERSION, head
from perfsheet.outputs.json_output.parts import Json, number, percent, row, spread


def compare(first: Comparison, further: Sequence[Comparison]) -> Json:
    """The base with the first capture; `others` has the base with each further one."""
    return {
        "schema_version": SCHEMA_VERSION,
        "base": head(first.base)["capture"],
        **_comparison(first),
        "others": [_comparison(one) for one in further],
    }


def _comparison(found: Comparison) -> Json:
    total = found.total
    return {
        "new": head(found.new)["capture"],
        "delta_ns": number(total.delta_ns),
        "delta_pct": percent(total.window.delta),
        "beyond_noise": total.beyond_noise,
        "noise_ns": number(total.noise_ns),
        "noise": _noise(found),
        "per_pass": _span(total.a_pass),
        "notes": list(found.notes),
        "figures": [_figure(one) for one in found.figures],
        "counts": found.counts,
        "groups": [
            {
                "op_type": one.op_type,
                "category": one.category,
                "base_count": one.base_count,
                "new_count": one.new_count,
                **_times(one.times),
            }
            for one in found.op_types
        ],
        "changes": [_group(found, one) for one in found.groups],
        "ops": [_op(found, one) for one in found.ops],
        "host_ops": [
            {
                "op_code": one.op_code,
                "base_count": one.base_count,
                "new_count": one.new_count,
                "base_host_ns": number(one.base_ns),
                "new_host_ns": number(one.new_ns),
            }
            for one in found.host_ops
        ],
        "findings": {
            "fixed": [_finding(found.base, one.one) for one in found.findings.fixed],
            "new": [_finding(found.new, one.one) for one in found.findings.new],
            "remaining": [_remaining(found, one) for one in found.findings.remaining],
        },
    }


def _noise(found: Comparison) -> Json:
    noise = found.noise
    sides = {"base": found.base.repeats, "new": found.new.repeats}
    return {
        "judged_by": noise.how,
        "base_samples": noise.base,
        "new_samples": noise.new,
        "assumed_pct": number(noise.assumed_pct),
        **{f"{name}_kernel_duration": spread(side.total) for name, side in sides.items() if side},
    }


def _span(span: Span) -> Json:
    return {
        "base_ns": number(span.base_ns),
        "new_ns": number(span.new_ns),
        "delta_ns": number(span.delta_ns),
        "delta_pct": percent(span.delta),
    }


def _times(times: Times) -> Json:
    return {
        **_span(times.window),
        "per_pass": _span(times.a_pass),
        "beyond_noise": times.beyond_noise,
        "noise_ns": number(times.noise_ns),
    }


def _figure(one: Figure) -> Json:
    share = one.kind == "share"
    return {
        "id": one.id,
        "label": one.label,
        "unit": {"time": "ns", "rate": "1/s", "share": "%", "count": ""}[one.kind],
        "base": percent(one.base) if share else number(one.base),
        "new": percent(one.new) if share else number(one.new),
        "delta": percent(one.delta) if share else number(one.delta),
        "delta_pct": percent(one.relative),
    }


def _group(found: Comparison, one: ChangeGroup) -> Json:
    return {
        "status": one.status,
        "op_code": one.op_code,
        "count": one.count,
        "base": one.base or None,
        "new": one.new or None,
        "changes": _changes(one.changes),
        **_times(one.times),
        "ops": list(one.members),
    }


def _op(found: Comparison, one: ComparedOp) -> Json:
    return {
        "status": one.status,
        "op_code": one.op_code,
        "base_op_code": one.base_code or None,
        "new_op_code": one.new_code or None,
        "base_rows": [row(found.base.row_ref(position)) for position in one.base],
        "new_rows": [row(found.new.row_ref(position)) for position in one.new],
        **_times(one.times),
        "changes": _changes(one.changes),
    }


def _changes(changes: Sequence[Change]) -> Json:
    return {change.name: [change.before, change.after] for change in changes}


def _finding(analysis: Analysis, finding: Finding) -> Json:
    return {
        "rule": finding.rule.id,
        "op_code": finding.signature.op_code,
        "signature": finding.signature.text,
        **_size(finding),
        "rows": [row(analysis.table_ref(place)) for place in finding.rows.tolist()],
    }


def _size(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "count": finding.count,
        "kernel_duration_ns": number(finding.kernel_ns),
        "saving_ns": number(finding.saving_ns),
    }


def _remaining(found: Comparison, one: FindingChange) -> Json:
    assert one.base is not None
    assert one.new is not None
    return {**_finding(found.new, one.new), "before": _size(one.base)}
