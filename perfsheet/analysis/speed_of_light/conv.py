"""FLOPs of convolutions: 2 · output positions · (input channels / groups · window) · output channels."""

from __future__ import annotations

import math

from perfsheet.analysis.ops.attributes import attribute, is_set, key_numbers, list_numbers, positive
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light.work import Work, unknown


def flops(variant: Variant) -> Work:
    """Window, groups and channels are those of ATTRIBUTES; a capture without them gives the weights' height as K."""
    if not variant.outputs or variant.outputs[0].logical is None:
        return unknown("its output's shape is not readable")
    out_channels = positive(variant.attributes, "output_channels") or variant.outputs[0].logical[3]
    window = attribute(variant.attributes, "sliding_window_config")
    inner = _inner(variant, window)
    if inner is None:
        return unknown("neither its window nor its weights are readable")
    if "is_transpose=true" in window or is_set(variant.attributes, "is_transpose"):
        # Every input position meets the window once; the zeros between them are no work that must be done.
        size, batch = key_numbers(window, "input_hw"), key_numbers(window, "batch_size")
        if not size or not batch:
            return unknown("the input of this transposed convolution is not readable")
        return Work(2.0 * batch[0] * math.prod(size) * inner * out_channels)
    positions = math.prod(variant.outputs[0].logical[:3])
    return Work(2.0 * positions * out_channels * inner)


def _inner(variant: Variant, window: str) -> int | None:
    """Multiply-adds behind one output element."""
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
