"""`perfsheet try` with the real TTNN: what it accepts runs as it is pasted, what it refuses has its reason."""

from __future__ import annotations

import json
import subprocess

import pytest
from mock_lab import PYTHON, needs_mock_board
from support.command import ROOT, perfsheet
from support.real import DATA

pytestmark = needs_mock_board

CAPTURES = ROOT / "examples" / "captures"
BEFORE = CAPTURES / "generated_encoder_block_before.csv"
PLANNED = CAPTURES / "planned_encoder_block_before.json"


TORCH = str(ROOT / "tests" / "standins" / "torch_standin")
"""TTNN asks for torch, of which nothing is used here."""


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """A cache of mock boards of its own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def here(boards, monkeypatch):
    """This process with the cache, and with a torch for TTNN."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(boards))
    monkeypatch.setenv("PYTHONPATH", TORCH)


@pytest.fixture
def tried(tmp_path, boards):
    """The trials of a subject as JSON."""

    def run(subject, capture, *options):
        ended = perfsheet(
            *("try", subject, capture, "--python", PYTHON, "--json", *options),
            cwd=tmp_path,
            XDG_CACHE_HOME=str(boards),
            PYTHONPATH=TORCH,
        )
        assert ended.status == 0, ended.err
        return json.loads(ended.out)["trials"]

    return run


