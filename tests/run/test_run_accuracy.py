"""What tests report of their accuracy: from properties to the outcome of a run, and back from run.json."""

from __future__ import annotations

import json

import pytest

from perfsheet.accuracy import module_of, property_of
from perfsheet.provenance import ReportedPcc, TestResult, lowest, recorded_provenance, reported_pccs
from perfsheet.run.verdict import read_verdict

NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("pcc", ""),
        ("PCC", ""),
        ("pcc:encoder.mlp", "encoder.mlp"),
        ("Pcc: mlp ", "mlp"),
        ("pcc_of_mlp", None),
        ("", None),
    ],
)
def test_which_properties_are_a_pcc(name, module):
    assert module_of(name) == module


def test_a_property_is_read_as_it_is_written():
    assert [module_of(property_of(module)) for module in ("", "encoder", "a:b")] == ["", "encoder", "a:b"]


def test_the_lowest_of_one_module_counts_and_one_that_cannot_be_before_it():
    found = reported_pccs(
        [
            ("pcc", 0.99),
            ("latency_ms", 5),
            ("PCC", "0.98"),
            ("pcc:mlp", 0.9),
            ("pcc:mlp", 1.2),
            ("pcc:mlp", 0.5),
            ("pcc:norm", 1.000001),
        ]
    )
    assert found == (
        ReportedPcc("", 0.98, "0.98"),
        ReportedPcc("mlp", None, "1.2"),
        ReportedPcc("norm", 1.0, "1.000001"),
    )
    assert TestResult("t", "passed", 1.0, "", found).pcc == ReportedPcc("mlp", None, "1.2")
    assert lowest(()) is None


@pytest.mark.parametrize("figure", [NAN, float("inf"), -1.1, "high", "", None, 10**400])
def test_what_no_pcc_can_be(figure):
    (found,) = reported_pccs([("pcc", figure)])
    assert found.value is None
    assert len(found.text) <= 40


def test_a_verdict_has_what_each_test_reported(tmp_path):
    events = [
        {"event": "session", "folder": "/", "pid": 1},
        *({"event": "phase", "nodeid": name, "when": "call", "outcome": "passed", "duration_s": 1} for name in "ab"),
        {"event": "reported", "nodeid": "a", "name": "pcc:mlp", "value": 0.97},
        {"event": "reported", "nodeid": "a", "name": "pcc", "value": NAN},
        {"event": "reported", "nodeid": "never ran", "name": "pcc", "value": 0.1},
        {"event": "end", "exit_status": 0, "duration_s": 2.0},
    ]
    (tmp_path / "events").write_text("".join(json.dumps(event) + "\n" for event in events))
    verdict = read_verdict(tmp_path / "events", "pytest")
    assert verdict is not None
    assert [test.accuracy for test in verdict.tests] == [
        (ReportedPcc("mlp", 0.97, "0.97"), ReportedPcc("", None, "nan")),
        (),
    ]


def test_run_json_is_read_back(tmp_path):
    from hashlib import sha256

    capture = tmp_path / "ops.csv"
    capture.write_text("x")
    texts = dict.fromkeys(("command", "folder", "interpreter", "host", "system", "started", "ended", "log"), "x")
    recorded = {
        **texts,
        **dict.fromkeys(("tt_metal_home", "tt_metal_commit", "simulator")),
        "schema_version": 1,
        "replayed": False,
        "verdict": "2 passed",
        "tests_failed": False,
        "losses": [],
        "argv": [],
        "environment": {},
        "versions": {},
        "devices": [],
        "duration_s": 1.0,
        "profiler_status": 0,
        "target_status": 0,
        "inputs": [{"path": "ops.csv", "size_bytes": 1, "sha256": sha256(b"x").hexdigest()}],
        "tests": [
            {"nodeid": "old", "outcome": "passed", "duration_s": 1.0, "reason": None},
            {
                "nodeid": "new",
                "outcome": "passed",
                "duration_s": 1.0,
                "reason": None,
                "pcc": None,
                "accuracy": [
                    {"module": "mlp", "pcc": 0.97, "reported": "0.97"},
                    {"module": None, "pcc": None, "reported": "nan"},
                    {"module": "edited", "pcc": 7, "reported": "7"},
                ],
            },
        ],
    }
    (tmp_path / "run.json").write_text(json.dumps(recorded))
    old, new = recorded_provenance(capture).results
    assert old.accuracy == ()
    assert new.accuracy == (
        ReportedPcc("mlp", 0.97, "0.97"),
        ReportedPcc("", None, "nan"),
        ReportedPcc("edited", None, "7"),
    )
