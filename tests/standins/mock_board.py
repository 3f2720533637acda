"""Run a command on a mock board: the real TTNN of the `ttnn` wheel, without a device.

    LAB_PYTHON mock_board.py BOARD FOLDER COMMAND [ARGUMENT...]

BOARD is one of perfsheet.mock_board. FOLDER is made, and can be used again; LAB_PYTHON has the wheel.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

STANDINS = Path(__file__).resolve().parent
if __name__ == "__main__":  # LAB_PYTHON need not have perfsheet
    sys.path.insert(0, str(STANDINS.parents[1]))

from perfsheet.mock_board import BOARDS, make_environment  # noqa: E402


def environment_for(folder: Path, board: str) -> dict[str, str]:
    """The environment of a command on a mock board, for this interpreter's TTNN; torch is a stand-in if it has none."""
    ttnn = importlib.util.find_spec("ttnn")
    if ttnn is None or ttnn.origin is None:
        sys.exit(f"mock_board.py: {sys.executable} has no ttnn")
    changes = make_environment(Path(ttnn.origin).parent, "", board, folder=folder.resolve()).variables
    if importlib.util.find_spec("torch") is None:
        standin = str(STANDINS / "torch_standin")
        changes["PYTHONPATH"] = os.pathsep.join(filter(None, (standin, os.environ.get("PYTHONPATH"))))
    # The wheel is built without its profiler, and ends a process that asks for it.
    kept = {name: value for name, value in os.environ.items() if name != "TT_METAL_DEVICE_PROFILER"}
    return {**kept, "TT_LOGGER_LEVEL": "Error", **changes}


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in BOARDS:
        sys.exit(f"usage: mock_board.py {{{','.join(BOARDS)}}} FOLDER COMMAND [ARGUMENT...]")
    _, kind, place, *command = sys.argv
    os.execvpe(command[0], command, environment_for(Path(place), kind))
