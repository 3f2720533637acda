"""What a new rule can count on."""

import numpy as np
from support.captures import op

from perfsheet import analyze, read
from perfsheet.analysis import findings, ranking
from perfsheet.analysis.rules.base import Hits, Rule

GAP = Rule(
    id="gap",
    letter="G",
    title="Gap",
    saving_formula="0",
    find=lambda ops: Hits(np.flatnonzero(ops.number("op_to_op_latency_ns") > 0), np.zeros(len(ops))),
    advice=lambda ops, group: "",
    columns=frozenset({"op_to_op_latency_ns"}),
)


def test_a_ranking_keeps_the_columns_that_rules_name(capture_of, monkeypatch):
    path = capture_of(op("Add", 10), op("Mul", 20))
    monkeypatch.setattr(ranking, "RULES", (*ranking.RULES, GAP))
    for table in (read(path), read(path, ranking.columns())):
        found = findings.hits(analyze(table).ops, (GAP,))
        assert found["gap"].positions.tolist() == [0, 1]


def test_a_ranking_keeps_no_more_than_that(capture_of):
    table = read(capture_of(op("Add", 10)), ranking.columns())
    assert set(table.headers) <= ranking.columns()
