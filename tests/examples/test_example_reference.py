"""The reference is right, and the example's test fails on a block that is wrong."""

import math

import numpy as np
import pytest

from examples.encoder_block import reference
from examples.encoder_block import test_encoder_block as target
from examples.encoder_block.config import AFTER, BEFORE, BlockConfig
from examples.encoder_block.numerics import pcc
from examples.encoder_block.reference import EXACT, encoder, encoder_block, make_input, make_weights, storage_of

SMALL = BlockConfig(seq_len=64, hidden=96, heads=3, ff_hidden=192, layers=2)


def plain_block(x, w, config):
    """The same block from its definition, head by head and with no help from the module under test."""

    def norm(rows, gain, shift):
        return np.stack([(r - r.mean()) / math.sqrt(r.var() + config.epsilon) * gain + shift for r in rows])

    normed = norm(x, w.norm1_gain, w.norm1_shift)
    heads = []
    for head in range(config.heads):
        parts = []
        for part in range(3):
            first = part * config.hidden + head * config.head_dim
            columns = slice(first, first + config.head_dim)
            parts.append(normed @ w.qkv[:, columns] + w.qkv_bias[columns])
        query, key, value = parts
        weights = np.exp(query @ key.T / math.sqrt(config.head_dim))
        heads.append(weights / weights.sum(axis=1)[:, None] @ value)
    x = x + np.hstack(heads) @ w.out + w.out_bias
    hidden = norm(x, w.norm2_gain, w.norm2_shift) @ w.ff1 + w.ff1_bias
    erf = np.vectorize(math.erf)
    return x + (hidden / 2 * (1 + erf(hidden / math.sqrt(2)))) @ w.ff2 + w.ff2_bias


def test_block_agrees_with_its_definition():
    x, layer = make_input(SMALL), make_weights(SMALL)[0]
    # The only difference is GELU's tanh form.
    np.testing.assert_allclose(encoder_block(x, layer, SMALL), plain_block(x, layer, SMALL), atol=0.02)


@pytest.mark.parametrize("variant", [BEFORE, AFTER], ids=lambda v: v.name)
def test_stored_precision_is_lower_but_good_enough(variant):
    weights, x = make_weights(SMALL), make_input(SMALL)
    value = pcc(encoder(x, weights, SMALL), encoder(x, weights, SMALL, storage_of(variant)))
    assert 0.99 <= value < 1 - 1e-6


def test_block_floats_cost_precision():
    weights, x = make_weights(SMALL), make_input(SMALL)
    exact = encoder(x, weights, SMALL)
    before, after = (pcc(exact, encoder(x, weights, SMALL, storage_of(v))) for v in (BEFORE, AFTER))
    assert after < before


WRONG = {
    "no activation": ("gelu", lambda x: x),
    "uniform attention": ("softmax", lambda x: np.full_like(x, 1 / x.shape[-1])),
    "softmax over the queries": ("softmax", lambda x: np.exp(x) / np.exp(x).sum(axis=-2, keepdims=True)),
    "heads joined in the wrong order": (
        "concat_heads",
        lambda c, config: c[::-1].transpose(1, 0, 2).reshape(config.seq_len, config.hidden),
    ),
    "heads not transposed back": ("concat_heads", lambda c, config: c.reshape(config.seq_len, config.hidden)),
    "no layer norm": ("layer_norm", lambda x, gain, shift, epsilon: x),
}


@pytest.mark.parametrize("fault", WRONG)
def test_target_fails_on_a_wrong_block(fault, monkeypatch):
    """Break one op in the run under test only; the target must notice, whatever the variant."""
    name, broken = WRONG[fault]
    monkeypatch.setattr(target, "BlockConfig", lambda: SMALL)
    monkeypatch.setattr(target, "device_available", lambda: False)

    def encoder_with_fault(x, weights, config, storage=EXACT):
        if storage is EXACT:
            return encoder(x, weights, config)
        with monkeypatch.context() as patch:
            patch.setattr(reference, name, broken)
            return encoder(x, weights, config, storage)

    for variant in ("before", "after"):
        target.test_encoder_block(variant)  # sound so far
    monkeypatch.setattr(target, "encoder", encoder_with_fault)
    for variant in ("before", "after"):
        with pytest.raises(AssertionError):
            target.test_encoder_block(variant)
