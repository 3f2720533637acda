"""The pytest target of the example: the TT-NN block against its numpy reference.

With ttnn, torch and a Tenstorrent device it runs the block on the device, twice, with signposts around the passes, as a
profiled run should: the first pass compiles, the second shows the model's time. On any other machine it runs the block
in numpy, every result rounded to what the variant stores, so that the target still computes and still can fail.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.encoder_block.config import VARIANTS, BlockConfig, Variant
from examples.encoder_block.numerics import FloatArray, pcc
from examples.encoder_block.reference import LayerWeights, encoder, make_input, make_weights, storage_of

MIN_PCC = 0.99
PASSES = ("pass 1: cold", "pass 2: warm")


def device_available() -> bool:
    """Say whether the TT-NN block can run here, without importing ttnn where no driver is loaded."""
    driver = Path("/dev/tenstorrent")
    packages = ("ttnn", "torch")
    return driver.exists() and all(importlib.util.find_spec(name) is not None for name in packages)


def signpost(header: str, message: str) -> None:
    """Mark the place in the capture; outside a profiled run tracy's message goes nowhere."""
    from tracy import signpost as tracy_signpost  # comes with ttnn

    tracy_signpost(header, message)


def run_on_device(x: FloatArray, weights: list[LayerWeights], config: BlockConfig, variant: Variant) -> FloatArray:
    """Run the TT-NN encoder on device 0."""
    import ttnn

    from examples.encoder_block.ttnn_block import Encoder

    device: Any = ttnn.open_device(device_id=0)
    try:
        model = Encoder(device, weights, config, variant)
        # The "vocabulary" is the input itself: token i looks up row i, so the reference needs no table.
        stream = model.embed(np.arange(config.seq_len), x)
        for name in PASSES:
            signpost("start", name)
            result = model(stream)
            ttnn.synchronize_device(device)
            signpost("stop", name)
        return model.download(result)
    finally:
        ttnn.close_device(device)


@pytest.mark.parametrize("variant_name", ["before", "after"])
def test_encoder_block(variant_name: str) -> None:
    config = BlockConfig()
    variant = VARIANTS[variant_name]
    weights = make_weights(config)
    x = make_input(config)

    if device_available():
        actual = run_on_device(x, weights, config, variant)
    else:
        actual = encoder(x, weights, config, storage_of(variant))

    assert pcc(encoder(x, weights, config), actual) >= MIN_PCC
