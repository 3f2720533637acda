"""Trying ops: what is claimed of them, in which order, and when nothing is; TTNN's part is played by a function."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here

from perfsheet import analyze, read
from perfsheet.errors import PerfsheetError
from perfsheet.graph_report.model import DeviceOp, GraphReport, MemoryUse
from perfsheet.graph_report.reasons import reason_of
from perfsheet.text import trials as text
from perfsheet.trials import Session, Trial, try_ops
from perfsheet.trials.board import board_of
from perfsheet.trials.session import Outcome
from perfsheet.trials.subjects import longest_of, positions_of

CAPTURES = Path(__file__).parents[2] / "examples" / "captures"
CAPTURE = CAPTURES / "generated_encoder_block_before.csv"
PLAN = CAPTURES / "planned_encoder_block_before.json"
NORM = 102
"""The row of a LayerNorm on 12 of 64 cores."""


@pytest.fixture(scope="module")
def analysis():
    return analyze(read(CAPTURE))


def graph(name: str, cores: int, l1: int = 4096) -> GraphReport:
    """The graph of one device op, as the reader gives it."""
    fields = dict.fromkeys(DeviceOp._fields) | {
        "name": name,
        "call": 0,
        "inputs": (),
        "outputs": (),
        "cores": cores,
        "circular_bytes": l1,
        "use": MemoryUse(*[0] * len(MemoryUse._fields)),
    }
    report = GraphReport.__new__(GraphReport)
    report.__dict__.update(device_ops=(DeviceOp(**fields),), l1_bank_bytes=1 << 20)
    return report


class Board(Session):
    """A board that answers by a function of the code."""

    def build(self, codes):
        return [self.environment["answer"](code) for code in codes]


def board(answer):
    return Board("n150", (8, 8), "0.0", "python", {"answer": answer})


def norm(code: str) -> Outcome:
    """A LayerNorm on 12 cores, sharded on as many as its grid has; width-sharded ones are refused."""
    if "WIDTH" in code:
        return Outcome("block_w must be divisible by subblock_w", None)
    cores = 48 if "y=6, x=8" in code else 36 if "y=6, x=6" in code else 32 if "BLOCK" in code else 12
    return Outcome("", graph("LayerNormDeviceOperation", cores))


def tried(analysis, answer, row=NORM) -> Trial:
    (trial,) = try_ops(analysis, positions_of(analysis, str(row)), board(answer))
    return trial


def test_accepted_variants_come_by_cores_and_refused_ones_with_their_reason(analysis):
    trial = tried(analysis, norm)
    assert trial.reproduced
    labels = [one.variant.label for one in trial.accepted]
    assert labels[0] == "block-sharded on 8 × 6 cores"
    assert [one.built.cores for one in trial.accepted[:3]] == [48, 36, 32]
    assert text.refusals(trial)[0][0] == "block_w must be divisible by subblock_w"
    assert "LayerNormShardedMultiCoreProgramConfig" in text.code([trial], 1)
    assert text.code([trial], 0) == trial.code.text
    assert text.code([trial], 99) == ""
    assert text.code([trial, trial], len(trial.accepted) + 1) == text.code([trial], 1)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome("", graph("LayerNormDeviceOperation", 13)), "comes out on 13 cores, not on 12 cores"),
        (Outcome("", graph("LayerNormDeviceOperation", 7)), "comes out on 7 cores, not on 12 cores"),
        (Outcome("L1 is full", None), "Refused as recorded, so nothing is claimed: L1 is full"),
        (Outcome("", graph("OtherDeviceOperation", 12)), "it becomes 1 × OtherDeviceOperation"),
        (Outcome("", None), "TTNN wrote no graph of it"),
    ],
    ids=["more", "fewer", "refused", "other", "no-graph"],
)
def test_nothing_is_claimed_of_an_op_that_comes_out_otherwise(analysis, outcome, said):
    asked: list[str] = []

    def answer(code):
        asked.append(code)
        return outcome

    trial = tried(analysis, answer)
    assert not trial.reproduced
    assert said in text.again(trial)
    assert len(asked) == 1
    assert trial.tried == ()


def test_cores_without_work_do_not_count(analysis):
    """A build may start an op on the whole grid, of which only the first pieces have work."""
    trial = tried(analysis, norm)
    idle = replace(trial, pieces=12, again=replace(trial.again, cores=64))
    assert idle.reproduced
    assert "12 cores with work, started on 12 then and on 64 here" in text.again(idle)


def test_identical_ops_are_tried_once_and_longest_first(analysis):
    cause = next(cause for cause in analysis.causes if cause.subject == "LayerNorm")
    positions = positions_of(analysis, cause.id.lower())
    trials = try_ops(analysis, positions, board(norm))
    assert sum(trial.count for trial in trials) == len(positions) == 8
    assert len(trials) == 1
    assert longest_of(analysis, cause) in trials[0].positions


def test_kinds_that_are_not_covered_say_so(tmp_path):
    path = write_csv(tmp_path / "x.csv", [op("GridSampleDeviceOperation"), op("Matmul", INPUT_1_DATATYPE="")])
    trials = try_ops(analyze(read(path)), (0, 1), board(norm))
    assert "this kind of op is not covered" in {trial.problem for trial in trials}
    assert all(text.again(trial) for trial in trials)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("C99", "there is no C99"),
        ("H99", "there is no H99"),
        ("1", "has no row 1"),
        ("norm", "neither a row nor a cause"),
    ],
)
def test_what_is_not_there(analysis, subject, said):
    with pytest.raises(PerfsheetError, match=said):
        positions_of(analysis, subject)


def test_the_board_is_that_of_the_capture(analysis):
    assert board_of(analysis) == ("n150", (8, 8), False)
    assert board_of(analyze(read(PLAN))) == ("n150", (8, 8), False)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("TT_FATAL @ /x/y.cpp:7: a == b\ninfo:\nThey differ\nbacktrace:\n --- x", "They differ"),
        (
            "RuntimeError: TT_THROW @ /x/y.cpp:7: tt::exception\ninfo:\nOut of Memory: 5 B\nbacktrace",
            "Out of Memory: 5 B",
        ),
        ("TT_FATAL @ /x/y.cpp:7: a == b", "a == b"),
        ("TypeError: no such argument\nmore", "TypeError: no such argument"),
        ("", ""),
    ],
)
def test_reasons_are_one_line(error, reason):
    assert reason_of(error) == reason


@pytest.fixture
def on_a_board(monkeypatch):
    """The command with a board that answers like `norm`."""
    monkeypatch.setattr("perfsheet.trials.session", lambda name, grid, assumed, python: board(norm))


def test_the_command_shows_variants_and_their_code(on_a_board, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")
    out = here(capsys, "try", str(NORM), CAPTURE).out
    assert out.startswith("TRIED with ttnn 0.0 on a mock n150 of 8 × 8 cores")
    assert "As recorded: 12 cores" in out
    assert "block-sharded on 8 × 6 cores     48" in out
    assert "Refused (block_w must be divisible by subblock_w)" in out
    assert "    output = ttnn.layer_norm(" in out
    assert max(map(len, out.splitlines())) <= 110


def test_json_has_every_variant_with_its_code(on_a_board, capsys):
    told = json.loads(here(capsys, "try", "c2", CAPTURE, "--json").out)
    assert told["tried_on"] == {"board": "n150", "grid": [8, 8], "ttnn": "0.0"}
    (trial,) = told["trials"]
    assert trial["again"]["reproduced"] is True
    assert {one["accepted"] for one in trial["variants"]} == {"yes", "no"}
    assert all("x = ttnn.empty(" in one["code"] for one in trial["variants"])


def test_of_a_plan_too(on_a_board, capsys):
    table = read(PLAN)
    row = next(int(table.row[at]) for at, code in enumerate(table.text("op_code")) if "LayerNorm" in str(code))
    told = json.loads(here(capsys, "try", str(row), PLAN, "--json").out)
    assert told["trials"][0]["again"]["reproduced"] is True
    assert "least_time_ns" in told["trials"][0]
    assert "kernel_duration_ns" not in told["trials"][0]
