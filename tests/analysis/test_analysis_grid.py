"""The worker grid of an op, and which ops run on few cores of it."""

from dataclasses import replace

import pytest
from support.captures import op, shape, signpost
from support.findings import only_finding

from perfsheet.analysis import whole
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.windows.scope import scope


def flagged(analysis):
    return sorted(op.op_code for op in analysis.top() if "low-core-count" in op.flags)


def total(analysis):
    return next(total for total in analysis.rule_totals if total.rule.id == "low-core-count")


def test_the_column_is_the_first_source(analysis_of):
    analysis = analysis_of(op(cores=130, grid=110), options={"board": "n150"})
    assert analysis.top()[0].worker_cores == 110
    assert analysis.summary.worker_cores_sources == ("available-worker-core-count",)


def test_the_board_is_the_second(analysis_of):
    analysis = analysis_of(op(cores=64), generation="S6", options={"board": "N300"})
    assert analysis.top()[0].worker_cores == 56
    assert analysis.summary.worker_cores_sources == ("board",)


def test_the_largest_core_count_that_is_a_known_grid_is_the_third(analysis_of):
    analysis = analysis_of(op("Low", 10, 5), op(cores=20), generation="S6")
    assert {op.worker_cores for op in analysis.top()} == {20}
    assert analysis.summary.worker_cores_sources == ("largest-core-count",)
    assert flagged(analysis) == ["Low"]


@pytest.mark.parametrize("largest", [1, 19, 65, 1000, ""])
def test_on_an_unknown_grid_nothing_is_flagged(analysis_of, largest):
    analysis = analysis_of(op(cores=1), op(cores=largest), generation="S6")
    assert [op.worker_cores for op in analysis.top()] == [None, None]
    assert analysis.summary.worker_cores_sources == ("unknown",)
    assert (total(analysis).rows, analysis.findings) == (0, ())
    assert any("`board`" in warning for warning in analysis.summary.warnings)


def test_rows_that_state_no_grid_take_the_next_source(analysis_of):
    analysis = analysis_of(op("A", 3, 8), op("B", 2, 8), op("C", 1, 8, grid=None), options={"board": "p150"})
    assert [op.worker_cores for op in analysis.top()] == [64, 64, 110]
    assert analysis.summary.worker_cores_sources == ("available-worker-core-count", "board")


def test_the_limit_is_inclusive(analysis_of):
    analysis = analysis_of(op("At", 5, 16), op("Above", 5, 17), op("Below", 5, 15))
    assert flagged(analysis) == ["At", "Below"]


@pytest.mark.parametrize("grid", [20, 56, 64, 70, 72, 80, 108, 110, 120, 130, 140])
def test_the_limit_is_inclusive_at_every_whole_percentage(analysis_of, grid):
    cases = [(percent, grid * percent // 100) for percent in range(1, 100) if grid * percent % 100 == 0]
    rows = [op(f"Op{cores}", 5, cores, grid=grid) for _, cores in cases]

    ops = analysis_of(*rows).ops
    for at, (percent, cores) in enumerate(cases):
        limited = replace(ops, options=replace(ops.options, low_cores_pct=float(percent)))
        found = low_core_count.find(Facts(scope(limited, whole(ops.table))))
        assert at in found.positions, f"{cores} of {grid} cores is {percent} %"
        assert at + 1 not in found.positions


def test_the_limit_can_be_set(analysis_of):
    rows = (op("One", 5, 1), op("Half", 5, 32), op("Most", 5, 33))
    assert flagged(analysis_of(*rows, options={"low_cores_pct": 50.0})) == ["Half", "One"]
    assert flagged(analysis_of(*rows, options={"low_cores_pct": 0.0})) == []


def test_more_cores_than_the_grid_is_said_and_not_flagged(analysis_of):
    analysis = analysis_of(op("Wide", 5, 200))
    assert flagged(analysis) == []
    assert next(check for check in analysis.checks if check.id == "cores-above-grid").count == 1


def test_the_saving_is_the_idle_part(analysis_of):
    analysis = analysis_of(op("A", 1000, 8), op("A", 3000, 8), signpost(), op("Full", 4000, 64))
    finding = only_finding(analysis, "low-core-count")
    assert finding.saving_ns == pytest.approx(4000 * (1 - 8 / 64))
    assert (finding.count, finding.kernel_ns, finding.share) == (2, 4000, 0.5)
    assert (finding.cores, finding.worker_cores) == ((8,), 64)
    assert "8 of 64 cores" in finding.advice


def test_a_finding_spans_core_counts_of_one_configuration(analysis_of):
    finding = only_finding(analysis_of(op("A", 1000, 8), op("A", 1000, 2), op("Full", 10, 64)), "low-core-count")
    assert finding.cores == (2, 8)
    assert finding.saving_ns == pytest.approx(1000 * (56 / 64 + 62 / 64))


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("MatmulDeviceOperation", "program_config"),
        ("Conv2dDeviceOperation", "shard_layout"),
        ("LayerNormDeviceOperation", "LayerNormSharded"),
        ("SDPAOperation", "SDPAProgramConfig"),
        ("SomethingElse", "batch the work"),
    ],
)
def test_advice_fits_the_kind_of_op(analysis_of, code, word):
    finding = only_finding(analysis_of(op(code, 10, 1)), "low-core-count")
    assert word in finding.advice
    assert finding.advice.endswith(".")


def test_findings_are_ranked_by_saving_over_all_rules(analysis_of):
    analysis = analysis_of(op("A", 10, 1), op("Reshard", 30), op("B", 20, 1))
    assert [(f.id, f.signature.op_code) for f in analysis.findings] == [("H1", "Reshard"), ("H2", "B"), ("H3", "A")]


def test_an_op_can_carry_both_rules(analysis_of):
    analysis = analysis_of(op("Reshard", 30, 1), op("Add", 70))
    assert set(analysis.top()[1].flags) >= {"low-core-count", "reshard"}
    hit = {total.rule.id: (total.rows, total.kernel_ns) for total in analysis.rule_totals if total.rows}
    assert hit == {"low-core-count": (1, 30), "reshard": (1, 30)}


def test_an_output_of_few_pieces_is_said(analysis_of):
    small = shape("OUTPUT_0", (1, 1, 32, 64))
    large = shape("OUTPUT_0", (1, 1, 512, 64))
    for row, said in (
        (op("Add", 10, 2) | small, True),
        (op("Add", 10, 1) | small, False),
        (op("Add", 10, 2) | large, False),
    ):
        advice = only_finding(analysis_of(row), "low-core-count").advice
        assert ("and its work is in no more pieces" in advice) == said
