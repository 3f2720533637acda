"""What a new rule can count on."""

import numpy as np
from support.captures import op

from perfsheet import analyze, read
from perfsheet.analysis import findings, ranking
from perfsheet.analysis.rules.base import Hits, Rule

LONGEST_CORE = Rule(
    id="longest-core",
    letter="G",
    title="Longest core",
    saving_formula="0",
    find=lambda facts: Hits(np.flatnonzero(facts.ops.number("per_core_max_ns") > 0), np.zeros(len(facts.ops))),
    advice=lambda facts, group: "",
    columns=frozenset({"per_core_max_ns"}),
)


def test_a_ranking_keeps_the_columns_that_rules_name(capture_of, monkeypatch):
    path = capture_of(*(op(code, 10, **{"DEVICE KERNEL DURATION PER CORE MAX [ns]": 9}) for code in ("Add", "Mul")))
    monkeypatch.setattr(ranking, "RULES", (LONGEST_CORE,))
    for table in (read(path), read(path, ranking.columns())):
        found = findings.hits(analyze(table).facts, (LONGEST_CORE,))
        assert found["longest-core"].positions.tolist() == [0, 1]


def test_a_ranking_keeps_no_more_than_that(capture_of):
    table = read(capture_of(op("Add", 10)), ranking.columns())
    assert set(table.headers) <= ranking.columns()
