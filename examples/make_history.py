"""Write a generated history: ``python examples/make_history.py FOLDER [RUNS]``.

Nightly captures of ``examples/encoder_block`` on one n150, 300 by default, a commit each. They are generated, not
measured: every run is that of ``examples/make_captures.py`` with noise of 1.2 % on all of its ops, and three commits
change the time of one op for good. ``PLANTED`` says which.

    FOLDER/encoder_block/n150/COMMIT/ops_perf_results_TIME.csv
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

if __package__ in {None, ""}:  # run as a script: the folder above `examples` isn't on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.encoder_block.config import BEFORE
from examples.generate.capture import capture_text
from examples.generate.ops import Op
from examples.generate.timeline import Clock

RUNS = 300
NOISE = 0.012
FIRST_NIGHT = datetime(2026, 1, 1, 2, 0, 0)
_SEED = 260101


@dataclass(frozen=True)
class Planted:
    """From run ``at`` of 300 on, ops with this code and shape take ``factor`` times as long."""

    at: int
    op_code: str
    output: tuple[int, ...]
    factor: float

    def concerns(self, op: Op) -> bool:
        return op.code == self.op_code and op.outputs[0].shape == self.output


PLANTED = (
    Planted(90, "LayerNormDeviceOperation", (1, 1, 384, 768), 1.35),
    Planted(170, "SDPAOperation", (1, 12, 384, 64), 0.45),
    Planted(240, "MatmulDeviceOperation", (1, 1, 384, 3072), 1.4),
)


def commit_of(run: int) -> str:
    """The commit of a run: 40 hexadecimal digits made of its number."""
    return hashlib.sha256(f"generated commit {run}".encode()).hexdigest()[:40]


def start_of(run: int) -> datetime:
    """When a run started: one a night."""
    return FIRST_NIGHT + timedelta(days=run)


def write_history(folder: Path, runs: int = RUNS) -> list[Path]:
    """Write the captures of so many runs below ``folder``; with fewer than 300 the changes come as much earlier."""
    noise = random.Random(_SEED)
    paths = []
    for run in range(runs):
        text = capture_text(BEFORE, clock=Clock(_SEED + run, factor=_factor(run, runs, 1 + NOISE * noise.gauss(0, 1))))
        path = (
            folder
            / "encoder_block"
            / "n150"
            / commit_of(run)
            / f"ops_perf_results_{start_of(run):%Y_%m_%d_%H_%M_%S}.csv"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        paths.append(path)
    return paths


def _factor(run: int, runs: int, of_run: float) -> Callable[[Op], float]:
    changed = [planted for planted in PLANTED if run >= planted.at * runs // RUNS]

    def factor(op: Op) -> float:
        found = of_run
        for planted in changed:
            if planted.concerns(op):
                found *= planted.factor
        return found

    return factor


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    written = write_history(Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else RUNS)
    sys.stdout.write(f"{len(written)} generated captures in {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
