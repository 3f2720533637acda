"""The share of the speed of light that a quarter of the ops of each kind reaches.

Written by scripts/measure_best_seen.py. `(share, ops, captures)`: distinct ops of 5 µs or more, in how many
captures. `BY_CATEGORY` is for kinds with fewer than 4 of them, where others of the category reach about as much.
"""

BY_KIND: dict[str, tuple[float, int, int]] = {
    "accumulation": (0.51, 10, 2),
    "binary": (0.362, 15, 3),
    "conv2d": (0.412, 46, 3),
    "copy": (0.0499, 4, 2),
    "embeddings": (0.0337, 4, 2),
    "interleavedtosharded": (0.515, 18, 3),
    "layernorm": (0.481, 6, 5),
    "matmul": (0.46, 58, 10),
    "move": (0.319, 4, 3),
    "paddedslice": (0.304, 16, 2),
    "permute": (0.16, 13, 3),
    "reduce": (0.546, 756, 1),
    "reshape": (0.0298, 15, 4),
    "shardedtointerleaved": (0.447, 6, 2),
    "shardedtointerleavedpartial": (0.447, 12, 1),
    "slice": (0.715, 8, 3),
    "slicewrite": (0.209, 14, 2),
    "tilize": (0.325, 12, 3),
    "tilizewithvalpadding": (0.102, 20, 6),
    "transpose": (0.48, 18, 6),
    "typecast": (0.406, 8, 3),
    "unary": (0.504, 62, 5),
    "untilize": (0.325, 9, 2),
    "untilizewithunpadding": (0.149, 15, 3),
}

BY_CATEGORY: dict[str, tuple[float, int, int]] = {
    "elementwise": (0.478, 77, 5),
    "reduction": (0.544, 770, 5),
    "reshard": (0.466, 38, 3),
}
