"""Make the committed plans of the encoder: ``python examples/make_plans.py PYTHON_WITH_TTNN``.

They are what ``perfsheet plan examples/encoder_block/plan.py:before`` writes, with neutral paths. Nothing in them was
measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = ROOT / "examples" / "captures"
NEUTRAL_ROOT = "/home/user/perfsheet"
"""Where the paths of a committed plan say that this repository is."""


def plan_path(variant: str) -> Path:
    """The committed plan of a variant."""
    return CAPTURES / f"planned_encoder_block_{variant}.json"


def main(python: str) -> None:
    """Plan both variants with the ttnn of this interpreter."""
    for variant in ("before", "after"):
        target, path = f"examples/encoder_block/plan.py:{variant}", plan_path(variant)
        command = [sys.executable, "-m", "perfsheet", "plan", target, "--python", python, "--save", str(path), "-q"]
        subprocess.run(command, check=True, cwd=ROOT)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(json.dumps(str(ROOT))[1:-1], NEUTRAL_ROOT), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
