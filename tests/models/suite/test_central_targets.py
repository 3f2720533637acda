"""Results of a suite against tt-metal's central targets, where the tests leave no record of their own."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from perfsheet.models.suite import read_suite
from perfsheet.models.suite.central_targets import check_central_targets
from perfsheet.models.suite.model import ModelResult
from perfsheet.models.targets import read_targets

TARGETS = "targets: {vit: {skus: {wh_n150: {entries: [{batch_size: 8, perf: {inference_time_s: 2.0}}]}}}}"
SUITE = """
[suite]
targets = "t.yaml"
sku = "n150"
[[target]]
model = "vit (bare metal)"
command = "pytest x.py"
"""


def checked(tmp_path, targets, result, *records):
    (tmp_path / "t.yaml").write_text(targets)
    (tmp_path / "suite.toml").write_text(SUITE)
    suite = replace(read_suite(tmp_path / "suite.toml"), output=tmp_path)
    names = []
    for number, record in enumerate(records):
        names.append(f"partial_run_{number}.json")
        (tmp_path / names[-1]).write_text(json.dumps({"ml_model_name": "vit", "measurements": record}))
    result = replace(result, records=tuple(names))
    (found,) = check_central_targets(suite, [result], read_targets(suite.central_targets))
    return found


PASSED = ModelResult("vit", outcome="passed", batch=8, started="2026-01-01T00:00:00")
BOTH = "targets: {vit: {skus: {wh_n150: {entries: [{perf: {decode_t/s: 10.0}, accuracy: {top1: 90}}]}}}}"
ACCURACY = "targets: {vit: {skus: {wh_n150: {entries: [{accuracy: {top1: 90}}]}}}}"


def measured(name, value):
    return [{"step_name": "inference_decode", "name": name, "value": value}]


def test_targets_that_no_record_measures(tmp_path):
    times, accuracy = measured("tokens/s", 10.0), measured("top1_token_accuracy", 90.0)
    none = checked(tmp_path, ACCURACY, PASSED, times)
    assert none.breaches == ("targets: nothing measures top1 of vit on wh_n150",)
    part = checked(tmp_path, BOTH, PASSED, times)
    assert (part.breaches, part.warnings) == ((), ("targets: nothing measures top1 of vit on wh_n150",))
    whole = checked(tmp_path, BOTH, PASSED, times, accuracy)
    assert (whole.breaches, whole.warnings) == ((), ())
    own_name = checked(tmp_path, ACCURACY, PASSED, measured("top1", 10.0))
    assert own_name.breaches == ("targets: top1: 10, 76.5 to 103.5 allowed (target 90)",)


def test_a_second_perf_file_is_held_against_the_targets_too(tmp_path):
    slow = replace(PASSED, batch=16, inference_s=5.0)
    entries = "[{batch_size: null, perf: {inference_time_s: 2.0}}]"
    targets = f"targets: {{vit: {{skus: {{wh_n150: {{entries: {entries}}}}}}}}}"
    found = checked(tmp_path, targets, replace(PASSED, inference_s=2.0, further=(slow,)))
    assert found.breaches == ()
    assert found.further[0].breaches == ("targets: inference_time_s: 5, 1.7 to 2.3 allowed (target 2)",)


@pytest.mark.parametrize(
    ("inference_s", "breaches"),
    [
        (1.9, ()),
        (3.0, ("targets: inference_time_s: 3, 1.7 to 2.3 allowed (target 2)",)),
        (None, ("targets: the test left no benchmark record of vit, which has targets on n150",)),
    ],
)
def test_the_figures_of_the_perf_file_count(tmp_path, inference_s, breaches):
    (tmp_path / "t.yaml").write_text(TARGETS)
    (tmp_path / "suite.toml").write_text(SUITE)
    result = ModelResult(
        "vit (bare metal)", outcome="passed", batch=8, inference_s=inference_s, started="2026-01-01T00:00:00"
    )
    suite = read_suite(tmp_path / "suite.toml")
    (checked,) = check_central_targets(suite, [result], read_targets(suite.central_targets))
    assert checked.breaches == breaches
