"""What the outputs say of findings: the same figures, and the text around them."""

import io

import pytest
from support import csv_text
from support.captures import fallback, op

from perfsheet.outputs import json_output
from perfsheet.outputs.terminal.ops import print_findings, print_hotspots


@pytest.fixture
def overlapping(analysis_of):
    rows = (op("Reshard", 1000, 8), fallback(), op("Add", 9000, 64))
    return analysis_of(*rows)


def text_of(analysis, count=None):
    out = io.StringIO()
    print_findings(analysis, count, out)
    return out.getvalue()


def test_every_finding_has_its_caveat_and_advice(overlapping):
    text = " ".join(text_of(overlapping).split())
    for finding in overlapping.findings:
        assert " ".join(finding.advice.split()) in text
        assert " ".join(finding.caveat.split()) in text


def test_a_finding_that_adds_nothing_stands_under_the_cause_of_its_ops(overlapping):
    reshard, low = overlapping.findings[:2]
    assert (low.rule.id, low.part_of, low.cause_id) == ("low-core-count", "H1", reshard.cause_id)
    text = text_of(overlapping)
    assert text.index("\nC1 Reshard") < text.index("\nH1 ") < text.index("\nH2 Low core count") < text.index("\nC2 ")
    assert "2 of 2 causes, largest expected saving first." in text


def test_the_first_screen_has_three_to_five_lines_a_cause_and_fits(overlapping, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    print_hotspots(overlapping, 5, out)
    lines = out.getvalue().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    first = next(place for place, line in enumerate(lines) if line.startswith("C1 "))
    assert any("Should save 0.770 µs (at most 1.000 µs)" in line for line in lines[first : first + 5])
    assert "of kernel time 10.0 % goes to Reshard" in " ".join(lines[:first])


def test_an_unknown_saving_is_said(overlapping):
    assert "saves at most an unknown time" in text_of(overlapping)
    assert "row 3 of the capture" in text_of(overlapping)
    host = json_output.hotspots(overlapping, None)["findings"][-1]
    assert (host["rule"], host["saving_ns"], host["saving_of"]) == ("host-ops", None, "gaps")
    assert [row["row"] for row in host["rows"]] == [3]


def test_what_fixing_would_leave_is_the_same_everywhere(overlapping):
    result = json_output.hotspots(overlapping, None)["what_if"]
    assert [(one["findings"], one["saving_ns"], one["kernel_duration_ns"]) for one in result] == [
        (1, 1000, 9000),
        (len(overlapping.findings), 1000, 9000),
    ]
    causes = json_output.hotspots(overlapping, None)["causes"]
    assert [one["left_ns"] for one in causes] == [9230, 9230]
    assert (
        "Expected to be left of 10.000 µs with C1 fixed 9.230 µs, with C1 and C2 fixed 9.230 µs (unknown for 1)."
        in (" ".join(text_of(overlapping).split()))
    )


def test_evidence_is_one_cell_of_csv(overlapping):
    out = io.StringIO()
    csv_text.hotspots(overlapping, None, out)
    assert "core_count=8;worker_cores=64" in out.getvalue()


def test_only_rules_that_hit_have_a_line_in_the_totals(overlapping):
    head = text_of(overlapping, 1).split("H1 ")[0]
    assert "Low core count" in head
    assert "Collective" not in head
