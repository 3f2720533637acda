"""What a new rule can count on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from support.captures import op

from perfsheet import analyze, read
from perfsheet.analysis import findings, rules
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.rules.base import Hits, Rule
from perfsheet.tables import ops as ops_table
from perfsheet.tables.ops import columns_to_read

LONGEST_CORE = Rule(
    id="longest-core",
    title="Longest core",
    detects="every op with a per-core time",
    saving_formula="0",
    find=lambda facts: Hits(np.flatnonzero(facts.ops.number("per_core_max_ns") > 0), np.zeros(len(facts.ops))),
    advice=lambda facts, group: "",
    columns=frozenset({"per_core_max_ns"}),
)


def test_a_ranking_keeps_the_columns_that_rules_name(capture_of, monkeypatch):
    path = capture_of(*(op(code, 10, **{"DEVICE KERNEL DURATION PER CORE MAX [ns]": 9}) for code in ("Add", "Mul")))
    monkeypatch.setattr(ops_table, "RULES", (LONGEST_CORE,))
    for table in (read(path), read(path, columns_to_read())):
        found = findings.hits(analyze(table).facts, (LONGEST_CORE,))
        assert found["longest-core"].positions.tolist() == [0, 1]


def test_a_ranking_keeps_no_more_than_that(capture_of):
    table = read(capture_of(op("Add", 10)), columns_to_read())
    assert set(table.headers) <= columns_to_read()


def test_a_mark_is_by_default_the_initials_of_the_id():
    assert LONGEST_CORE.mark == "LC"
    assert replace(LONGEST_CORE, mark="", id="4-words-make-3-letters").mark == "4WM"
    assert replace(LONGEST_CORE, mark="X").mark == "X"


def test_a_module_that_defines_a_rule_is_found(tmp_path, monkeypatch):
    source = Path(low_core_count.__file__).read_text(encoding="utf-8")
    (tmp_path / "copied.py").write_text(source.replace('id="low-core-count"', 'id="copied"'), encoding="utf-8")
    (tmp_path / "helper.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    assert {rule.id for rule in rules._discover()} == {rule.id for rule in rules.RULES} | {"copied"}
