"""Results of a suite against tt-metal's central targets, where the tests leave no record of their own."""

from __future__ import annotations

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
