"""Explanations: every formula with numbers in it comes to its value, and everything that can be asked for has one."""

from __future__ import annotations

import json
import math
import re

import pytest
from support.captures import op, write_csv
from support.command import ROOT, here
from support.real import CAPTURES, CASES, each

import perfsheet
from perfsheet.analysis import Options, analyze
from perfsheet.analysis.rules import RULES
from perfsheet.capture.reader import read
from perfsheet.errors import PerfsheetError
from perfsheet.explanation import Kind, explain, explain_rule, rule_named
from perfsheet.text.explanation import formula, saving

BEFORE = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"
PLAN = ROOT / "examples" / "captures" / "planned_encoder_block_before.json"
REPORT = ROOT / "examples" / "captures" / "mock_board_encoder_block_before.json"


@pytest.fixture(scope="module")
def before():
    return analyze(read(BEFORE))


def value_of(numbers):
    """What a formula with numbers comes to: digits, + − × / ( ), min and max only."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", numbers)
    text = re.sub(r"\b(?:ns|bytes|FLOP)\b(?:/ns)?|%|FLOP/ns|bytes/ns|\(row \d+\)", "", text)
    text = text.replace("−", "-").replace("×", "*")
    assert re.fullmatch(r"[\d\s.()*/+,maxin-]+", text), numbers
    return eval(text, {"__builtins__": {}, "max": max, "min": min})


def assert_formulas(found):
    for one in found.formulas:
        if one.numbers and one.value is not None:
            value = value_of(one.numbers)
            value *= 100 if one.unit == "%" and "max(" not in one.numbers else 1
            assert math.isclose(value, one.value, rel_tol=0.003, abs_tol=0.51), (found.id, one)


def test_the_formulas_of_a_cause(before):
    found = explain(before, "C2")
    (first, every, of_one, expected, left) = found.formulas
    assert of_one.numbers == "34,858 ns − 4,437.333 ns / 0.481"
    assert first.numbers == "34,858 ns × (1 − 12 / 64)"
    assert first.value == pytest.approx(34858 * (1 - 12 / 64))
    assert every.value == before.causes[1].bound_ns
    assert expected.value == before.causes[1].expected_saving_ns
    assert left.value == before.causes[1].left_ns
    assert_formulas(found)


def test_the_formulas_of_an_op_are_those_of_the_docs(before):
    found = explain(before, "124")
    by_name = {formula.name: formula for formula in found.formulas}
    assert by_name["utilization"].numbers == "(27,648 ns / 75,908 ns) × (108 / 48)"
    assert by_name["utilization"].value == pytest.approx(81.95, abs=0.005)
    assert by_name["utilization by grid"].value == pytest.approx(48.56, abs=0.005)
    assert by_name["share"].value == pytest.approx(4.003, abs=0.0005)
    assert_formulas(found)


@each([*CAPTURES, *CASES])
def test_everything_of_a_real_capture_can_be_explained(path):
    try:
        analysis = analyze(read(path), Options())
    except PerfsheetError:
        pytest.skip("it cannot be analysed")
    for cause in analysis.causes[:12]:
        found = explain(analysis, cause.id.lower())
        assert found.kind is Kind.CAUSE
        assert found.why
        assert len(found.rows) == cause.count
        assert {cure.rule.id for cure in found.cures} == {cure.rule.id for cure in cause.cures}
        assert_formulas(found)
        for cure in found.cures:
            compile(cure.code, "cure", "exec")  # blank or Python
    for finding in analysis.findings[:30]:
        assert_formulas(explain(analysis, finding.id))
    rows = analysis.ops.table.row[analysis.ops.rows]
    for row in rows[:: max(1, len(rows) // 10)].tolist():
        found = explain(analysis, str(row))
        assert found.kind is Kind.OP
        assert_formulas(found)
    for total in analysis.rule_totals:
        found = explain(analysis, total.rule.id)
        assert bool(found.rows) == bool(total.rows)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_an_explanation_without_a_capture(rule):
    found = explain_rule(rule_named(rule.mark))
    assert rule.detects in found.why[0]
    assert rule.saving_formula in found.why[1]
    assert not found.formulas
    assert not found.rows


def test_marks_are_told_apart():
    assert len({rule.mark.lower() for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("C99", "the last is C6"),
        ("H99", "there is no H99"),
        ("9999", "has no row 9,999"),
        ("8", "row 8 is a signpost"),
        ("9", "pass 2 of 2; see --pass"),
        (" ", "is no cause"),
        ("low-core", "low-core-count, perhaps"),
    ],
)
def test_what_is_not_there_is_one_line_that_says_what_is(subject, said, capsys):
    ended = here(capsys, "explain", subject, BEFORE)
    assert ended.status == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_siblings_say_what_differs(tmp_path):
    slow = [op("Unary", 100_000, cores=1, attributes="{'num_cores': '1'}") for _ in range(3)]
    fast = [op("Unary", 9_000, cores=32, attributes="{'num_cores': '32'}")]
    analysis = analyze(read(write_csv(tmp_path / "a.csv", [*slow, *fast])))
    (other,) = explain(analysis, "2").others
    assert (other.row, other.cores, other.median_ns) == (5, 32, 9_000)
    assert other.differences[0] == ("cores", "1", "32")


def test_the_source_is_named_with_a_graph_report(capsys):
    printed = here(capsys, "explain", "C2", BEFORE, "--graph", REPORT)
    assert "ttnn_block.py:101" in printed.out


def test_code_of_a_cure_is_what_the_capture_tells(before):
    (cure,) = explain(before, "C2").cures
    assert cure.label == "block-sharded on 8 × 6 cores"
    assert "ttnn.LayerNormShardedMultiCoreProgramConfig(" in cure.code
    assert "[1, 1, 384, 768]" in cure.code
    assert cure.accepted is None


def test_the_library_has_it(before):
    assert perfsheet.explain(before, "C2").title.startswith("Low core count")


def test_json_and_screen_say_the_same(before, capsys):
    told = json.loads(here(capsys, "explain", "C2", BEFORE, "--json").out)
    assert told["formulas"][0]["numbers"] == "34,858 ns × (1 − 12 / 64)"
    assert told["op"]["row"]["row"] == explain(before, "C2").rows[0].row or told["op"]["op_code"].startswith(
        "LayerNorm"
    )
    screen = here(capsys, "explain", "C2", BEFORE).out
    assert "34,858 ns × (1 − 12 / 64) = 28,322 ns" in screen.replace("\n    ", " ")
    assert "not tried: TTNN may refuse it" in screen.replace("\n   ", " ")


def test_the_cures_of_an_op_are_what_they_save_of_that_op(before):
    found = explain(before, "102")
    kernel = before.ops.kernel_ns[found.position]
    assert found.cures
    assert all(0 < cure.bound_ns <= kernel for cure in found.cures)
    finding = next(one for one in before.findings if one.id == found.cures[0].finding.id)
    assert finding.saving_ns > kernel


def test_a_plan_is_explained_in_least_times():
    planned = analyze(read(PLAN))
    found = explain(planned, 69)  # numbers are rows, too
    text = " ".join((*found.why, *(formula(one) for one in found.formulas), *map(saving, found.cures)))
    assert "Takes at the least 8.192 µs." in text
    assert "of least time" in text
    assert "kernel duration" not in text
    assert [one.name for one in found.formulas] == ["share"]
    cause = explain(planned, "C1")
    assert all(one.value is not None for one in cause.formulas)


def test_a_first_run_gap_is_said_to_be_one(tmp_path):
    rows = [op(), op("Unary", gap=464_000_000)]
    found = explain(analyze(read(write_csv(tmp_path / "a.csv", rows))), "3")
    (gap,) = (one for one in found.formulas if one.name == "gap before")
    assert "compiling" in gap.words


@pytest.mark.parametrize("name", ["", " ", "low core"])
def test_a_blank_is_no_rule(name):
    with pytest.raises(PerfsheetError, match="is no cause, finding, row or rule"):
        rule_named(name)