def test_a_layer_norm_on_12_cores_is_accepted_on_48_and_the_code_runs(tried, boards, tmp_path):
    (trial,) = tried("102", BEFORE)
    assert (trial["core_count"], trial["again"]["core_count"], trial["again"]["reproduced"]) == (12, 12, True)
    best = trial["variants"][0]
    assert (best["accepted"], best["core_count"], best["label"]) == ("yes", 48, "block-sharded on 8 × 6 cores")
    plan = tmp_path / "plan.json"
    body = "\n".join(f"    {line}" for line in best["code"].splitlines())
    (tmp_path / "pasted.py").write_text(f"import ttnn\n\n\ndef forward(device):\n{body}\n    return output\n")
    ended = perfsheet(
        *("plan", "pasted.py:forward", "--python", PYTHON, "--save", plan, "--json"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
    )
    assert ended.status == 0, ended.err
    assert [op["core_count"] for op in json.loads(ended.out)["ops"]] == [48]


def test_every_cause_of_the_example(tried):
    trials = tried("C3", BEFORE)
    assert trials
    assert all(trial["again"]["reproduced"] for trial in trials)
    labels = {one["label"] for trial in trials for one in trial["variants"] if one["accepted"] == "yes"}
    assert any(label.startswith("in0_block_w ") for label in labels)


def test_a_row_of_a_plan(tried):
    columns = json.loads(PLANNED.read_text(encoding="utf-8"))
    codes = [row[0] for row in columns["ops"]]
    (trial,) = tried(str(codes.index("LayerNormDeviceOperation") + 2), PLANNED)
    assert trial["again"]["reproduced"]


_REFUSED = {
    "subblocks": (
        "a = ttnn.empty([1, 1, 384, 768], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device)\n"
        "b = ttnn.empty([1, 1, 768, 768], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device)\n"
        "ttnn.matmul(a, b, program_config=ttnn.MatmulMultiCoreReuseMultiCastProgramConfig("
        "compute_with_storage_grid_size=(2, 6), in0_block_w=2, out_subblock_h=2, out_subblock_w=12, per_core_M=2, "
        "per_core_N=12, transpose_mcast=False, fused_activation=None))",
        r"needs to be at most 8",
    ),
    "memory": (
        "ttnn.empty([1, 1, 8192, 8192], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device, "
        "memory_config=ttnn.L1_MEMORY_CONFIG)",
        r"bank size is \d+ B \(allocated: \d+ B, free: \d+ B",
    ),
}


def test_reasons_are_those_of_ttnn(here):
    """The last one crashes nothing: what comes after a refusal is tried like what came before."""
    import re

    from perfsheet.trials import session

    fine = "ttnn.relu(ttnn.empty([1, 1, 32, 32], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device))"
    outcomes = session("n150", (8, 8), False, PYTHON).build([*(code for code, _ in _REFUSED.values()), fine])
    for outcome, (_, reason) in zip(outcomes, _REFUSED.values(), strict=False):
        assert re.search(reason, outcome.reason), outcome.reason
    assert outcomes[-1].reason == ""


def test_any_grid_can_be_mocked(here):
    from perfsheet.trials import session

    code = "ttnn.relu(ttnn.empty([1, 1, 2048, 2048], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device))"
    for name, grid in (("p150", (5, 4)), ("p150", (11, 10)), ("n150", (8, 7))):
        (outcome,) = session(name, grid, False, PYTHON).build([code])
        assert outcome.report is not None
        assert outcome.report.device_ops[-1].cores == grid[0] * grid[1]


def test_a_crash_costs_one_op(here):
    from perfsheet.trials import session

    fine = "ttnn.relu(ttnn.empty([1, 1, 32, 32], dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device))"
    outcomes = session("n150", (8, 8), False, PYTHON).build([fine, "import os; os.kill(os.getpid(), 11)", fine])
    assert [outcome.reason for outcome in outcomes] == ["", "TTNN crashed", ""]


_OF_CAPTURES = {
    "wormhole-n150-clip-encoder.csv": 0.8,
    "blackhole64-clip-encoder.csv": 0.8,
    "blackhole-8xp150-deepseek-v3.csv": 0.8,
    "blackhole-p150-cohere-decode-trace-replays.csv": 0.8,
    "blackhole-p150-cohere-decode-optimised-trace-replays.csv": 0.8,
    "blackhole-p150-decoder-excerpt.csv": 0.8,
}


@pytest.mark.parametrize("name", _OF_CAPTURES)
def test_recorded_cores_come_out_again(name, here):
    from perfsheet import Options, Selection, analyze, read
    from perfsheet.trials import session, try_ops
    from perfsheet.trials.board import board_of

    if not (DATA / name).is_file():
        pytest.skip("no folder shared/data with real captures beside the checkout")
    analysis = analyze(read(DATA / name), Options(selection=Selection(which_pass="all"), per_device=True))
    board = session(*board_of(analysis), PYTHON)
    covered = [trial for trial in try_ops(analysis, range(len(analysis.ops)), board, variants=False) if trial.kind]
    again = sum(trial.count for trial in covered if trial.reproduced)
    assert again >= _OF_CAPTURES[name] * sum(trial.count for trial in covered)


def test_without_ttnn_it_says_what_to_install(tmp_path):
    import sys

    found = subprocess.run([sys.executable, "-c", "import ttnn"], capture_output=True, check=False).returncode == 0
    if found:
        pytest.skip("the interpreter of the tests has ttnn")
    ended = perfsheet("try", "102", BEFORE, "--python", sys.executable, cwd=tmp_path)
    assert ended.status == 4
    assert "pip install 'perfsheet[ttnn]'" in ended.err


@pytest.mark.parametrize("variant", ["before", "after"])
def test_written_tests_are_collected_and_build(variant, boards, tmp_path):
    """On a mock board every op is built, and no value is checked."""
    capture = CAPTURES / f"generated_encoder_block_{variant}.csv"
    written = perfsheet("tests", capture, "-o", tmp_path / "ops", cwd=tmp_path)
    assert written.status == 0, written.err
    count = int(written.out.split(" tests, which")[0].rpartition(" ")[2])
    ended = perfsheet(
        *("plan", "-c", "pytest -q ops", "--python", PYTHON, "--save", tmp_path / "plan.json", "--json"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
    )
    assert ended.status == 0, ended.err
    planned = json.loads(ended.out)["planned"]
    assert planned["tests"].startswith(f"{count} skipped"), planned["tests"]


def test_the_page_shows_what_it_prints(boards, tmp_path):
    page = (ROOT / "docs" / "try.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("```")[0].strip().splitlines()
    ended = perfsheet(
        *("try", "102", BEFORE, "--python", PYTHON, "-n", "3"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
        COLUMNS="160",
    )
    if "with ttnn 0.81.1 " not in ended.out:
        pytest.skip("the page shows what ttnn 0.81.1 says")
    assert ended.out.splitlines()[: len(shown)] == shown
