"""Causes that were tried: what comes first of that which TTNN accepts, and where it is shown; a function plays TTNN."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.command import here

from perfsheet import analyze, read
from perfsheet.analysis.rules import RULES
from perfsheet.graph_report.model import DeviceOp, GraphReport, MemoryUse
from perfsheet.text import trials as text
from perfsheet.trials import Session
from perfsheet.trials.causes import try_causes, try_finding, try_together
from perfsheet.trials.cures import CURES
from perfsheet.trials.session import Outcome
from perfsheet.trials.subjects import positions_of
from perfsheet.trials.ways import MORE_CORES, RESHARDS, WANTED

CAPTURE = Path(__file__).parents[2] / "examples" / "captures" / "generated_encoder_block_before.csv"
DEVICE_OPS = {
    "layer_norm": "LayerNormDeviceOperation",
    "linear": "MatmulDeviceOperation",
    "gelu": "UnaryDeviceOperation",
    "add": "BinaryNgDeviceOperation",
    "scaled_dot_product_attention": "SDPAOperation",
    "nlp_create_qkv_heads": "NlpCreateHeadsDeviceOperation",
    "nlp_concat_heads": "NLPConcatHeadsDeviceOperation",
    "interleaved_to_sharded": "InterleavedToShardedDeviceOperation",
    "sharded_to_interleaved": "ShardedToInterleavedDeviceOperation",
}
RECORDED = {"LayerNormDeviceOperation": 12, "MatmulDeviceOperation": 48}


def graph(*made: tuple[str, int]) -> GraphReport:
    """The graph of device ops on so many cores, as the reader gives it."""
    unused = MemoryUse(*[0] * len(MemoryUse._fields))
    empty = dict.fromkeys(DeviceOp._fields) | {"call": 0, "inputs": (), "outputs": (), "circular_bytes": 4096}
    ops = tuple(DeviceOp(**empty | {"name": name, "cores": cores, "use": unused}) for name, cores in made)
    report = GraphReport.__new__(GraphReport)
    report.__dict__.update(device_ops=ops, l1_bank_bytes=1 << 20)
    return report


def accepting(code: str) -> Outcome:
    """Every call becomes its device op, a sharded norm on the cores of its grid."""
    made = []
    for call in re.findall(r"= ttnn\.(?:\w+\.)*(\w+)\((.*?)\n?(?=^\w|\Z)", code, re.MULTILINE | re.DOTALL):
        name = DEVICE_OPS.get(call[0])
        if name is not None:
            grid = re.search(r"compute_with_storage_grid_size=\((\d+), (\d+)\)", call[1])
            cores = int(grid[1]) * int(grid[2]) if grid else RECORDED.get(name, 64)
            made.append((name, cores))
    return Outcome("", graph(*made))


class Board(Session):
    """A board that answers by a function of the code."""

    def build(self, codes):
        return [self.environment["answer"](code) for code in codes]


def board(answer=accepting):
    return Board("n150", (8, 8), "0.0", "python", {"answer": answer})


@pytest.fixture(scope="module")
def analysis():
    return analyze(read(CAPTURE))


def cause_of(analysis, rule):
    return next(cause for cause in analysis.causes if cause.members[0].rule.id == rule)


def test_a_norm_on_more_cores_goes_along_with_its_neighbours(analysis):
    cause = cause_of(analysis, "low-core-count")
    trial = try_causes(analysis, [cause], board()).by_id[cause.id]
    assert trial.op.accepted[0].cores == 48
    assert trial.together.accepted
    best = trial.best
    assert "LayerNorm → Matmul: block-sharded on 8 × 6 cores" in best.label
    assert best.cores[best.label.split(":")[0].split(" → ").index("LayerNorm")] == 48
    assert text.verdict(trial).startswith(f"TTNN accepts {best.label} (")


def test_without_more_cores_nothing_is_said_to_help(analysis):
    def refusing(code):
        return Outcome("no", None) if "LayerNormSharded" in code else accepting(code)

    cause = cause_of(analysis, "low-core-count")
    trial = try_causes(analysis, [cause], board(refusing)).by_id[cause.id]
    assert trial.op.accepted  # in L1, on as many cores as now
    assert trial.best is None
    assert "Of what TTNN accepts nothing is this cure" in text.verdict(trial)

    def refusing_all(code):
        return accepting(code) if "DRAM_MEMORY_CONFIG" in code and "L1" not in code else Outcome("no", None)

    trial = try_causes(analysis, [cause], board(refusing_all)).by_id[cause.id]
    assert "TTNN refuses what was tried" in text.verdict(trial)


def test_of_reshards_the_ops_around_them_are_tried(analysis):
    cause = cause_of(analysis, "reshard")
    trial = try_causes(analysis, [cause], board()).by_id[cause.id]
    assert trial.best.fewer_ops == 3
    assert "reshard" not in trial.best.code
    assert trial.best.cores == (48, 48, 64)


def test_reshards_that_come_in_are_no_gain(analysis):
    def resharding(code):
        outcome = accepting(code)
        ops = [(op.name, op.cores) for op in outcome.report.device_ops]
        more = [("ReshardDeviceOperation", 48)] if len(ops) > 1 else []
        return Outcome("", graph(*ops[:1], *more, *ops[1:]))

    cause = cause_of(analysis, "reshard")
    trial = try_causes(analysis, [cause], board(resharding)).by_id[cause.id]
    assert trial.best is None
    assert "it becomes" in trial.together.refused[0].built.reason


def test_a_chain_is_one_op_if_its_ops_come_out_as_recorded(analysis):
    finding = next(one for one in analysis.findings if one.rule.id == "unfused-linear")
    trial = try_finding(analysis, finding, board())
    assert trial.best.label == "ttnn.linear with gelu"
    assert (trial.best.fewer_ops, trial.chain.count) == (1, 4)

    def otherwise(code):
        return Outcome("", graph(("UnaryDeviceOperation", 7))) if "ttnn.gelu" in code else accepting(code)

    other = try_finding(analysis, finding, board(otherwise))
    assert other.best is None
    assert "does not come out as recorded" in other.problem
    assert "Not tried" in text.chain_again(other.chain)


def test_neighbours_of_a_row(analysis):
    together = try_together(analysis, positions_of(analysis, "102")[0], board())
    assert together.title == "BinaryNg → LayerNorm → Matmul"
    first = together.accepted[0]
    assert (len(first.cores), first.proposal.fewer_ops) == (3, 1)
    assert first.own_cores == 48


def test_a_tensor_that_others_read_too_is_counted_as_moved(analysis):
    """By the graph report the sum before the second norm is read again as the residual."""
    planned = analyze(read(CAPTURE.parent / "planned_encoder_block_before.json"))
    together = try_together(planned, positions_of(planned, "65")[0], board())
    assert together.readers_known
    assert together.title.startswith("BinaryNg → LayerNorm")
    sharded = [one for one in together.answers if "-sharded" in one.proposal.label and one.proposal.place == 1]
    assert sharded
    assert all(one.proposal.moved >= 1 for one in sharded if one.built.accepted)
    assert not try_together(analysis, positions_of(analysis, "102")[0], board()).readers_known


def test_cures_are_of_rules_that_there_are():
    known = {rule.id for rule in RULES}
    assert {*WANTED, *RESHARDS, *MORE_CORES, *CURES} <= known


@pytest.fixture
def on_a_board(monkeypatch):
    monkeypatch.setattr("perfsheet.trials.session", lambda name, grid, assumed, python: board())


def test_the_screen_says_it_of_each_cause(on_a_board, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = here(capsys, "hotspots", CAPTURE, "--try").out
    assert shown.count("TTNN accepts") >= 4
    assert "perfsheet try C2 has the code" in shown
    assert here(capsys, "hotspots", CAPTURE, "--try", "-v").out.count("TTNN accepts") >= 4
    assert "TTNN accepts" not in here(capsys, "hotspots", CAPTURE).out
    assert here(capsys, "hotspots", CAPTURE, "--try", "--csv").status == 2


def test_the_command_numbers_all_that_is_accepted(on_a_board, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    out = here(capsys, "try", "102", CAPTURE, "-n", "2").out
    numbers = [int(line.split()[0]) for line in out.splitlines() if re.match(r" *\d+ {2}", line)]
    assert numbers[:2] == [1, 2]
    assert numbers[2] > 2
    chain = here(capsys, "try", "102", CAPTURE, "--code", str(numbers[2])).out
    assert "made1 = ttnn.add(" in chain
    assert "There is no variant 999" in here(capsys, "try", "102", CAPTURE, "--code", "999").out
    assert max(map(len, out.splitlines())) <= 140


def test_every_output_of_a_report_has_it(on_a_board, capsys, tmp_path):
    files = {name: tmp_path / f"r.{name}" for name in ("xlsx", "html", "md")}
    options = ("-o", files["xlsx"], "--html", files["html"], "--md", files["md"])
    told = json.loads(here(capsys, "report", CAPTURE, "--try", *options, "--json").out)
    by_cause = {one["cause"]: one for one in told["tried"]}
    assert told["tried_on"]["board"] == "n150"
    first = by_cause["C1"]
    assert (first["fewer_ops"], first["core_counts"], first["exact"]) == (3, [48, 48, 64], True)
    page, markdown = files["html"].read_text(), files["md"].read_text()
    for said in (first["label"], "made1 = ttnn.gelu(x1, memory_config=sharded)"):
        assert said in page
        assert said in markdown
    book = load_workbook(files["xlsx"])
    rows = list(book["Tried"].iter_rows(values_only=True))
    assert rows[0][:3] == ("CAUSE", "OPS IN QUESTION", "TTNN ACCEPTS")
    assert rows[1][2] == first["label"]
    assert any(row[1] == "made1 = ttnn.gelu(x1, memory_config=sharded)" for row in rows)
    assert "TTNN ACCEPTS" in {cell for row in book["Summary"].iter_rows(values_only=True) for cell in row}


def test_without_it_nothing_is_there(capsys, tmp_path):
    path = tmp_path / "r.xlsx"
    told = json.loads(here(capsys, "report", CAPTURE, "-o", path, "--json").out)
    assert not {"tried", "tried_on"} & told.keys()
    assert "Tried" not in load_workbook(path).sheetnames
