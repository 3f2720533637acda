"""`perfsheet plan` with the real TTNN, which opens mock boards, places ops on them, and refuses what does not fit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from mock_lab import PYTHON, needs_mock_board
from support.command import ROOT, perfsheet

pytestmark = needs_mock_board

STANDINS = Path(__file__).parents[1] / "standins"
CAPTURES = ROOT / "examples" / "captures"
GRIDS = {"n150": 64, "n300": 64, "p100": 110, "p150": 110}


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """A cache of mock boards of its own: they are made here, once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def planned(tmp_path, boards):
    """Plan a function of plan_models.py, or another target; the status, what was said, and the plan's JSON."""
    shutil.copy(STANDINS / "plan_models.py", tmp_path / "model.py")

    def plan(target, *options, status=0):
        target = target if "/" in target or target.startswith("-") else f"model.py:{target}"
        ended = perfsheet(
            *("plan", *target.split("|"), "--python", PYTHON, "--save", tmp_path / "plan.json", "--json", *options),
            cwd=tmp_path,
            XDG_CACHE_HOME=str(boards),
            PYTHONPATH=str(STANDINS / "torch_standin"),
        )
        assert ended.status == status, ended.err
        return ended, json.loads(ended.out) if ended.out else {}

    return plan


RANGE = re.compile(r"(\d+)-(\d+) - (\d+)-(\d+)|\"x\":(\d+),\"y\":(\d+)\},\"end\":\{\"x\":(\d+),\"y\":(\d+)")


def cores_in(path):
    """The cores of each op on a device: the union of the ranges of its circular buffers, counted here."""
    counts = []
    for capture in json.loads(path.read_text(encoding="utf-8"))["captures"]:
        opened: list[set[tuple[int, int]]] = []
        for node in capture["graph"]:
            kind = node["node_type"]
            if kind == "function_start":
                opened.append(set())
            elif kind == "function_end" and opened:
                if cores := opened.pop():
                    counts.append(len(cores))
            elif kind in ("circular_buffer_allocate", "dataflow_buffer_allocate"):
                for found in RANGE.finditer(node["params"]["core_range_set"]):
                    left, top, right, bottom = (int(place) for place in found.groups() if place is not None)
                    opened[-1].update((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))
    return sorted(counts)


@pytest.mark.parametrize("board", ["n150", "p150"])
@pytest.mark.parametrize(
    ("model", "codes"),
    [("cnn", ("Halo", "Conv2d", "Unary", "Pool2D")), ("attention", ("SDPA", "NLPConcatHeads", "Matmul"))],
)
def test_a_cnn_and_an_attention_block(planned, tmp_path, board, model, codes):
    _, report = planned(model, "--board", board)
    assert report["planned"]["board"] == board
    assert report["capture"]["worker_cores"] == GRIDS[board]
    names = " ".join(op["op_code"] for op in report["ops"])
    assert all(code in names for code in codes), names
    assert cores_in(tmp_path / "plan.json") == sorted(op["core_count"] for op in report["ops"])
    assert all(op["source"]["file"].endswith("model.py") for op in report["ops"])


@pytest.mark.parametrize(("board", "mesh"), [("n300", ""), ("p150", "1x2")])
def test_a_mesh_of_two_devices_with_a_collective(planned, board, mesh):
    _, report = planned("gather", "--board", board, *(("--mesh", mesh) if mesh else ()))
    assert report["planned"]["mesh"] == "1x2"
    assert report["capture"]["worker_cores"] == GRIDS[board]
    assert report["capture"]["devices"] == [0, 1]
    assert {op["op_code"] for op in report["ops"]} == {"UnaryDeviceOperation", "AllGatherDeviceOperation"}
    (collective,) = (cause for cause in report["causes"] if cause["title"] == "Collective")
    assert collective["bound_ns"] is None  # what overlaps with it, only a device tells


@pytest.mark.parametrize("board", GRIDS)
def test_every_board_has_its_grid(planned, board):
    _, report = planned("few_cores", "--board", board)
    (norm,) = report["ops"]
    assert (norm["core_count"], norm["worker_cores"]) == (12, GRIDS[board])
    assert "low-core-count" in norm["flags"]


@pytest.mark.parametrize("variant", ["before", "after"])
def test_the_example_is_planned_as_it_is_committed(planned, tmp_path, variant):
    """The committed plans are what this TTNN plans; their reshards and cores are those of the generated captures."""
    planned(f"{ROOT}/examples/encoder_block/plan.py:{variant}")
    made = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    committed = json.loads((CAPTURES / f"planned_encoder_block_{variant}.json").read_text(encoding="utf-8"))
    if made["ttnn"] != committed["ttnn"]:
        pytest.skip(f"the committed plans are of ttnn {committed['ttnn']}")
    assert made["ops"] == committed["ops"]


