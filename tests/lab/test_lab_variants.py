"""The skeleton tests of the four variants, and the device memory of a bench, with the real TTNN."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from mock_lab import PYTHON, needs_mock_board
from support.command import PATIENCE_S, ROOT, environment

pytestmark = needs_mock_board

MOCK_BOARD = ROOT / "tests" / "standins" / "mock_board.py"
SKELETON = files("perfsheet.models.outputs").joinpath("variant_tests.txt").read_text()
BENCH = """
import ttnn

def infer(tiles=32):
    device = ttnn.open_device(device_id=0)
    kept = ttnn.zeros((1, 1, 32 * tiles, 32 * tiles), device=device, dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT)

    def run():
        ttnn.relu(kept)
        ttnn.synchronize_device(device)

    return run
"""


def on_board(folder, *command):
    """A command on a mock n150, in this folder."""
    return subprocess.run(
        [PYTHON, str(MOCK_BOARD), "n150", str(folder / "board"), *map(str, command)],
        cwd=folder,
        env=environment(PYTHONPATH=f"{ROOT}:{ROOT / 'tests/standins/torch_standin'}"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


TAKE = """

@pytest.mark.parametrize("device", [(1, 0)], indirect=True)
def test_take(device):
    places, inputs = to_device(host_inputs(0), device), to_device(host_inputs(0), device)
    write(host_inputs(1), places, COMPUTE)
    take(places, inputs)
"""


def test_ttnn_has_every_name_of_the_skeleton(tmp_path):
    names = sorted(set(re.findall(r"ttnn\.([A-Za-z_0-9]+)", SKELETON)))
    assert {"begin_trace_capture", "execute_trace", "wait_for_event", "copy_host_to_device_tensor"} <= set(names)
    code = f"import ttnn; print([name for name in {names!r} if not hasattr(ttnn, name)])"
    done = on_board(tmp_path, PYTHON, "-c", code)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr[-2000:]


def test_the_plain_variant_runs_once_it_is_filled_in(tmp_path):
    text = SKELETON.format(title="m", imports="", pcc=0.99, torch_side="")
    zeros = "ttnn.zeros((1, 1, 64, 64), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT)"
    text = re.sub(
        r"    return \[\n        ttnn\.from_torch.*?\n    \]\n", f"    return [{zeros}]\n", text, flags=re.DOTALL
    )
    text = text.replace('raise NotImplementedError("fill in make_model")', "return lambda x: ttnn.relu(ttnn.add(x, x))")
    text = re.sub(
        r"    found, wanted = .*?\n\n\n", "    assert output.shape == (1, 1, 64, 64)\n\n\n", text, flags=re.DOTALL
    )
    (tmp_path / "test_m_variants.py").write_text(text + TAKE)
    options = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "test_plain or test_take")
    done = on_board(tmp_path, PYTHON, *options, "test_m_variants.py")
    assert "2 passed, 3 deselected" in done.stdout, done.stdout[-2000:]


@pytest.mark.parametrize("tiles", [32])
def test_a_bench_tells_what_ttnn_has_allocated(tmp_path, tiles):
    (tmp_path / "model.py").write_text(BENCH)
    command = ("bench", "model.py:infer", "--vary", f"tiles=1,{tiles}", "-n", "1", "--python", PYTHON, "--json", "-q")
    done = on_board(tmp_path, sys.executable, "-m", "perfsheet", *command)
    small, large = json.loads(done.stdout)["variants"]
    assert (small["device_memory_of"], small["problem"]) == ("TTNN", None), done.stderr[-2000:]
    # 1,024 tiles of 2 KiB, in whole pages of each bank.
    assert large["device_memory_bytes"] - small["device_memory_bytes"] == pytest.approx(1023 * 2048, rel=0.05)
    assert "memory of the device" in Path(tmp_path / "generated/bench/infer/bench.md").read_text()
