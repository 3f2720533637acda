"""`perfsheet try` with the real TTNN: what it accepts runs as it is pasted, what it refuses has its reason."""

from __future__ import annotations

import json
import subprocess

import pytest
from mock_lab import PYTHON, needs_mock_board
from support.command import ROOT, perfsheet
from support.command import here as in_process
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
    assert [cores for _, cores in planned(best["code"], tmp_path, boards)] == [48]


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


@pytest.fixture
def causes(tmp_path, boards):
    """What TTNN says of the causes of a capture, by their ids."""

    def run(capture):
        ended = perfsheet(
            *("hotspots", capture, "--try", "-n", "0", "--python", PYTHON, "--json"),
            cwd=tmp_path,
            XDG_CACHE_HOME=str(boards),
            PYTHONPATH=TORCH,
        )
        assert ended.status == 0, ended.err
        told = json.loads(ended.out)
        rules = {cause["id"]: cause["cure"][0]["rule"] for cause in told["causes"]}
        return {rules[one["cause"]]: one for one in reversed(told["tried"])}

    return run


def planned(code, folder, boards):
    """The device ops that pasted Python becomes, as (code, cores)."""
    body = "\n".join(f"    {line}" for line in code.splitlines())
    (folder / "pasted.py").write_text(f"import ttnn\n\n\ndef forward(device):\n{body}\n    return output\n")
    ended = perfsheet(
        *("plan", "pasted.py:forward", "--python", PYTHON, "--save", folder / "plan.json", "--force", "--json"),
        cwd=folder,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
    )
    assert ended.status == 0, ended.err
    return [(op["op_code"], op["core_count"]) for op in json.loads(ended.out)["ops"]]


def test_ops_around_reshards_run_in_one_shard_scheme_without_them(causes, boards, tmp_path):
    tried = causes(BEFORE)
    reshard = tried["reshard"]
    assert reshard["fewer_ops"] >= 2
    assert reshard["moved"] == 0
    ops = planned(reshard["code"], tmp_path, boards)
    assert len(ops) == len(reshard["core_counts"]) == 3
    assert not [code for code, _ in ops if "harded" in code or "Reshard" in code]
    norm = tried["low-core-count"]
    assert max(norm["core_counts"]) > 12
    linear = tried["unfused-linear"]
    assert (linear["label"], linear["fewer_ops"]) == ("ttnn.linear with gelu", 1)
    assert len(planned(linear["code"], tmp_path, boards)) == 1


_CURES = {
    "wormhole-n150-clip-encoder.csv": {
        "unfused-attention": ("scaled_dot_product_attention", 2),
        "unfused-heads": ("nlp_c", 1),
        "unfused-activation": ("ttnn.gelu", 4),
        "faster-sibling": ("ttnn.linear", 0),
        "low-core-count": ("width-sharded", 0),
    },
    "blackhole-p150-cohere-decode-trace-replays.csv": {"fusable-pair": ("paged_fused_update_cache", 1)},
    "blackhole-p150-decoder-excerpt.csv": {"matmul-not-dram-sharded": ("DRAM-sharded", 0)},
    "wormhole-n150-segformer-encoder-2024-10.csv": {"unfused-attention": ("scaled_dot_product_attention", 7)},
}


@pytest.mark.parametrize("name", _CURES)
def test_cures_of_real_captures_are_accepted(name, causes):
    if not (DATA / name).is_file():
        pytest.skip("no folder shared/data with real captures beside the checkout")
    tried = causes(DATA / name)
    for rule, (label, fewer) in _CURES[name].items():
        assert label in (tried[rule]["label"] or tried[rule]["says"]), rule
        assert tried[rule]["fewer_ops"] == fewer, rule


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


@pytest.mark.parametrize(
    "name", ["generated_encoder_block_before.csv", "generated_encoder_block_after.csv", PLANNED.name]
)
def test_written_tests_are_collected_and_build(name, boards, tmp_path):
    """On a mock board every op is built, of a plan also every module, and no value is checked."""
    capture = CAPTURES / name
    written = perfsheet("tests", capture, "-o", tmp_path / "ops", cwd=tmp_path)
    assert written.status == 0, written.err
    count = int(written.out.split(" configurations")[0].rpartition(" ")[2])
    count += len(list((tmp_path / "ops").glob("test_module_*.py")))
    ended = perfsheet(
        *("plan", "-c", "pytest -q ops", "--python", PYTHON, "--save", tmp_path / "plan.json", "--json"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
    )
    assert ended.status == 0, ended.err
    planned = json.loads(ended.out)["planned"]
    assert planned["tests"].startswith(f"{count} skipped"), planned["tests"]


MODELS = ROOT / "examples" / "torch_models.py"


@pytest.mark.parametrize("model", ["resnet18", "bert", "upsampler"])
def test_torch_ops_are_accepted(model, here, capsys, tmp_path):
    """Every op of the models for which a call is known, in all its shapes."""
    pytest.importorskip("torch", reason="needs the extra `torch`")
    ended = in_process(
        *(capsys, "graph", f"{MODELS}:{model}", "-o", tmp_path / "stat", "--try", "--python", PYTHON, "--json")
    )
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert told["registry"]["bundled"] is False
    tried = {one["op_type"]: one["accepted"].split() for one in told["coverage"] if " of " in (one["accepted"] or "")}
    assert len(tried) >= 5
    assert not {name: words for name, words in tried.items() if words[0] != words[2]}


@pytest.mark.parametrize("model", ["resnet18", "bert", "upsampler"])
def test_written_tests_of_torch_ops_build(model, here, capsys, boards, tmp_path):
    pytest.importorskip("torch", reason="needs the extra `torch`")
    written = in_process(capsys, "tests", f"{MODELS}:{model}", "-o", tmp_path / "ops")
    count = int(written.out.split(" configurations")[0].rpartition(" ")[2])
    ended = perfsheet(
        *("plan", "-c", "pytest -q ops", "--python", PYTHON, "--save", tmp_path / "plan.json", "--json"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(boards),
        PYTHONPATH=TORCH,
    )
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["planned"]["tests"].startswith(f"{count} skipped")


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
