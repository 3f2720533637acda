"""Models that the lab plans on a mock board: of TTNN alone, without torch."""

from __future__ import annotations

import time

import ttnn


def _zeros(device, *shape, layout=ttnn.TILE_LAYOUT):
    return ttnn.zeros(shape, dtype=ttnn.bfloat16, layout=layout, device=device)


def cnn(device):
    """A convolution, its halo, an activation, a pool."""
    picture = _zeros(device, 1, 1, 32 * 32, 16, layout=ttnn.ROW_MAJOR_LAYOUT)
    kernel = ttnn.zeros((32, 16, 3, 3), dtype=ttnn.bfloat16, layout=ttnn.ROW_MAJOR_LAYOUT)
    picture, (height, width) = ttnn.conv2d(
        input_tensor=picture,
        weight_tensor=kernel,
        device=device,
        in_channels=16,
        out_channels=32,
        batch_size=1,
        input_height=32,
        input_width=32,
        kernel_size=(3, 3),
        stride=(1, 1),
        padding=(1, 1),
        return_output_dim=True,
    )
    return ttnn.max_pool2d(ttnn.relu(picture), 1, height, width, 32, [2, 2], [2, 2], [0, 0], [1, 1])


def attention(device):
    """Attention of 8 heads, and its projection."""
    query, key, value = (_zeros(device, 1, 8, 256, 64) for _ in range(3))
    scores = ttnn.transformer.scaled_dot_product_attention(query, key, value, is_causal=True)
    return ttnn.linear(ttnn.transformer.concatenate_heads(scores), _zeros(device, 512, 512), activation="gelu")


def gather(mesh):
    """An op on each device, and a collective."""
    shard = ttnn.gelu(_zeros(mesh, 1, 1, 64, 256))
    return ttnn.all_gather(shard, dim=3, cluster_axis=1, topology=ttnn.Topology.Linear)


def refused(device):
    """Shapes that do not fit."""
    return ttnn.linear(ttnn.gelu(_zeros(device, 1, 1, 384, 768)), _zeros(device, 512, 3072))


def refused_at_once(device):
    """Nothing comes before what does not fit."""
    return ttnn.linear(_zeros(device, 1, 1, 384, 768), _zeros(device, 512, 3072))


def few_cores(device):
    """12 rows of tiles: an interleaved LayerNorm uses a core for each."""
    return ttnn.layer_norm(_zeros(device, 1, 1, 384, 768))


def long(device):
    """300 ops."""
    stream, weights = _zeros(device, 1, 1, 256, 512), _zeros(device, 512, 512)
    for _ in range(100):
        stream = ttnn.gelu(ttnn.layer_norm(ttnn.linear(stream, weights)))
    return stream


def waits(device):
    """Never ends: it waits for a value, and values are zeros."""
    stream = ttnn.layer_norm(_zeros(device, 1, 1, 384, 768))
    while stream is not None:
        time.sleep(0.1)


def fails(device):
    """What a script of its own may say."""
    raise KeyError("encoder.layer.0.weight")


def signposts(device):
    """Two ops between signposts, one before them, and a trace that is replayed."""
    from tracy import signpost

    weights = _zeros(device, 512, 512)
    ttnn.relu(weights)
    signpost("start", "of the model")
    trace = ttnn.begin_trace_capture(device, cq_id=0)
    made = ttnn.softmax(ttnn.matmul(weights, weights), dim=-1)
    ttnn.end_trace_capture(device, trace, cq_id=0)
    for _ in range(3):
        ttnn.execute_trace(device, trace, cq_id=0, blocking=True)
    signpost("stop")
    ttnn.release_trace(device, trace)
    return made


def too_large(device):
    """128 MiB in an L1 of 85 MiB."""
    large = ttnn.zeros(
        (8192, 8192),
        dtype=ttnn.bfloat16,
        layout=ttnn.TILE_LAYOUT,
        device=device,
        memory_config=ttnn.L1_MEMORY_CONFIG,
    )
    return ttnn.relu(large)


def handled(device):
    """A refusal that the model expects."""
    square = _zeros(device, 64, 64)
    try:
        ttnn.matmul(square, _zeros(device, 96, 64))
    except RuntimeError:
        return ttnn.matmul(square, square)
    raise AssertionError("it was accepted")


def by_name(*, device):
    """A device by keyword alone."""
    return ttnn.relu(_zeros(device, 64, 64))
