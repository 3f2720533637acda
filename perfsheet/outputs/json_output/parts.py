"""Pieces of the JSON results: the capture, findings, totals, windows, runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.reshards import Reshards
from perfsheet.analysis.statistics import Spread, largest
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.analysis.windows.signposts import Signposts
from perfsheet.analysis.windows.variation import Variation
from perfsheet.capture.planned import PlanHead
from perfsheet.provenance import Provenance
from perfsheet.tables import Rows, Table
from perfsheet.tables.causes import CAUSES, causes
from perfsheet.tables.findings import FINDINGS, RULE_TOTALS, findings
from perfsheet.tables.kinds import number, percent, row_data, source_data
from perfsheet.tables.memory import HELD, MEMORY, held_buffers, memory_ops
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.passes import LAYERS, PASS_OPS, PASSES
from perfsheet.tables.passes import pass_ops as every_pass_op
from perfsheet.tables.quality import CHECKS
from perfsheet.tables.repeats import REPEATS, RUNS, repeated_ops
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.runs import OUTCOME, RECORD, RunOutcome
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.tables.sources import MODULES, modules
from perfsheet.tables.spreads import SPREAD, as_spreads
from perfsheet.tables.totals import CATEGORIES, DEVICES, OP_TYPES, TIME_SPLIT
from perfsheet.text.causes import verdict
from perfsheet.text.json_text import Streamed
from perfsheet.text.words import with_planned_keys

Json = dict[str, Any]
SCHEMA_VERSION = 2


_MANY = 1000
"""Longer tables are made while they are written, with a record per line."""


def streamed(table: Table[Any], rows: Rows[Any, Any] | OpRows, listed: int = 0) -> Sequence[Json]:
    """The records of a table that may be long; `listed`: how many rows all its records together list."""
    if max(len(rows), listed) <= _MANY:
        return table.records(rows)
    at_once = max(1, min(_MANY, _MANY * len(rows) // max(1, listed)))
    return Streamed(len(rows), lambda *part: table.records(rows.part(*part)), at_once)


def with_key(records: Sequence[Json], key: str, values: Sequence[object]) -> Sequence[Json]:
    """The records with one more key each."""
    if isinstance(records, Streamed):
        return Streamed(
            len(records), lambda first, end: with_key(records.part(first, end), key, values[first:end]), records.at_once
        )
    return [{**record, key: value} for record, value in zip(records, values, strict=True)]


def spread(spread: Spread) -> Json:
    """The statistics of a figure over passes or runs."""
    return SPREAD.records(as_spreads([spread]))[0]


def head(analysis: Analysis) -> Json:
    """`schema_version` and `capture`, the first keys of every result: the window and its headline metrics."""
    summary = analysis.summary
    capture = {
        "paths": list(summary.paths),
        "schema": summary.schema,
        "arch": summary.arch,
        "board": summary.board,
        "worker_cores": summary.worker_cores,
        "worker_cores_source": "+".join(summary.worker_cores_sources),
        "ref_cores": number(summary.ref_cores) if isinstance(summary.ref_cores, float | int) else summary.ref_cores,
        "low_cores_pct": number(summary.low_cores_pct),
        "batch": number(summary.batch),
        "batch_hint": summary.batch_hint,
        "window": summary.window,
        "devices": list(summary.devices),
        "per_device": summary.per_device,
        "ops": summary.ops,
        "timed_ops": summary.timed_ops,
        "hidden_ops": summary.hidden_ops,
        "device_rows": summary.device_rows,
        "timed_rows": summary.timed_rows,
        "invalid_rows": summary.invalid_rows,
        "const_eval_rows": summary.const_eval_rows,
        "host_rows": summary.host_rows,
        "signpost_rows": summary.signpost_rows,
        "dropped_rows": summary.dropped_rows,
        "kernel_duration_ns": number(summary.kernel_ns),
        "kernel_duration_sum_ns": number(summary.kernel_sum_ns),
        "elapsed_ns": number(summary.time_split.elapsed_ns),
        "first_run_ns": number(summary.time_split.first_run_ns),
        "unknown_gaps": summary.time_split.unknown_gaps,
        "time_split": TIME_SPLIT.records(summary.time_split.parts),
        "fps": {"all": summary.fps.all, "matmul_conv": summary.fps.matmul_conv, "other": summary.fps.other},
        "aiclk_ghz": summary.speed_of_light.clock_ghz,
        "peaks_of": list(summary.speed_of_light.boards),
        "sol_pct": percent(summary.speed_of_light.sol),
        "sol_known_pct": percent(summary.speed_of_light.known_share),
        "pm_generations": list(summary.pm_generations),
        **passes(analysis),
        "device_totals": DEVICES.records(summary.device_totals),
        "critical_path_ns": number(summary.critical_path_ns),
        "replayed": summary.provenance.replayed,
        "verdict": list(summary.verdict),
        "warnings": list(summary.warnings),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "capture": capture if summary.plan is None else with_planned_keys({**capture, **_NOT_PLANNED}),
        **_planned(summary.plan),
        **_joined(analysis),
    }


def named(analysis: Analysis, result: Json) -> Json:
    """The result with keys as they are called in a plan, if it is one: least times are no kernel durations."""
    return result if analysis.plan is None else dict(with_planned_keys(result))


def one_of_several(analysis: Analysis) -> Json:
    """The capture of `head` with what was planned, if it is a plan: one side of a comparison."""
    told = head(analysis)
    return {**told["capture"], **({"planned": told["planned"]} if "planned" in told else {})}


_NOT_PLANNED: Json = {
    "elapsed_ns": None,
    "first_run_ns": None,
    "unknown_gaps": None,
    "time_split": [],
    "fps": {"all": None, "matmul_conv": None, "other": None},
    "fps_per_pass": None,
    "sol_pct": None,
    "sol_known_pct": None,
}
"""What only a device tells."""


def _planned(plan: PlanHead | None) -> Json:
    """What was planned, and what came of it; no key for a capture."""
    if plan is None:
        return {}
    return {
        "planned": {
            "board": plan.board,
            "mesh": plan.mesh,
            "ttnn": plan.ttnn,
            "command": plan.command,
            "tests": plan.tests,
            "tests_failed": plan.tests_failed,
            "refused": plan.refused or None,
            "stopped": plan.stopped or None,
            "problems": list(plan.problems),
        }
    }


def passes(analysis: Analysis) -> Json:
    """The keys of `capture` about passes."""
    summary = analysis.summary.passes
    return {
        "passes": summary.count,
        "pass": summary.chosen,
        "incomplete_replays": summary.incomplete or None,
        "passes_told_by": summary.how,
        "ops_per_pass": number(summary.ops_per_pass),
        "fps_per_pass": summary.fps_per_pass,
        "pass_totals": PASSES.records(summary.all),
        "pass_kernel_duration": spread(summary.spread) if summary.spread else None,
        "layers": LAYERS.records(Rows(analysis, summary.layers)),
    }


def pass_ops(analysis: Analysis, variation: Variation) -> list[Json]:
    """Every op of a pass, with its row in the last pass, and how it varies between the passes."""
    return PASS_OPS.records(every_pass_op(analysis, variation))


def signposts(signposts: Signposts) -> Json:
    """Every signpost, the regions in order (each with its depth), and the ops outside all regions."""
    return {
        "signposts": SIGNPOSTS.records(signposts.signposts),
        "regions": REGIONS.records(signposts.regions),
        "outside": {"ops": signposts.outside_ops, "kernel_duration_ns": number(signposts.outside_ns)},
        "unmatched": SIGNPOSTS.records(signposts.unmatched),
    }


def findings_keys(analysis: Analysis, count: int | None) -> Json:
    """Totals of rules, verdict, causes, the first `count` findings (None = all), and what fixing them leaves."""
    return {
        "totals": {
            name: record
            for total, record in zip(
                analysis.rule_totals, RULE_TOTALS.records(Rows(analysis, analysis.rule_totals)), strict=True
            )
            for name in (total.rule.id, total.rule.former_id)
            if name
        },
        "reshard_pairs": analysis.reshard_pairs,
        "verdict": verdict(analysis),
        "causes": streamed(CAUSES, causes(analysis), len(analysis.ops)),
        "findings": streamed(FINDINGS, findings(analysis, count), len(analysis.ops)),
        "what_if": [
            {
                "findings": estimate.findings,
                "saving_ns": number(estimate.saving_ns),
                "saving_pct": percent(estimate.share),
                "kernel_duration_ns": number(estimate.left_ns),
                "gap_saving_ns": number(estimate.gap_saving_ns),
                "fps": estimate.fps,
                "fps_per_pass": estimate.fps,
            }
            for estimate in analysis.what_if
        ],
    }


def totals(analysis: Analysis) -> Json:
    """The keys of `report --json` about all ops together."""
    return {
        "op_types": OP_TYPES.records(Rows(analysis, analysis.op_types)),
        "categories": CATEGORIES.records(Rows(analysis, analysis.categories)),
        "reshards": _reshards(analysis, analysis.reshards),
        "checks": CHECKS.records(analysis.verdict),
    }


def _reshards(analysis: Analysis, reshards: Reshards) -> Json:
    return {
        "count": reshards.ops,
        "kernel_duration_ns": number(reshards.kernel_ns),
        "share_pct": percent(reshards.share),
        "transitions": TRANSITIONS.records(reshards.transitions),
        "chains": CHAINS.records(Rows(analysis, reshards.chains)),
    }


def _joined(analysis: Analysis) -> Json:
    """How the graph report was joined; no key without one."""
    if analysis.graph is None or analysis.plan is not None:
        return {}
    join = analysis.graph.joined
    return {
        "graph": {
            "path": join.report.path,
            "joined_by": join.by.value,
            "rows": join.rows,
            "joined": join.joined,
            "replayed": join.replayed,
            "repeated": join.repeated,
            "cached": join.cached,
            "unlike": join.unlike,
            "doubtful": join.doubtful,
            "outside": join.outside,
            "unused": join.unused,
        }
    }


def graph_keys(analysis: Analysis) -> Json:
    """The module tree and the memory; no keys without a graph report."""
    graph = analysis.graph
    if graph is None:
        return {}
    found, peak = graph.memory, graph.memory.peak
    return {
        "modules": MODULES.records(modules(analysis)),
        "memory": {
            "l1_bank_bytes": found.bank_bytes,
            "l1_peak_bytes": None if peak is None else number(float(found.l1_used[peak])),
            "l1_peak_row": None if peak is None else row_data(analysis.row_ref(peak)),
            "l1_peak_source": None if peak is None else source_data(graph.sources[peak]),
            "l1_impossible_ops": int(found.beyond_bank.sum()),
            "dram_peak_bytes": None if found.dram_per_bank else number(largest(found.dram_total)),
            "dram_bank_peak_bytes": number(largest(found.dram_bank)),
            "ops": streamed(MEMORY, memory_ops(analysis)),
            "held": HELD.records(held_buffers(analysis)),
        },
    }


def run(provenance: Provenance, summary: CaptureSummary) -> Json:
    """How the capture was made: the content of run.json, and `run` in `run --json`."""
    record = RECORD.records([provenance.record])[0] if provenance.record else {}
    return {**record, **OUTCOME.records([RunOutcome(provenance, summary)])[0]}


def repeats(analysis: Analysis, runs: Repeats) -> Json:
    """Every op over all aligned runs, and the runs."""
    return {
        "aligned": runs.aligned,
        "noisy_pct": number(runs.noisy_pct),
        "noisy_ops": int(runs.noisy.sum()),
        "kernel_duration": spread(runs.total),
        "failures": list(runs.failures),
        "runs": RUNS.records(runs.runs),
        "ops": REPEATS.records(repeated_ops(analysis, runs)),
    }
