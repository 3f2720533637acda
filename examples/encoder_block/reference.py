"""The encoder in numpy: exact, or with every op's result rounded to what a variant stores on the device.

What the rounded run models is storage. It accumulates in float32, as a matmul with a float32 accumulator would, and it
doesn't model what a lower math fidelity drops inside the multiplier: only a device shows that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from examples.encoder_block.config import BlockConfig, Variant
from examples.encoder_block.numerics import ROUNDINGS, FloatArray, Rounding, exact

SEED = 20240917


@dataclass(frozen=True)
class LayerWeights:
    """Weights of one block; matrices are stored ``[in, out]``, as ttnn.linear takes them."""

    norm1_gain: FloatArray
    norm1_shift: FloatArray
    qkv: FloatArray
    qkv_bias: FloatArray
    out: FloatArray
    out_bias: FloatArray
    norm2_gain: FloatArray
    norm2_shift: FloatArray
    ff1: FloatArray
    ff1_bias: FloatArray
    ff2: FloatArray
    ff2_bias: FloatArray


@dataclass(frozen=True)
class Storage:
    """How a run stores weights and activations, and the type that it computes in."""

    weights: Rounding
    activations: Rounding
    compute: type[np.floating]


EXACT = Storage(weights=exact, activations=exact, compute=np.float64)


def storage_of(variant: Variant) -> Storage:
    """Storage of a variant: bfloat16 activations, and its own format for the matrices."""
    return Storage(ROUNDINGS[variant.weight_dtype], ROUNDINGS["BFLOAT16"], np.float32)


def make_weights(config: BlockConfig, seed: int = SEED) -> list[LayerWeights]:
    """Random weights, scaled so that attention and feed-forward each weigh as much as the residual they join.

    With small weights the residual would carry nearly all of the signal, and a block with a broken attention would
    still correlate with the reference.
    """
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, gain: float) -> FloatArray:
        return rng.standard_normal((rows, columns)) * (gain / math.sqrt(rows))

    def vector(size: int, mean: float = 0.0) -> FloatArray:
        return mean + 0.1 * rng.standard_normal(size)

    hidden, ff_hidden = config.hidden, config.ff_hidden
    return [
        LayerWeights(
            norm1_gain=vector(hidden, mean=1.0),
            norm1_shift=vector(hidden),
            qkv=matrix(hidden, config.qkv_width, gain=1.6),
            qkv_bias=vector(config.qkv_width),
            out=matrix(hidden, hidden, gain=2.0),
            out_bias=vector(hidden),
            norm2_gain=vector(hidden, mean=1.0),
            norm2_shift=vector(hidden),
            ff1=matrix(hidden, ff_hidden, gain=1.5),
            ff1_bias=vector(ff_hidden),
            ff2=matrix(ff_hidden, hidden, gain=1.5),
            ff2_bias=vector(hidden),
        )
        for _ in range(config.layers)
    ]


def make_input(config: BlockConfig, seed: int = SEED + 1) -> FloatArray:
    """Token embeddings that enter the first block: ``[seq, hidden]``, unit variance."""
    return np.random.default_rng(seed).standard_normal((config.seq_len, config.hidden))


def layer_norm(x: FloatArray, gain: FloatArray, shift: FloatArray, epsilon: float) -> FloatArray:
    """Normalise each row to zero mean and unit variance, then scale and shift."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) * gain + shift


def gelu(x: FloatArray) -> FloatArray:
    """GELU by its tanh form, which needs nothing but numpy; it is within 0.001 of the exact one."""
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x: FloatArray) -> FloatArray:
    """Softmax over the last dimension, stable for large scores."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def split_heads(qkv: FloatArray, config: BlockConfig) -> FloatArray:
    """``[seq, 3 * hidden]`` to ``[3, heads, seq, head_dim]``: query, key and value."""
    heads: FloatArray = qkv.reshape(config.seq_len, 3, config.heads, config.head_dim).transpose(1, 2, 0, 3)
    return heads


def concat_heads(context: FloatArray, config: BlockConfig) -> FloatArray:
    """``[heads, seq, head_dim]`` to ``[seq, hidden]``."""
    joined: FloatArray = context.transpose(1, 0, 2).reshape(config.seq_len, config.hidden)
    return joined


def encoder_block(x: FloatArray, layer: LayerWeights, config: BlockConfig, storage: Storage = EXACT) -> FloatArray:
    """One pre-norm block, its ops in the order of the TT-NN code, each result stored as ``storage`` says."""
    keep = storage.activations

    def vector(values: FloatArray) -> FloatArray:
        return keep(values).astype(storage.compute)

    def linear(values: FloatArray, matrix: FloatArray, bias: FloatArray) -> FloatArray:
        return keep(values @ storage.weights(matrix).astype(storage.compute) + vector(bias))

    normed = keep(layer_norm(x, vector(layer.norm1_gain), vector(layer.norm1_shift), config.epsilon))
    query, key, value = split_heads(linear(normed, layer.qkv, layer.qkv_bias), config)
    scores = softmax(query @ key.transpose(0, 2, 1) * storage.compute(config.scale))
    context = concat_heads(keep(scores @ value), config)
    x = keep(x + linear(context, layer.out, layer.out_bias))

    normed = keep(layer_norm(x, vector(layer.norm2_gain), vector(layer.norm2_shift), config.epsilon))
    activated = keep(gelu(linear(normed, layer.ff1, layer.ff1_bias)))
    return keep(x + linear(activated, layer.ff2, layer.ff2_bias))


def encoder(x: FloatArray, weights: list[LayerWeights], config: BlockConfig, storage: Storage = EXACT) -> FloatArray:
    """The whole stack of blocks."""
    x = storage.activations(x).astype(storage.compute)
    for layer in weights:
        x = encoder_block(x, layer, config, storage)
    return x
