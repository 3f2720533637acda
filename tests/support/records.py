"""Records of runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def record_of(capture: Path) -> dict[str, Any]:
    """A run.json of that capture, as perfsheet writes it."""
    digest = hashlib.sha256(capture.read_bytes()).hexdigest()
    return {
        "schema_version": 1,
        "command": "pytest test_it.py",
        "argv": ["python", "-m", "tracy"],
        "folder": "/work",
        "environment": {"ARCH_NAME": "wormhole_b0"},
        "versions": {"perfsheet": "0.1", "ttnn": None},
        "interpreter": "python",
        "tt_metal_home": None,
        "tt_metal_commit": "abc",
        "host": "host",
        "system": "Linux",
        "devices": [{"node": "/dev/tenstorrent/0", "arch": "wormhole", "board": None}],
        "simulator": None,
        "started": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:01:00+00:00",
        "duration_s": 60.0,
        "profiler_status": 0,
        "target_status": 0,
        "inputs": [{"path": str(capture), "size_bytes": 1, "sha256": digest}],
        "log": "run.log",
        "replayed": False,
        "verdict": "1 passed in 2.1 s",
        "tests_failed": False,
        "tests": [{"nodeid": "test_it.py::test_a", "outcome": "passed", "duration_s": 2.0, "reason": None}],
        "losses": [],
    }
