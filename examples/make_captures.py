"""Write the example captures again: ``python examples/make_captures.py [FOLDER]``.

The captures are generated, not measured. Their rows are what the profiler would write for the encoder of
``examples/encoder_block`` on one Wormhole n150, but every duration comes from a model, ``examples/generate/model.py``:
the longer of compute and data movement at an assumed efficiency, plus a fixed start cost, with a jitter of up to 2 %
from a fixed seed. Running it again gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in {None, ""}:  # run as a script: the folder above `examples` isn't on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.encoder_block.config import VARIANTS
from examples.generate.capture import capture_text

CAPTURES = Path(__file__).resolve().parent / "captures"


def capture_name(variant_name: str) -> str:
    return f"generated_encoder_block_{variant_name}.csv"


def write_captures(folder: Path = CAPTURES) -> list[Path]:
    """Write one capture per variant into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, variant in VARIANTS.items():
        path = folder / capture_name(name)
        path.write_bytes(capture_text(variant).encode())
        paths.append(path)
    return paths


def main(arguments: list[str]) -> int:
    for path in write_captures(Path(arguments[0]) if arguments else CAPTURES):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
