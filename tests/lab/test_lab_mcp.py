"""Tools of the server that ask the real TTNN: plan, and try, on a mock board."""

from __future__ import annotations

import pytest
from mock_lab import PYTHON, needs_mock_board
from support.command import ROOT
from support.mcp_client import EXAMPLES, Served

pytestmark = needs_mock_board

TORCH = ROOT / "tests" / "standins" / "torch_standin"


@pytest.fixture
def served(tmp_path):
    return Served(
        *(tmp_path, EXAMPLES.parent, "--allow-run", "--python", PYTHON),
        folder=tmp_path,
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        PYTHONPATH=f"{ROOT}:{TORCH}",
    )


def test_a_plan_is_made_and_read_as_a_capture(served):
    model = EXAMPLES.parent / "encoder_block" / "plan.py"
    plans = [("plan", {"target": f"{model}:{name}", "save": f"{name}.json"}) for name in ("before", "after")]
    before, after = served.answers(*plans)
    assert [one["saved"] for one in (before, after)] == ["before.json", "after.json"]
    assert before["planned"]["board"] == "n150"
    assert before["causes"][0]["title"].startswith("Reshard")
    assert len(after["causes"]) < len(before["causes"])
    told = served.answer("causes", capture="before.json")
    assert told["causes"][0]["bound_ns"] == before["causes"][0]["bound_ns"]
    assert told["causes"][0]["expected_saving_ns"] is None  # nothing was measured


def test_an_op_is_tried(served):
    found = served.answer("try", capture=str(EXAMPLES / "generated_encoder_block_before.csv"), subject="102")
    assert found["tried_on"]["board"] == "n150"
    (trial,) = found["trials"]
    best = trial["variants"][0]
    assert (best["accepted"], best["core_count"]) == ("yes", 48)
    assert "LayerNormShardedMultiCoreProgramConfig" in best["code"]


def test_a_plan_of_nothing_says_where_the_output_is(served):
    (said,) = served.refusals(("plan", {"target": "pytest -q nothing.py"}))
    assert "full output" in said or "nothing.py" in said
