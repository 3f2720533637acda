"""What the outputs say of findings: the same figures, and the text around them."""

import io

import pytest
from support import csv_text
from support.captures import fallback, op

from perfsheet.outputs import json_output
from perfsheet.outputs.terminal.ops import print_hotspots


@pytest.fixture
def overlapping(analysis_of):
    rows = (op("Reshard", 1000, 8), fallback(), op("Add", 9000, 64))
    return analysis_of(*rows)


def text_of(analysis, count=None):
    out = io.StringIO()
    print_hotspots(analysis, count, out)
    return out.getvalue()


def test_every_finding_has_its_caveat_and_advice(overlapping):
    text = " ".join(text_of(overlapping).split())
    for finding in overlapping.findings:
        if finding.part_of is None:
            assert " ".join(finding.advice.split()) in text
            assert " ".join(finding.rule.caveat.split()) in text


def test_a_finding_that_adds_nothing_stands_with_the_one_that_it_is_a_part_of(overlapping):
    low = overlapping.findings[1]
    assert (low.rule.id, low.part_of) == ("low-core-count", "H1")
    text = text_of(overlapping)
    assert "Also: H2 low core count (saves at most 875 ns)." in text
    assert "\nH2 " not in text
    assert "2 of 2 findings, largest saving first; 1 more is about the same ops." in text


def test_an_unknown_saving_is_said(overlapping):
    assert "saves at most an unknown time" in text_of(overlapping)
    assert "row 3 of the capture" in text_of(overlapping)
    host = json_output.hotspots(overlapping, None)["findings"][-1]
    assert (host["rule"], host["saving_ns"], host["saving_of"]) == ("host-ops", None, "gaps")
    assert [row["row"] for row in host["rows"]] == [3]


def test_what_mending_would_leave_is_the_same_everywhere(overlapping):
    result = json_output.hotspots(overlapping, None)["what_if"]
    assert [(one["findings"], one["saving_ns"], one["kernel_duration_ns"]) for one in result] == [
        (1, 1000, 9000),
        (len(overlapping.findings), 1000, 9000),
    ]
    assert "the first one: at most 1.000 µs (10.0 %) of kernel time, 9.000 µs left" in text_of(overlapping)


def test_evidence_is_one_cell_of_csv(overlapping):
    out = io.StringIO()
    csv_text.hotspots(overlapping, None, out)
    assert "core_count=8;worker_cores=64" in out.getvalue()


def test_only_rules_that_hit_have_a_line_in_the_totals(overlapping):
    head = text_of(overlapping, 1).split("H1 ")[0]
    assert "Low core count" in head
    assert "Collective" not in head
