"""Compare a result of perfsheet with the oracle's, to 1e-9 relative."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfsheet import Options, Selection, analyze, read
from perfsheet.analysis import Analysis
from support.oracle import Oracle, OracleOp

EVERYTHING: dict[str, object] = {"selection": Selection(which_pass="all"), "per_device": True}
"""Options for the ops of all passes, on every device."""


def close(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=0)


def assert_agrees(path: Path, analysis: Analysis, oracle: Oracle, reference: float | str = 108) -> None:
    """Ranking, shares, cumulative shares, both utilizations, grids, findings and totals of a whole capture.

    The analysis must be of `EVERYTHING`. Which ops are a pass is not the oracle's to say.
    """
    expected = oracle.ranking()
    got = analysis.top()
    assert [op.row.row for op in got] == [ranked.op.row for ranked in expected]
    assert [op.rank for op in got] == list(range(1, len(expected) + 1))
    for ours, theirs in zip(got, expected, strict=True):
        op = theirs.op
        grid = oracle.grid(op)
        assert (ours.op_code, ours.device, ours.kernel_ns) == (op.code, op.device, op.kernel)
        if oracle.total:
            assert (ours.share, ours.cumulative) == (close(theirs.share), close(theirs.cumulative))
        assert (ours.worker_cores, ours.core_count) == (grid, op.cores)
        wanted = oracle.utilization(op, grid if reference == "grid" else float(reference))
        assert ours.utilization == close(wanted)
        assert ours.utilization_grid == close(oracle.utilization(op, grid))
    assert analysis.ops.total_ns == close(oracle.total)
    assert analysis.reshard_pairs == oracle.reshard_pairs()
    assert_rule_agrees(analysis, "low-core-count", oracle.low_core_ops(), oracle)
    assert_rule_agrees(analysis, "reshard", oracle.reshard_ops(), oracle)
    of_passes = {
        int(row)
        for run in analysis.facts.passes.all
        for row in analysis.ops.table.row[analysis.ops.rows[run.positions]]
    }
    busiest = oracle.busiest(of_passes) / analysis.summary.passes.count
    known = busiest and len(oracle.timed) >= 0.99 * len(oracle.ops)
    assert analysis.summary.fps.all == (close(1e9 / busiest) if known else None)


def assert_rule_agrees(analysis: Analysis, rule: str, ops: list[OracleOp], oracle: Oracle) -> None:
    total = next(total for total in analysis.rule_totals if total.rule.id == rule)
    assert (total.rows, total.kernel_ns) == (len(ops), close(oracle.seconds(ops)))
    if oracle.total:
        assert total.share == close(oracle.seconds(ops) / oracle.total)
    findings = [finding for finding in analysis.findings if finding.rule.id == rule]
    rows = [analysis.row_ref(int(position)).row for finding in findings for position in finding.positions]
    assert sorted(rows) == sorted(op.row for op in ops)


def analysed(path: Path, **options: object) -> Analysis:
    return analyze(read(path), Options(**options))  # type: ignore[arg-type]
