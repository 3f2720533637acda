"""Builds ops one by one on a mock board, and keeps TTNN's graph of each (run as a script).

    python perfsheet_trials.py trials.json FOLDER

`trials.json` is a list of Python texts that use `ttnn` and `device`. For each, FOLDER gets `NUMBER.json`, TTNN's graph
of it without dispatch (which has the cores), and a line of `results.jsonl`: its number, and TTNN's reason if it refuses
it, there or when it is dispatched (which allocates). It runs in the interpreter that has ttnn, so it imports nothing
from perfsheet and needs no more than Python 3.8.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def _build(ttnn: Any, device: Any, code: str) -> str:
    """Build an op; TTNN's reason if it refuses that."""
    names = {"ttnn": ttnn, "device": device}
    try:
        exec(code, names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        names.clear()
        gc.collect()  # tensors of one trial must not take the memory of the next
    return ""


def _tried(ttnn: Any, device: Any, code: str, graph: Path) -> str:
    ttnn.graph.begin_graph_capture(ttnn.graph.RunMode.NO_DISPATCH)
    try:
        reason = _build(ttnn, device, code)
    finally:
        ttnn.graph.end_graph_capture_to_file(str(graph))
    return reason or _build(ttnn, device, code)


def _main(trials: Path, folder: Path) -> None:
    importlib.import_module("torch")  # ttnn asks for it at the first tensor
    ttnn: Any = importlib.import_module("ttnn")
    workers = ttnn.DispatchCoreConfig(ttnn.DispatchCoreType.WORKER)
    device = ttnn.open_device(device_id=0, dispatch_core_config=workers, l1_small_size=1 << 15)
    device.disable_and_clear_program_cache()  # a cached program is not built again
    gc.freeze()  # what the imports left is looked through no more: twenty times as fast
    with (folder / "results.jsonl").open("a", encoding="utf-8") as results:
        for number, code in enumerate(json.loads(trials.read_text(encoding="utf-8"))):
            if code is None:  # an earlier process did it
                continue
            reason = _tried(ttnn, device, code, folder / f"{number}.json")
            results.write(json.dumps({"number": number, "reason": reason}) + "\n")
            results.flush()
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    os._exit(0)  # closing a mock board takes seconds, and nothing is left to be kept


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
