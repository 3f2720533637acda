"""Where a plan cannot stand in for a capture, and what a plan that ended early says."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from plan.test_plans import AFTER, BEFORE, MEASURED, document
from support.command import here

CAPTURE = MEASURED[BEFORE]


def changed(tmp_path, **keys):
    """The plan of the block before, with other values in its head."""
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({**document(BEFORE), **keys}, separators=(",", ":")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hotspots", CAPTURE, "--reference", BEFORE), "a plan has least times"),
        (("hotspots", BEFORE, "--reference", CAPTURE), "a plan has least times"),
        (("hotspots", AFTER, "--graph", BEFORE), "a plan has a graph report of its own"),
        (("top-ops", BEFORE, "--board", "p150"), "a plan is of the board that it was made on (n150)"),
        (("calibrate", BEFORE, AFTER), "a plan realises no gain"),
        (("calibrate", BEFORE, CAPTURE), "a plan realises no gain"),
        (("check", BEFORE, "--against", CAPTURE), "a least time limits no measured one"),
        (("check", CAPTURE, "--against", BEFORE), "a least time limits no measured one"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_least_times_do_not_pass_for_measured_ones(capsys, arguments, said):
    ended = here(capsys, *arguments)
    assert ended.status == 2, ended.out
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_the_board_of_a_plan_is_no_option_of_its_budget(capsys):
    text = here(capsys, "budget", "init", AFTER, "-o", "-").out
    assert "[window]" not in text
    assert 'boards = "n150"' in text


def test_two_plans_are_held_against_each_other(capsys):
    ended = here(capsys, "check", BEFORE, "--against", AFTER)
    assert ended.status == 1
    assert re.search(r"(?m)^FAIL\s+against\.least-time: 764\.598 µs", ended.out), ended.out
    assert "planned: no op ran" in ended.out + ended.err
    assert "noise" not in ended.out


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ({"refused": "ttnn.linear at x.py:3: too wide"}, "TTNN refuses ttnn.linear at x.py:3: too wide"),
        ({"stopped": "ended after its 5 s"}, "ended after its 5 s"),
        ({"tests_failed": True, "tests": "1 failed", "reason": "x.py::t: KeyError: 'w'"}, "KeyError"),
        ({"tests_failed": True, "tests": "exit status 139", "reason": ""}, "exit status 139"),
    ],
)
def test_a_plan_that_ended_early_keeps_no_budget(capsys, tmp_path, head, why):
    budget = tmp_path / "b.toml"
    assert here(capsys, "budget", "init", BEFORE, "-o", budget).status == 0
    assert here(capsys, "check", BEFORE, "--budget", budget).status == 0
    ended = here(capsys, "check", changed(tmp_path, **head), "--budget", budget)
    assert ended.status == 1
    assert "plan.cut-short" in ended.out
    assert why in ended.out


def test_a_failed_check_of_values_is_a_note(capsys, tmp_path):
    budget = tmp_path / "b.toml"
    here(capsys, "budget", "init", BEFORE, "-o", budget)
    plan = changed(tmp_path, tests_failed=True, tests="1 failed", reason="x.py::t: AssertionError: 0.0 < 0.99")
    ended = here(capsys, "check", plan, "--budget", budget)
    assert ended.status == 0
    assert "a check of values failed, as on any mock board" in ended.out + ended.err


def test_csv_of_a_plan_has_no_rate(capsys):
    rows = list(csv.DictReader(io.StringIO(here(capsys, "top-ops", BEFORE, "--csv").out)))
    measured = ("sol_pct", "dram_pct", "compute_pct", "dram_gb_per_s", "tflop_per_s", "utilization_pct")
    assert {name: {row[name] for row in rows} for name in measured} == {name: {""} for name in measured}


def test_least_times_have_no_noise(capsys):
    told = json.loads(here(capsys, "compare", BEFORE, AFTER, "--json").out)
    assert (told["noise"]["judged_by"], told["noise"]["assumed_pct"]) == ("none", 0)
    assert "least times have no noise" in here(capsys, "compare", BEFORE, AFTER).out


def test_how_far_from_the_least_is_of_the_ops_that_have_both(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    out = here(capsys, "compare", BEFORE, CAPTURE).out
    found = re.search(r"the (\d+) of (\d+) ops with both: ([\d.]+) ms measured, ([\d.]+) × the least time", out)
    assert found, out
    told = json.loads(here(capsys, "compare", BEFORE, CAPTURE, "--json").out)
    pairs = [(op["base_ns"], op["new_ns"]) for op in told["ops"] if op["delta_ns"] is not None]
    both = [(least, measured) for least, measured in pairs if least is not None and measured is not None]
    assert len(both) == int(found[1])
    assert float(found[4]) == pytest.approx(sum(m for _, m in both) / sum(least for least, _ in both), abs=0.05)
    assert "Above the least time" in out
    assert "Losses" not in out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plan: plan["columns"].__setitem__(0, "NAME"), "has no column OP CODE"),
        (lambda plan: plan["of"].__setitem__(0, 2**70), "no plan that can be read"),
        (lambda plan: plan["of"].reverse(), "its ops are not those of its captures"),
        (lambda plan: plan.update(board="galaxy-9"), "unknown board"),
    ],
    ids=["columns", "huge", "other", "board"],
)
def test_a_plan_whose_parts_do_not_fit_gets_one_line(capsys, tmp_path, change, said):
    plan = document(BEFORE)
    change(plan)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan, separators=(",", ":")), encoding="utf-8")
    ended = here(capsys, "top-ops", path)
    assert (ended.status, ended.err.count("\n")) == (3, 1), ended.err
    assert said in ended.err


def test_bytes_that_are_no_text(capsys, tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(BEFORE.read_bytes().replace(b"LayerNorm", b"Layer\xff\xfeorm", 1))
    ended = here(capsys, "top-ops", path)
    assert (ended.status, ended.err.count("\n")) == (3, 1), ended.err


def test_a_plan_that_was_formatted_anew_is_still_one(capsys, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document(BEFORE), indent=2), encoding="utf-8")
    assert json.loads(here(capsys, "top-ops", path, "--json").out)["planned"]["board"] == "n150"


def test_an_unreadable_core_count_is_named(capsys, tmp_path):
    plan = document(BEFORE)
    plan["ops"][0][plan["columns"].index("CORE COUNT")] = "abc"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan, separators=(",", ":")), encoding="utf-8")
    assert "abc" in here(capsys, "report", path, "--md", "-").out


def test_a_long_command_with_codes_keeps_the_mark_of_the_workbook(capsys, tmp_path):
    import openpyxl

    path = changed(tmp_path, ttnn="0.81&P" + "x" * 400)
    assert here(capsys, "report", path, "-o", tmp_path / "x.xlsx").status == 0
    header = openpyxl.load_workbook(tmp_path / "x.xlsx")["Summary"].oddHeader.center.text
    assert "PLANNED by ttnn 0.81" in header


@pytest.mark.process
def test_a_suite_takes_no_plan_for_a_capture(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_nothing.py").write_text("def test_it(): pass\n", encoding="utf-8")
    suite = f'[[target]]\nmodel = "m"\ncommand = "pytest test_nothing.py"\nreplay = ["{BEFORE}"]\n'
    (tmp_path / "s.toml").write_text(suite, encoding="utf-8")
    ended = here(capsys, "suite", "run", "s.toml")
    assert "is a plan: no op of it ran" in ended.out + ended.err
