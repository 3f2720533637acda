"""FLOPs of matmuls and convolutions, from their shapes and ATTRIBUTES."""

from __future__ import annotations

import math

from perfsheet.analysis.ops.attributes import attribute, is_set, key_numbers, list_numbers, positive
from perfsheet.analysis.ops.shape import matmul_sizes
from perfsheet.analysis.ops.variants import Variant
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Work:
    """FLOPs or bytes of one op; `amount` is None when unknown, and then `reason` says why."""

    amount: float | None
    reason: str = ""


def unknown(reason: str) -> Work:
    """Work that a capture says too little about."""
    return Work(None, reason)


NO_FLOP_MODEL = unknown("no FLOP model of this op")


def matmul_flops(variant: Variant) -> Work:
    """2 · M · K · N for every matrix of the batch. Bias and activation are left out, as in tt-metal's own model."""
    sizes = matmul_sizes(variant)
    if isinstance(sizes, str):
        return unknown(sizes)
    elements = sizes.batch * sizes.m * sizes.n
    output_elements = variant.outputs[0].elements if variant.outputs else None
    if output_elements is not None and "attn" in variant.op_code.lower():
        elements = output_elements  # AttnMatmul keeps the batch in its rows
    return Work(2.0 * sizes.k * elements)


def conv_flops(variant: Variant) -> Work:
    """2 · output positions · (input channels / groups · window) · output channels.

    Window, groups and channels come from ATTRIBUTES; without them K is the height of the weights.
    """
    if not variant.outputs or variant.outputs[0].logical is None:
        return unknown("its output's shape is not readable")
    out_channels = positive(variant.attributes, "output_channels") or variant.outputs[0].logical[3]
    window = attribute(variant.attributes, "sliding_window_config")
    inner = _multiply_adds(variant, window)
    if inner is None:
        return unknown("neither its window nor its weights are readable")
    if "is_transpose=true" in window or is_set(variant.attributes, "is_transpose"):
        # Every input position is multiplied by the window once; the zeros between them need no work.
        size, batch = key_numbers(window, "input_hw"), key_numbers(window, "batch_size")
        if not size or not batch:
            return unknown("the input of this transposed convolution is not readable")
        return Work(2.0 * batch[0] * math.prod(size) * inner * out_channels)
    positions = math.prod(variant.outputs[0].logical[:3])
    return Work(2.0 * positions * out_channels * inner)


def _multiply_adds(variant: Variant, window: str) -> int | None:
    """Multiply-adds per output element; None when unknown."""
    kernel = key_numbers(window, "window_hw") or list_numbers(attribute(variant.attributes, "kernel_size"))
    shape = list_numbers(attribute(variant.attributes, "input_tensor_shape"))
    channels = shape[-1] if shape else _channels(variant)
    groups = positive(variant.attributes, "groups") or 1
    if kernel and channels:
        return math.prod(kernel) * channels // groups
    if len(variant.inputs) > 1 and variant.inputs[1].logical is not None and groups == 1:
        return variant.inputs[1].logical[2]
    return None


def _channels(variant: Variant) -> int:
    logical = variant.inputs[0].logical if variant.inputs else None
    return logical[3] if logical else 0
