"""FLOPs of attention: 2 · (query, key) pairs · (head size of K + head size of V) per head."""

from __future__ import annotations

import re

from perfsheet.analysis.ops.attributes import attribute, is_set, list_numbers, positive, whole_number
from perfsheet.analysis.ops.tensors import Extents
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light.flops import Work, unknown

POSITION_UNKNOWN = "the position in the KV cache is a tensor: how much of the cache is read is not in the capture"


def flops(variant: Variant) -> Work:
    """FLOPs of the scores and of the values, without the softmax. A causal mask halves a square of pairs."""
    if "decode" in variant.op_code.lower():  # one query per user against its cache: SdpaDecode, FlashMLADecode
        return _decode(variant)
    if re.search(r"(?i)sparse", variant.op_code):
        return unknown("sparse attention: which blocks are computed is not in the capture")
    shapes = [tensor.logical for tensor in variant.inputs[:6]]
    if len(shapes) < 2 or shapes[0] is None or shapes[1] is None:
        return unknown("the shapes of Q and K are not readable")
    query, key = shapes[0], shapes[1]
    if is_set(variant.attributes, "is_windowed") or attribute(variant.attributes, "sliding_window_size"):
        return unknown("windowed attention: how many keys each query meets is not in the capture")
    value = shapes[2] if len(shapes) > 2 else None
    heads = query[0] * query[1]
    if re.search(r"(?i)ring_?distributed", variant.op_code):
        # Every device gets the whole sequence as Q and writes its part of the output; always causal.
        part = variant.outputs[0].logical if variant.outputs else None
        pairs = part[2] * key[2] / 2 if part else None
    elif re.search(r"(?i)ring", variant.op_code):
        pairs = _ring_pairs(variant, shapes)
    else:
        pairs = _pairs(variant, shapes)
    if pairs is None:
        return unknown("how many keys each query meets is not in the capture")
    return Work(2.0 * heads * pairs * (query[3] + _value_size(variant, key, value)))


def _value_size(variant: Variant, key: Extents, value: Extents | None) -> int:
    """The head size of V; latent attention (MLA) states it, since V is a part of K."""
    return positive(variant.attributes, "head_dim_v") or (value[3] if value is not None else key[3])


def _pairs(variant: Variant, shapes: list[Extents | None]) -> float | None:
    """(Query, key) pairs of one head on one device."""
    query, key = shapes[0], shapes[1]
    if query is None or key is None:
        return None
    if attribute(variant.attributes, "chunk_start_idx", "chunk_start_idx_tensor") or "Chunk" in variant.op_code:
        start = whole_number(variant.attributes, "chunk_start_idx")
        return None if start is None else query[2] * (start + query[2] / 2)
    joint = shapes[3] if "Joint" in variant.op_code and len(shapes) > 3 else None
    length = query[2] + (joint[2] if joint else 0)
    if joint:
        return float(length * length)
    if not is_set(variant.attributes, "is_causal"):
        return float(query[2] * key[2])
    return query[2] * key[2] / 2 if query[2] == key[2] else None


def is_uneven_ring(variant: Variant) -> bool:
    """Whether it is causal ring attention without balancing: devices do unequal work, and `flops` is their mean."""
    return (
        re.search(r"(?i)ring.*(?:sdpa|attention)", variant.op_code) is not None
        and is_set(variant.attributes, "is_causal")
        and attribute(variant.attributes, "is_balanced") in ("false", "0")
    )


def _ring_pairs(variant: Variant, shapes: list[Extents | None]) -> float | None:
    """Pairs of one head on one device of the ring, which holds a part of Q and sees all of K.

    With a causal mask this is the mean over the ring, as in tt-metal. Balanced (zig-zag) parts all match it; without
    balancing the first devices do less and the last ones more, and a capture does not say which is which.
    """
    query = shapes[0]
    total = positive(variant.attributes, "logical_n")
    if query is None:
        return None
    if total is None:
        ring = positive(variant.attributes, "ring_size")
        if ring is None:
            return None
        total = query[2] * ring
    joint = shapes[3] if "Joint" in variant.op_code and len(shapes) > 3 else None
    extra = joint[2] if joint else 0
    if is_set(variant.attributes, "is_causal"):
        return query[2] * total / 2
    return float((query[2] + extra) * (total + extra))


def _decode(variant: Variant) -> Work:
    """FLOPs of a decode step: Q is [1, batch, heads, size]; `cur_pos` in ATTRIBUTES gives the keys of every user."""
    query, key = (variant.inputs[at].logical if len(variant.inputs) > at else None for at in (0, 1))
    if query is None or key is None:
        return unknown("the shapes of Q and K are not readable")
    keys = keys_of_decode(variant)
    if keys is None:
        return unknown(POSITION_UNKNOWN)
    value = variant.inputs[2].logical if len(variant.inputs) > 2 else None
    return Work(2.0 * query[2] * keys * (query[3] + _value_size(variant, key, value)))


def keys_of_decode(variant: Variant) -> int | None:
    """The number of keys that all users of a decode step read together; None if it is not in the capture."""
    query, key = variant.inputs[0].logical, variant.inputs[1].logical
    listed = re.findall(r"[\[{(]([^\[\]{}()]*)[\]})]", attribute(variant.attributes, "cur_pos"))
    positions = list_numbers(listed[-1]) if listed else ()
    window = positive(variant.attributes, "sliding_window_size")
    if query is None or key is None or (positions and len(positions) != query[1]):
        return None
    if positions:
        met = (position + 1 for position in positions if position >= 0)
        return sum(keys if window is None else min(keys, window) for keys in met)
    if window is not None or is_set(variant.attributes, "paged_attention"):
        return None
    # Without positions in ATTRIBUTES, a causal step has them in a tensor; a step without a mask reads all of the cache.
    causal = attribute(variant.attributes, "is_causal")
    return query[1] * key[2] if causal in ("false", "0") else None
