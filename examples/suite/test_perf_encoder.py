"""Perf tests of the encoder block, as a suite runs them: first and second run, the reference, the accuracy.

Without a device the block runs in numpy, so that the times are those of this machine's CPU.
"""

from __future__ import annotations

import pytest

from examples.encoder_block.config import VARIANTS, BlockConfig
from examples.encoder_block.numerics import pcc
from examples.encoder_block.reference import encoder, make_input, make_weights, storage_of
from examples.encoder_block.test_encoder_block import device_available, run_on_device


@pytest.mark.parametrize("variant", ["before", "after"])
def test_perf_encoder(perfsheet_e2e, variant):
    config = BlockConfig()
    weights, x = make_weights(config), make_input(config)

    def model():
        if device_available():
            return run_on_device(x, weights, config, VARIANTS[variant])
        return encoder(x, weights, config, storage_of(VARIANTS[variant]))

    output = perfsheet_e2e.time(model, cpu=lambda: encoder(x, weights, config))
    perfsheet_e2e.pcc(pcc(output, encoder(x, weights, config)))
    perfsheet_e2e.write("encoder", batch_size=1, comments=variant)
