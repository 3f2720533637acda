from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "standins"))
from standin_home import clock, home

__all__ = ["clock", "home"]