def test_what_ttnn_refuses_ends_the_plan_with_its_reason_and_line(planned):
    ended, report = planned("refused", status=1)
    said = report["planned"]["refused"]
    assert said.startswith("ttnn.linear at model.py:")
    assert "width of the first tensor must be equal to the height of the second" in said
    assert [op["op_code"] for op in report["ops"]] == ["UnaryDeviceOperation"]
    assert "TTNN refuses ttnn.linear" in ended.err


@pytest.mark.parametrize(
    ("model", "said"),
    [("refused_at_once", "TTNN refuses ttnn.linear at model.py:"), ("fails", "KeyError: 'encoder.layer.0.weight'")],
)
def test_without_any_op_the_reason_is_said_and_the_log_is_kept(planned, tmp_path, model, said):
    ended, _ = planned(model, status=1)
    assert f"nothing was planned: {said}" in ended.err
    log = re.search(r"the full output is in (\S+\.log)", ended.err)
    assert log is not None
    assert Path(log[1]).is_file()
    assert not (tmp_path / "plan.json").exists()


def test_a_target_that_waits_for_a_value_is_ended_and_what_it_came_to_is_planned(planned):
    _, report = planned("waits", "--timeout", "12")
    assert "after its time limit of 12 s" in report["planned"]["stopped"]
    assert "LayerNormDeviceOperation" in {op["op_code"] for op in report["ops"]}


def test_a_pytest_target_whose_values_are_checked_is_planned_all_the_same(planned, tmp_path):
    (tmp_path / "test_model.py").write_text(
        "import model, pytest, ttnn\n\n"
        "def test_values():\n"
        "    device = ttnn.open_device(device_id=0)\n"
        "    model.few_cores(device)\n"
        "    ttnn.close_device(device)\n"
        "    assert False, 'zeros'\n\n"
        "def test_more():\n"
        "    device = ttnn.open_device(device_id=0)\n"
        "    model.few_cores(device)\n"
        "    ttnn.close_device(device)\n",
        encoding="utf-8",
    )
    _, report = planned("-c|pytest -q test_model.py")
    assert (len(report["ops"]), report["planned"]["tests_failed"]) == (2, True)
    assert report["planned"]["tests"].startswith("1 passed, 1 failed")


def test_300_ops_are_planned_within_a_minute(planned, tmp_path):
    planned("few_cores")  # the first run makes the board
    began = time.monotonic()
    planned("long")
    assert time.monotonic() - began < 60
    assert len(json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["ops"]) == 300


def test_set_up_writes_nothing_into_the_package(boards, tmp_path):
    where = "import importlib.util as util; print(util.find_spec('ttnn').origin)"
    origin = subprocess.run([PYTHON, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    package = Path(origin).parent

    def files():
        return {path for path in package.rglob("*") if "__pycache__" not in path.parts}

    before = files()
    cache = tmp_path / "cache"
    ended = perfsheet("plan", "--setup", "--python", PYTHON, XDG_CACHE_HOME=str(cache))
    assert ended.status == 0, ended.err
    assert str(cache / "perfsheet" / "mock-boards") in ended.out + ended.err
    assert files() == before
    doctor = perfsheet("doctor", "--python", PYTHON, "--json", XDG_CACHE_HOME=str(cache))
    checks = json.loads(doctor.out)["checks"]
    assert [check["ok"] for check in checks if check["id"] == "mock-board"] == [True], checks


def test_signposts_and_traces_have_their_place(planned, tmp_path):
    planned("signposts")
    plan = tmp_path / "plan.json"
    window = ("--start-signpost", "start", "--end-signpost", "stop", "--json")
    told = json.loads(perfsheet("top-ops", plan, *window, cwd=tmp_path).out)
    codes = sorted(op["op_code"] for op in told["ops"])
    assert codes == ["MatmulDeviceOperation", "SoftmaxDeviceOperation"]  # once: a replay runs nothing here


def test_what_does_not_fit_in_l1_is_a_warning(planned):
    _, report = planned("too_large")
    (warning,) = report["capture"]["warnings"]
    assert re.search(r"1 op would not fit in L1 .* UnaryDeviceOperation at model\.py:\d+", warning), warning


def test_a_refusal_that_the_target_handles_is_a_warning(planned):
    _, report = planned("handled")
    assert report["planned"]["refused"] is None
    assert "the target went on without it" in " ".join(report["capture"]["warnings"])
    assert [op["op_code"] for op in report["ops"]] == ["MatmulDeviceOperation"]


def test_a_function_that_takes_the_device_by_name(planned):
    _, report = planned("by_name")
    assert [op["op_code"] for op in report["ops"]] == ["UnaryDeviceOperation"]


def test_why_a_function_target_never_ran(planned):
    ended, _ = planned("nothing_of_this_name", status=1)
    assert "model.py has no function nothing_of_this_name" in ended.err
