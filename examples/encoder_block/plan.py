"""What `perfsheet plan` plans of the example: the encoder's own TTNN code, without its reference.

perfsheet plan examples/encoder_block/plan.py:before
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

if __package__ in {None, ""}:  # run from its file: the folder above `examples` isn't on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.encoder_block.config import VARIANTS, BlockConfig
from examples.encoder_block.reference import make_input, make_weights


def before(device: Any) -> None:
    """The encoder as it was first written."""
    _encode(device, "before")


def after(device: Any) -> None:
    """The same once it was optimised."""
    _encode(device, "after")


def _encode(device: Any, variant: str) -> None:
    from examples.encoder_block.ttnn_block import Encoder

    config = BlockConfig()
    model = Encoder(device, make_weights(config), config, VARIANTS[variant])
    stream = model.embed(np.arange(config.seq_len), make_input(config))
    model(stream)
