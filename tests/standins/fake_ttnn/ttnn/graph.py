"""Captures the names of ops."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

RunMode = SimpleNamespace(NORMAL="NORMAL")

broken = False
_captured = []
"""The nodes of the capture that is active, if one is."""


def is_graph_capture_active():
    """Whether one has begun."""
    return bool(_captured)


def begin_graph_capture(mode):
    """Begin one."""
    _captured.append({"node_type": "capture_start", "mode": mode})


def record(name):
    """An op runs."""
    if _captured:
        _captured.append({"node_type": "function_start", "stacking_level": 1, "params": {"name": name}})


def end_graph_capture_to_file(path):
    """End it; a device that was opened in the meantime makes that a crash."""
    if broken:
        sys.stderr.flush()
        os.abort()
    nodes = [_captured.pop(0) for _ in list(_captured)]
    Path(path).write_text(json.dumps({"graph": nodes}))
    Path(path).with_suffix(".python_io.json").write_text("[]")
    return nodes
