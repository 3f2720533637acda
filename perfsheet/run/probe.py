"""What the target's interpreter has, asked of itself: nothing is guessed from a version."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from perfsheet.run.toolbox import Toolbox
from perfsheet.run.workspace import TARGET_HELPERS, add_to_path

_TIMEOUT_S = 60
_MARK = "perfsheet-probe: "


def ask(interpreter: str, environment: Mapping[str, str]) -> Toolbox:
    """Ask `interpreter` what it has, in the environment of the target."""
    # The profiler makes folders below TT_METAL_HOME when it is imported: below one that goes away again.
    with tempfile.TemporaryDirectory(prefix="perfsheet-probe-") as home:
        asked = {**add_to_path(environment, TARGET_HELPERS), "TT_METAL_HOME": home}
        asked.pop("TT_METAL_PROFILER_DIR", None)
        try:
            done = subprocess.run(
                [interpreter, "-m", "perfsheet_probe"],
                env=asked,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except OSError as error:
            return Toolbox(interpreter, f"the interpreter {interpreter} does not start ({error.strerror or error})")
        except subprocess.TimeoutExpired:
            return Toolbox(interpreter, f"the interpreter {interpreter} did not answer within {_TIMEOUT_S} s")
    lines = done.stdout.decode(errors="replace").splitlines()
    answer = next((line.removeprefix(_MARK) for line in lines if line.startswith(_MARK)), None)
    if answer is not None:
        return _toolbox(interpreter, json.loads(answer))
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
    return Toolbox(interpreter, f"the interpreter {interpreter} does not work: {last[0]}")


def _toolbox(interpreter: str, facts: dict[str, Any]) -> Toolbox:
    tools, options = facts["tools"], facts["options"]
    return Toolbox(
        interpreter,
        versions={"python": facts["python"], **facts["versions"]},
        ttnn_file=facts["ttnn_file"],
        tracy_file=facts["tracy_file"],
        tracy_error=facts["tracy_error"],
        tools=(tools[0], tools[1]) if tools else None,
        options=None if options is None else frozenset(options),
    )
