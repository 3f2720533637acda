"""Stand-in for TTNN's graph capture: devices, one op, and a configuration that refuses keys which it does not know.

As in the real one (0.81.1), a device that is opened while a capture is active breaks it, and ending that capture then
ends the process. `STANDIN_TTNN` makes it another ttnn:

    plain       without a graph capture
    database    as before 0.70: db.sqlite is written while ops run, if the configuration says so
    unstacked   as 0.70: its importer takes one capture
    unreadable  the importer fails
"""

import json
import os
import sqlite3
import types
from pathlib import Path

KIND = os.environ.get("STANDIN_TTNN", "")


def _configuration():
    config = types.SimpleNamespace(enable_fast_runtime_mode=True, enable_graph_report=False)
    config.root_report_path, config.report_name = Path("generated/ttnn/reports"), None
    if KIND == "database":
        config.enable_logging = False
    for name, value in json.loads(os.environ.get("TTNN_CONFIG_OVERRIDES") or "{}").items():
        if not hasattr(config, name):
            raise ValueError(f"Unknown configuration key: {name}")
        setattr(config, name, value)
    return config


CONFIG = _configuration()

if KIND == "database":
    database = types.SimpleNamespace(insert_operation=lambda *_: None)
if KIND not in ("plain", "database"):
    from ttnn import graph


def open_device(device_id):
    """A device, which is its number."""
    if KIND not in ("plain", "database"):
        graph.broken = graph.is_graph_capture_active()
    return device_id


def CreateDevice(device_id):  # noqa: N802 TTNN's own name
    """A device, which another function of this module opens."""
    return open_device(device_id)


def close_device(device):
    """Nothing is left to do."""


def relu(device):
    """An op."""
    if KIND == "database" and CONFIG.enable_logging and not CONFIG.enable_fast_runtime_mode:
        folder = Path(CONFIG.root_report_path) / CONFIG.report_name
        folder.mkdir(parents=True, exist_ok=True)
        sqlite3.connect(folder / "db.sqlite").execute("CREATE TABLE IF NOT EXISTS operations (name)")
    elif KIND != "plain":
        graph.record("ttnn.relu")


def save_config_to_json_file(path):
    """The file that ttnn-visualizer asks for."""
    Path(path).write_text("{}")
